"""Who took part in a change and cannot approve it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.facts import AccountKind, Change, Review, ReviewState
from controller.identity.participants import (
    accounts_to_resolve,
    addresses_to_resolve,
    merges_of_base,
    participants,
)
from controller.identity.principal import People, Principal, PrincipalId, PrincipalKind
from tests.core.identity.making import NOW, a_change, a_commit, account, sha

WEB_FLOW = account(19864447, "web-flow")
BY_WEB_FLOW = {"committer": WEB_FLOW, "committer_email": "noreply@github.com", "is_verified": True}


def principal(number: int, kind: PrincipalKind = PrincipalKind.PERSON) -> Principal:
    return Principal(PrincipalId(f"github:{number}"), kind, f"login-{number}", frozenset(), True)


DANA, BOB, CARL, BOT = principal(1001), principal(1002), principal(1003), principal(77, PrincipalKind.BOT)
PEOPLE = People(
    {1001: DANA, 1002: BOB, 1003: CARL, 2002: BOB, 77: BOT},
    {"dana@example.com": DANA, "bob@example.com": BOB, "carl@example.com": CARL},
)


def excluded(change: Change, requester: PrincipalId | None = None) -> Mapping[PrincipalId, str]:
    return participants(change, PEOPLE, requester).excluded


def test_the_author_of_a_change_is_known_and_excluded() -> None:
    found = participants(a_change(a_commit()), PEOPLE, None)

    assert found.author == DANA.id
    assert found.requester is None
    assert found.excluded == {DANA.id: "author"}
    assert found.unattributable == ()
    assert found.pusher_is_known


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"author": account(1002), "author_email": "x@y.z"}, "commit author"),
        ({"author_email": "bob@example.com"}, "commit author"),
        ({"author_email": "BOB@Example.com"}, "commit author"),
        ({"author_email": "1002+bob@users.noreply.github.com"}, "commit author"),
        ({"author_email": "1002+Old-Login@users.noreply.github.com"}, "commit author"),
        ({"committer": account(1002), "committer_email": "x@y.z"}, "committer"),
        ({"committer_email": "bob@example.com"}, "committer"),
        ({"co_author_emails": ("bob@example.com",)}, "co-author"),
        ({"co_author_emails": ("1002+bob@users.noreply.github.com",)}, "co-author"),
        ({"author": account(2002), "author_email": "x@y.z"}, "commit author"),
    ],
)
def test_whoever_a_commit_names_took_part(fields: dict[str, object], part: str) -> None:
    """ATTACKS 017 and 019: author only, committer only, co-author only, a second account."""
    assert excluded(a_change(a_commit(**fields))) == {DANA.id: "author", BOB.id: part}


def test_a_reviewer_who_pushes_took_part() -> None:
    """ATTACKS 017: somebody who pushes to a colleague's branch cannot approve it."""
    change = a_change(a_commit(), author=account(1001), pusher=account(1002))

    assert excluded(change) == {DANA.id: "author", BOB.id: "pusher"}


def test_whoever_pushed_before_somebody_else_pushed_on_top_took_part() -> None:
    """ATTACKS 017: the commits name dana, who also pushed last; bob pushed the one that matters."""
    change = a_change(a_commit("1"), a_commit("2"), earlier_pushers=(account(1002),))

    assert excluded(change) == {DANA.id: "author", BOB.id: "pusher"}
    assert account(1002) in accounts_to_resolve(change)


def test_a_spoofed_address_excludes_the_account_and_the_address() -> None:
    """ATTACKS 017: where account and address disagree, both took part."""
    change = a_change(a_commit(author=account(1002), author_email="carl@example.com"))

    assert excluded(change) == {DANA.id: "author", BOB.id: "commit author", CARL.id: "commit author"}


def test_the_person_a_bot_asked_for_took_part() -> None:
    bot = account(77, "dvo[bot]", AccountKind.BOT)
    change = a_change(a_commit(author=bot, author_email="x@y.z", committer=bot, committer_email=""), author=bot)
    found = participants(change, PEOPLE, BOB.id)

    assert (found.author, found.requester) == (BOT.id, BOB.id)
    assert found.excluded == {BOT.id: "author", BOB.id: "requester"}


def test_a_bots_change_with_a_human_commit_has_both() -> None:
    """ATTACKS 003: a person cannot hide behind a bot's pull request."""
    bot = account(77, "dependabot[bot]", AccountKind.BOT)
    change = a_change(a_commit(author_email="bob@example.com"), author=bot)

    assert excluded(change) == {BOT.id: "author", BOB.id: "commit author", DANA.id: "committer"}


def test_a_person_named_like_a_bot_is_who_their_id_says() -> None:
    """ATTACKS 003: nobody is trusted for a name."""
    assert participants(a_change(a_commit(), author=account(555, "dependabot")), PEOPLE, None).author is None


def test_a_new_account_under_a_known_login_is_a_stranger() -> None:
    """ATTACKS 024: the id is the identity; an old login can be claimed by anyone."""
    stranger, renamed = account(9999, "login-1001"), account(1001, "another-name")

    assert participants(a_change(a_commit(), author=stranger), PEOPLE, None).author is None
    assert participants(a_change(a_commit(), author=renamed), PEOPLE, None).author == DANA.id


@pytest.mark.parametrize(
    "fields",
    [
        {"author_email": "nobody@example.com"},
        {"committer_email": "nobody@example.com"},
        {"co_author_emails": ("dana@example.com", "nobody@example.com")},
        {"author": account(555), "author_email": "nobody@example.com"},
        {"author_email": "bob@users.noreply.github.com"},
        {"author_email": "0+bob@users.noreply.github.com"},
        {"author_email": "1002+bob@users.noreply.github.com.evil.example"},
        {"author_email": "x1002+bob@users.noreply.github.com"},
        {"author_email": "\u0661002+bob@users.noreply.github.com"},
        {"author_email": "noreply@github.com"},
        {**BY_WEB_FLOW, "is_verified": False},
        {**BY_WEB_FLOW, "committer_email": "web-flow@example.com"},
        {**BY_WEB_FLOW, "committer": account(9999, "web-flow")},
        {**BY_WEB_FLOW, "committer": None},
    ],
)
def test_a_commit_that_names_a_stranger_cannot_be_attributed(fields: dict[str, object]) -> None:
    """ATTACKS 053: only the forms that identify are believed."""
    change = a_change(a_commit("1"), a_commit("2", **fields))

    assert participants(change, PEOPLE, None).unattributable == (sha("2"),)


def test_githubs_own_committer_attributes_nobody() -> None:
    found = participants(a_change(a_commit(author_email="bob@example.com", **BY_WEB_FLOW)), PEOPLE, None)

    assert found.excluded == {DANA.id: "author", BOB.id: "commit author"}
    assert found.unattributable == ()


def test_the_update_branch_button_attributes_nobody() -> None:
    first = a_commit("1")
    update = a_commit("2", parents=(sha("1"), sha("a")), author_email="bob@example.com", **BY_WEB_FLOW)
    [merge] = merges_of_base((first, update))
    assert (merge.commit, merge.base, merge.own) == (update, sha("a"), sha("1"))
    found = participants(a_change(first, update, clean_merges=frozenset({update.sha})), PEOPLE, None)

    assert found.excluded == {DANA.id: "author"}
    assert found.unattributable == ()


def test_a_conflict_resolved_on_githubs_page_attributes_who_resolved_it() -> None:
    """ATTACKS 017: it looks like the update-branch button, and holds what somebody typed."""
    first = a_commit("1")
    resolved = a_commit("2", parents=(sha("1"), sha("a")), author_email="bob@example.com", **BY_WEB_FLOW)

    assert excluded(a_change(first, resolved)) == {DANA.id: "author", BOB.id: "commit author"}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"parents": (sha("1"), sha("a")), "is_verified": False}, id="not-verified"),
        pytest.param({"parents": (sha("1"), sha("a")), "committer": account(1002)}, id="made-by-hand"),
        pytest.param({"parents": (sha("1"), sha("3"))}, id="both-parents-of-this-change"),
        pytest.param({"parents": (sha("1"), sha("a"), sha("b"))}, id="three-parents"),
        pytest.param({"parents": (sha("1"),)}, id="one-parent"),
        pytest.param({"parents": (sha("a"), sha("b"))}, id="no-parent-of-this-change"),
    ],
)
def test_any_other_merge_is_no_merge_of_the_base_and_attributes_its_author(fields: dict[str, object]) -> None:
    merge = a_commit("2", author_email="bob@example.com", **{**BY_WEB_FLOW, **fields})
    commits = (a_commit("1"), a_commit("3"), merge)

    assert merges_of_base(commits) == ()
    assert excluded(a_change(*commits))[BOB.id] == "commit author"


def test_a_merge_of_main_that_names_co_authors_attributes_them() -> None:
    fields = {**BY_WEB_FLOW, "parents": (sha("1"), sha("a")), "co_author_emails": ("bob@example.com",)}
    change = a_change(a_commit("1"), a_commit("2", **fields), clean_merges=frozenset({sha("2")}))

    assert excluded(change) == {DANA.id: "author", BOB.id: "co-author"}


def test_a_pusher_nobody_knows_is_said_to_be_unknown() -> None:
    change = a_change(a_commit())

    for head_pushers in [(), (None,), (account(555),), (account(1002), None), (account(555), account(1002))]:
        assert not participants(replace(change, head_pushers=head_pushers), PEOPLE, None).pusher_is_known
    for earlier_pushers in [(None,), (account(1002), account(555))]:
        assert not participants(replace(change, earlier_pushers=earlier_pushers), PEOPLE, None).pusher_is_known


def test_whoever_pushed_the_same_head_before_somebody_else_did_took_part() -> None:
    """ATTACKS 017: the commit names dana, who pushed it once more; bob pushed it first."""
    change = replace(a_change(a_commit()), head_pushers=(account(1002), account(1001)))

    assert excluded(change) == {DANA.id: "author", BOB.id: "pusher"}
    assert participants(change, PEOPLE, None).pusher_is_known
    assert account(1002) in accounts_to_resolve(change)


def test_nobody_known_means_nobody_attributed() -> None:
    found = participants(a_change(a_commit()), People({}, {}), None)

    assert (found.author, found.excluded, found.pusher_is_known) == (None, {}, False)
    assert found.unattributable == (sha("1"),)


def test_every_account_and_address_of_a_change_is_asked_about() -> None:
    reviews = (
        Review(1, account(1005), ReviewState.APPROVED, None, NOW),
        Review(2, None, ReviewState.APPROVED, None, NOW),
    )
    change = a_change(
        a_commit(
            author=account(1002),
            author_email="Bob@Example.com",
            co_author_emails=("77+Dependabot[bot]@users.noreply.github.com", "carl@example.com"),
            **BY_WEB_FLOW,
        ),
        author=account(1001),
        pusher=account(1003),
        merged_by=account(1004),
        reviews=reviews,
    )

    assert accounts_to_resolve(change) == {
        account(1001),
        account(1002),
        account(1003),
        account(1004),
        account(1005),
        account(77, "dependabot[bot]", AccountKind.BOT),
    }
    assert addresses_to_resolve(change) == {"bob@example.com", "carl@example.com"}


def test_an_account_github_names_is_preferred_to_one_an_address_names() -> None:
    change = a_change(a_commit(author_email="1001+old@users.noreply.github.com"), author=account(1001, "new"))

    assert accounts_to_resolve(change) == {account(1001, "new")}


@given(st.permutations(range(4)))
def test_the_order_of_commits_changes_nobodys_exclusion(order: list[int]) -> None:
    named = ["dana@example.com", "bob@example.com", "carl@example.com", "nobody@example.com"]
    commits = [a_commit(str(i), author_email=named[i]) for i in order]
    found = participants(a_change(*commits), PEOPLE, None)

    assert set(found.excluded) == {DANA.id, BOB.id, CARL.id}
    assert found.unattributable == (sha("3"),)
