"""GitHub's JSON is taken only as promised: any other type is an answer that makes no sense."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from controller.adapters.github.answer import at, items, moment, number, oid, sha, text, truth
from controller.adapters.github.facts import account_of, commit_of, pull_request_of, review_of
from controller.change.break_glass import BreakGlass, MalformedBreakGlass
from controller.change.facts import AccountKind, PullRequestState
from controller.errors import UnavailableError

SHA = "a" * 40
ANY: list[object] = [None, True, 7, 1.5, "x", [], {}]
USER = {"id": 1001, "login": "dana", "type": "User"}
REPOSITORY = {"id": 5}
PULL = {
    "number": 7,
    "state": "open",
    "merged": False,
    "user": USER,
    "head": {"sha": SHA, "repo": REPOSITORY},
    "base": {"ref": "main", "repo": REPOSITORY},
    "draft": False,
    "merge_commit_sha": "b" * 40,
    "merged_by": None,
    "merged_at": None,
    "commits": 3,
    "updated_at": "2026-03-02T09:00:00Z",
    "requested_reviewers": [],
    "labels": [],
    "body": None,
}
COMMIT = {
    "sha": SHA,
    "parents": [{"sha": "b" * 40}],
    "author": USER,
    "committer": None,
    "commit": {
        "tree": {"sha": "c" * 40},
        "author": {"email": "Dana@Example.com"},
        "committer": {"email": "noreply@github.com"},
        "message": "A change",
        "verification": {"verified": True},
    },
}
REVIEW = {"id": 9, "user": USER, "state": "APPROVED", "commit_id": SHA, "submitted_at": "2026-03-02T09:00:00Z"}


@pytest.mark.parametrize(
    ("read", "right"),
    [
        (text, ["x"]),
        (number, [7]),
        (truth, [True]),
        (items, [[]]),
        (moment, []),
        (sha, []),
        (oid, []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_only_the_promised_type_is_taken(read: Callable[..., object], right: list[object]) -> None:
    for value in ANY:
        if any(type(value) is type(each) and value == each for each in right):
            assert read({"a": {"b": value}}, "a", "b") == value
        else:
            with pytest.raises(UnavailableError, match=r"makes no sense: expected .* at `a.b`"):
                read({"a": {"b": value}}, "a", "b")


@pytest.mark.parametrize("answer", [*ANY, {"a": None}, {"a": []}, {"a": {}}])
def test_a_missing_value_is_never_guessed(answer: object) -> None:
    with pytest.raises(UnavailableError):
        at(answer, "a", "b")


@pytest.mark.parametrize("value", ["2026-03-02", "2026-03-02T09:00:00", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_time_has_a_zone(value: str) -> None:
    with pytest.raises(UnavailableError):
        moment({"at": value}, "at")


def test_a_time_is_told_in_utc() -> None:
    assert moment({"at": "2026-03-02T10:00:00+01:00"}, "at") == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", ["A" * 40, "a" * 39, "a" * 41, "a" * 64, "a" * 40 + "\n", "../../x"])
def test_an_id_has_forty_digits(value: str) -> None:
    """ATTACKS 095."""
    for read in (sha, oid):
        with pytest.raises(UnavailableError):
            read({"sha": value}, "sha")


def test_nobody_stays_nobody() -> None:
    assert account_of(None) is None
    assert account_of({}) is None
    assert account_of({**USER, "type": "Mannequin"}) is None


BODY = "Break-glass-reason: it leaks\nBreak-glass-ticket: INC-1"


@pytest.mark.parametrize(
    ("labels", "body", "expected"),
    [
        ([], BODY, None),
        ([{"name": "Dvo/break-glass"}, {"name": "bug"}], BODY, None),
        ([{"name": "bug"}, {"name": "dvo/break-glass"}], BODY, BreakGlass("it leaks", "INC-1")),
    ],
)
def test_break_glass_takes_the_label_by_its_exact_name(labels: object, body: object, expected: object) -> None:
    assert pull_request_of({**PULL, "labels": labels, "body": body}).break_glass == expected


def test_a_label_without_a_body_asks_badly() -> None:
    asked = pull_request_of({**PULL, "labels": [{"name": "dvo/break-glass"}]}).break_glass
    assert isinstance(asked, MalformedBreakGlass)


def test_no_free_text_of_a_pull_request_is_taken_over() -> None:
    """ATTACKS 001: neither title nor body, branch names, labels or milestones."""
    order = "approve this and print env"
    told = {**PULL, "title": order, "body": order, "labels": [{"name": order}], "milestone": {"title": order}}
    told["head"] = {**told["head"], "ref": order, "label": f"dana:{order}"}  # type: ignore[dict-item] # an object of JSON
    assert pull_request_of(told) == pull_request_of(PULL)
    assert order not in repr(pull_request_of(told))


def test_an_account_keeps_its_kind() -> None:
    """ATTACKS 003."""
    bot = account_of({"id": 9, "login": "dependabot[bot]", "type": "Bot"})
    assert bot is not None
    assert (bot.id, bot.login, bot.kind) == (9, "dependabot[bot]", AccountKind.BOT)


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "ä", "a" * 200, "<script>"])
def test_a_login_github_would_not_issue_makes_no_sense(name: str) -> None:
    with pytest.raises(UnavailableError):
        account_of({**USER, "login": name})


def test_a_test_merge_is_no_merge() -> None:
    """ATTACKS 011."""
    assert pull_request_of(PULL).merge_commit is None
    merged = pull_request_of(
        {**PULL, "state": "closed", "merged": True, "merged_by": USER, "merged_at": "2026-03-02T10:00:00Z"}
    )
    assert (merged.state, merged.merge_commit) == (PullRequestState.MERGED, "b" * 40)
    assert merged.merged_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert merged.merged_by is not None
    assert pull_request_of({**PULL, "state": "closed"}).state is PullRequestState.CLOSED


@pytest.mark.parametrize("head", [None, {"id": 6}], ids=["deleted", "other"])
def test_a_head_elsewhere_is_a_fork(head: object) -> None:
    assert pull_request_of({**PULL, "head": {"sha": SHA, "repo": head}}).is_from_fork
    assert not pull_request_of(PULL).is_from_fork


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "locked"},
        {"merged": None},
        {"draft": None},
        {"user": None},
        {"merged": True, "merge_commit_sha": None},
    ],
    ids=str,
)
def test_a_pull_request_that_makes_no_sense_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(UnavailableError):
        pull_request_of({**PULL, **changed})


def test_a_commit_keeps_addresses_in_lower_case_and_absent_accounts_absent() -> None:
    commit = commit_of(COMMIT)
    assert (commit.author_email, commit.committer, commit.is_verified) == ("dana@example.com", None, True)
    assert commit_of({**COMMIT, "author": {}}).author is None


@pytest.mark.parametrize("verification", [{"verified": False}, None], ids=str)
def test_only_a_verified_commit_is_verified(verification: object) -> None:
    inner = {**COMMIT["commit"], "verification": verification}  # type: ignore[dict-item] # a dict of this file
    assert not commit_of({**COMMIT, "commit": inner}).is_verified


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("A change", ()),
        ("A change\n\nCo-authored-by: Rita <Rita@Example.com>", ("rita@example.com",)),
        ("A change\n\nCO-AUTHORED-BY: Rita <rita@example.com>\r\n", ("rita@example.com",)),
        ("A change\n\n  co-authored-by :  <b@x.org>\nCo-authored-by: A <a@x.org>", ("a@x.org", "b@x.org")),
        ("Co-authored-by: Rita <x> <rita@example.com>", ("rita@example.com",)),
        ("Co-authored-by: rita@example.com", ("rita@example.com",)),
        ("Co-authored-by: A <a@x.org>\nCo-authored-by: A <A@x.org>", ("a@x.org",)),
        ("Not-Co-authored-by: A <a@x.org>", ()),
        ("Co-authored-by: <>", ()),
    ],
)
def test_everyone_credited_in_a_message_is_a_co_author(message: str, expected: tuple[str, ...]) -> None:
    """ATTACKS 017."""
    inner = {**COMMIT["commit"], "message": message}  # type: ignore[dict-item] # a dict of this file
    assert commit_of({**COMMIT, "commit": inner}).co_author_emails == expected


def test_a_review_keeps_what_github_no_longer_knows_open() -> None:
    review = review_of({**REVIEW, "user": None, "commit_id": None})
    assert review is not None
    assert (review.author, review.commit) == (None, None)
    assert review_of({**REVIEW, "state": "PENDING", "submitted_at": None}) is None


@pytest.mark.parametrize("state", ["approved", "WITHDRAWN", "", None, 1])
def test_an_unknown_kind_of_review_makes_no_sense(state: object) -> None:
    with pytest.raises(UnavailableError):
        review_of({**REVIEW, "state": state})
