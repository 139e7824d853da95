"""Whose approval counts, whose does not and why, and who is missing."""

from dataclasses import replace

import pytest

from controller.approval.approvals import ApprovalCase, Discount, Missing, Requirement
from controller.approval.weighing import weigh
from controller.change.facts import Account, AccountKind, ReviewState
from controller.change.names import Login, RepoPath
from controller.desired_state.effect_change import EffectChange
from controller.errors import InputError
from controller.identity.principal import MfaSource, Principal, PrincipalKind
from tests.core.approval.making import (
    BOT,
    CASE,
    DANA,
    GOVERNANCE,
    MANAGER,
    MANAGERS,
    OTHER,
    POLICY,
    PROD,
    PRODUCTION,
    RITA,
    RON,
    SAM,
    Reviews,
    approved_by,
    case,
    principal,
    reviewed,
    with_members,
    with_people,
)


def test_an_owner_with_the_role_and_mfa_who_took_no_part_is_enough() -> None:
    found = weigh(case(approved_by(RITA)))

    assert found.is_complete
    assert [(counted.principal, counted.reasons) for counted in found.counted] == [(RITA, ("mc-prod-approval",))]
    assert (found.discounted, found.missing, found.objections) == ((), (), ())


def test_without_reviews_the_check_names_who_can_approve() -> None:
    found = weigh(case())

    assert not found.is_complete
    assert found.missing == (Missing(PRODUCTION, 1, (PROD,), (RITA, RON)),)


def test_nothing_required_is_complete() -> None:
    """The caller asked for nothing aloud; an approval then counts for nothing."""
    found = weigh(case(approved_by(RITA), requirements=()))

    assert found.is_complete
    assert (found.counted, found.discounted) == ((), ())


@pytest.mark.parametrize("fields", [{"requirements": (replace(PRODUCTION, minimum=0),)}, {"extra_approvals": -1}])
def test_a_requirement_of_nobody_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(InputError, match="at least one person"):
        weigh(case(**fields))


CANNOT_COUNT = [
    pytest.param(case(reviewed(None)), Discount.UNKNOWN_PERSON, "the directory does not know", id="deleted-account"),
    pytest.param(
        case(reviewed(None, account=Account(5, Login("x"), AccountKind.USER))),
        Discount.UNKNOWN_PERSON,
        "the directory does not know",
        id="stranger",
    ),
    pytest.param(case(reviewed(RITA, account=BOT)), Discount.MACHINE, "person's account", id="bot-account"),
    pytest.param(case(reviewed(RITA, account=None)), Discount.MACHINE, "person's account", id="no-account"),
    pytest.param(
        case(reviewed(principal(1, "rita", PrincipalKind.SERVICE))), Discount.MACHINE, "a service", id="service"
    ),
    pytest.param(
        case(reviewed(RITA), excluded={RITA.id: "commit author"}),
        Discount.TOOK_PART,
        "took part in this change as commit author",
        id="took-part",
    ),
    pytest.param(
        case(reviewed(principal(1, "rita", mfa=None))),
        Discount.NO_MFA,
        "is not known to use multi-factor",
        id="mfa-unknown",
    ),
    pytest.param(case(reviewed(principal(1, "rita", mfa=False))), Discount.NO_MFA, "does not use multi", id="no-mfa"),
    pytest.param(
        case(reviewed(replace(principal(1, "rita", mfa=False), mfa_source=MfaSource.REPORT))),
        Discount.NO_MFA,
        "does not use multi-factor authentication, as Entra ID's registration report says",
        id="no-mfa-by-report",
    ),
    pytest.param(case(reviewed(SAM)), Discount.NOT_AN_OWNER, "owns none of the changed paths", id="no-owner"),
    pytest.param(
        case(reviewed(RITA), roles={RITA.id: frozenset({"operator"})}),
        Discount.LACKS_ROLE,
        "does not hold release_manager",
        id="another-role",
    ),
    pytest.param(case(reviewed(RITA), roles={}), Discount.LACKS_ROLE, "release_manager", id="no-role"),
    pytest.param(
        case(reviewed(SAM), requirements=(GOVERNANCE,), roles={}),
        Discount.LACKS_ROLE,
        "hold any role",
        id="no-role-at-all",
    ),
    pytest.param(
        case(reviewed(RITA, effect=OTHER)),
        Discount.OTHER_EFFECT,
        "approved another effect: the change was pushed to after commit 1a2b3c4",
        id="other-effect",
    ),
    pytest.param(
        case(reviewed(RITA, effect=None)), Discount.EFFECT_UNKNOWN, "no longer be compared", id="effect-unknown"
    ),
    pytest.param(case(reviewed(RITA, hours_ago=24.01)), Discount.TOO_OLD, "older than 24 hours", id="too-old"),
    pytest.param(
        case(reviewed(RITA, hours_ago=-0.01)), Discount.TOO_LATE, "after 2026-11-20T12:00", id="after-the-merge"
    ),
]


@pytest.mark.parametrize(("weighed", "discount", "said"), CANNOT_COUNT)
def test_an_approval_that_does_not_count_says_why(weighed: ApprovalCase, discount: Discount, said: str) -> None:
    """ATTACKS 014, 017, 020 and 025: void approvals, participants, machines and approvals that aged."""
    found = weigh(weighed)

    assert not found.is_complete
    assert found.counted == ()
    assert [discounted.discount for discounted in found.discounted] == [discount]
    assert said in found.discounted[0].explanation


def test_a_review_of_a_commit_nobody_knows_is_of_an_unknown_effect() -> None:
    seen = approved_by(RITA)[0]
    since = (EffectChange(PROD, 9, "replicas was 2 when approved and is 4 now"),)
    voided = weigh(case((replace(seen, effect=OTHER, since=since),)))
    assert voided.discounted[0].since == since
    found = weigh(case((replace(seen, effect=OTHER, review=replace(seen.review, commit=None)),)))

    assert found.discounted[0].discount is Discount.EFFECT_UNKNOWN


def test_an_approval_as_old_as_allowed_counts() -> None:
    assert weigh(case(Reviews().add(RITA, hours_ago=24))).is_complete


def test_without_an_age_limit_an_approval_does_not_age() -> None:
    old = Reviews().add(SAM, hours_ago=24 * 365)

    assert weigh(case(old, requirements=(GOVERNANCE,))).is_complete


def test_one_approval_may_meet_several_requirements() -> None:
    both = (PRODUCTION, replace(GOVERNANCE, paths=(PROD,)))
    found = weigh(case(approved_by(RITA), requirements=both))

    assert found.is_complete
    assert found.counted[0].reasons == ("mc-prod-approval", "codeowners")


def test_an_approval_counts_where_it_can_and_says_nothing_of_the_rest() -> None:
    found = weigh(case(approved_by(RITA), requirements=(PRODUCTION, GOVERNANCE)))

    assert found.counted[0].reasons == ("mc-prod-approval",)
    assert found.discounted == ()
    assert found.missing == (Missing(GOVERNANCE, 1, (POLICY,), (SAM,)),)


def test_the_reason_told_is_of_the_requirement_it_came_nearest_to() -> None:
    found = weigh(case(Reviews().add(RITA, hours_ago=30), requirements=(GOVERNANCE, PRODUCTION)))

    assert found.discounted[0].discount is Discount.TOO_OLD


@pytest.mark.parametrize(
    ("states", "is_complete", "objects"),
    [
        pytest.param("A", True, False, id="approved"),
        pytest.param("AC", True, False, id="a-comment-decides-nothing"),
        pytest.param("AP", True, False, id="a-review-not-submitted-decides-nothing"),
        pytest.param("AX", False, True, id="changes-requested-since"),
        pytest.param("XA", True, False, id="approved-since"),
        pytest.param("AD", False, False, id="dismissed-since"),
        pytest.param("DA", True, False, id="approved-again-after-a-dismissal"),
        pytest.param("XD", False, False, id="objection-dismissed"),
        pytest.param("AXC", False, True, id="a-comment-lifts-no-objection"),
    ],
)
def test_the_latest_review_that_is_no_comment_decides(states: str, is_complete: bool, objects: bool) -> None:
    named = {
        "A": ReviewState.APPROVED,
        "C": ReviewState.COMMENTED,
        "P": ReviewState.PENDING,
        "X": ReviewState.CHANGES_REQUESTED,
        "D": ReviewState.DISMISSED,
    }
    reviews = Reviews()
    for state in states:
        reviews.add(RITA, named[state])
    found = weigh(case(reviews))

    assert found.is_complete is is_complete
    assert (RITA in found.objections) is objects


def test_order_of_submission_decides_and_never_a_date() -> None:
    """ATTACKS 015: whoever sets a date sets nothing."""
    reviews = Reviews().add(RITA, hours_ago=0).add(RITA, ReviewState.CHANGES_REQUESTED, hours_ago=10)

    assert not weigh(case(reviews)).is_complete


def test_two_accounts_of_one_person_are_one_person() -> None:
    """ATTACKS 019: a quorum is made of people."""
    second = Account(11, Login("rita-private"), AccountKind.USER)
    reviews = Reviews().add(RITA).add(RITA, account=second).add(RITA)
    found = weigh(case(reviews, requirements=(replace(PRODUCTION, minimum=2),)))

    assert len(found.counted) == 1
    assert found.missing == (Missing(replace(PRODUCTION, minimum=2), 1, (), (RON,)),)


def test_changes_requested_from_a_second_account_take_back_the_approval() -> None:
    second = Account(11, Login("rita-private"), AccountKind.USER)
    reviews = Reviews().add(RITA).add(RITA, ReviewState.CHANGES_REQUESTED, account=second)

    assert weigh(case(reviews)).objections == (RITA,)


def test_a_quorum_takes_distinct_people() -> None:
    two = (replace(PRODUCTION, minimum=2),)

    assert not weigh(case(approved_by(RITA, RITA), requirements=two)).is_complete
    assert weigh(case(approved_by(RITA, RON), requirements=two)).is_complete


def test_an_unknown_pusher_costs_one_more() -> None:
    assert weigh(case(approved_by(RITA), extra_approvals=1)).missing == (Missing(PRODUCTION, 1, (), (RON,)),)
    assert weigh(case(approved_by(RITA, RON), extra_approvals=1)).is_complete


def test_each_path_needs_one_of_its_own_owners() -> None:
    both = replace(PRODUCTION, paths=(PROD, POLICY), roles=frozenset())
    found = weigh(case(approved_by(RITA, RON), requirements=(both,)))

    assert found.missing == (Missing(both, 1, (POLICY,), (SAM,)),)
    assert weigh(case(approved_by(RITA, SAM), requirements=(both,))).is_complete


def test_an_owner_without_the_role_covers_no_path() -> None:
    both = replace(PRODUCTION, paths=(PROD, POLICY))
    found = weigh(case(approved_by(RITA, SAM), requirements=(both,)))

    assert [gap.uncovered for gap in found.missing] == [(POLICY,)]
    assert found.missing[0].candidates == ()


@pytest.mark.parametrize(
    ("fields"),
    [
        {"owners": {PROD: ()}},
        {"owners": {}},
        {"members": {}},
        {"requirements": (replace(PRODUCTION, paths=()),)},
        {"requirements": (replace(PRODUCTION, minimum=3, paths=(PROD, RepoPath("unowned"))),)},
    ],
)
def test_what_nobody_owns_nobody_can_approve(fields: dict[str, object]) -> None:
    """ATTACKS 022: an unowned path is no free path."""
    found = weigh(case(approved_by(RITA, RON), **fields))

    assert not found.is_complete
    assert found.missing[0].candidates == ()


def test_what_is_wrong_with_the_owners_is_told_once_and_only_where_one_is_missing() -> None:
    """ATTACKS 022."""
    doubts = {PROD: ("@x may not write", "line 3"), POLICY: ("@x may not write", "line 9")}
    both = replace(PRODUCTION, paths=(PROD, POLICY))

    assert weigh(case(requirements=(both,), doubts=doubts)).missing[0].doubts == (
        "@x may not write",
        "line 3",
        "line 9",
    )
    assert weigh(case(requirements=(PRODUCTION,), doubts=doubts)).missing[0].doubts == ("@x may not write", "line 3")
    assert weigh(case(approved_by(RITA), requirements=(PRODUCTION,), doubts=doubts)).missing == ()


def test_only_who_could_approve_is_named() -> None:
    bot = principal(20, "bot", PrincipalKind.BOT)
    no_mfa, no_role, part = principal(21, "nomfa", mfa=None), principal(22, "norole"), principal(23, "part")
    everyone = (RITA, RON, bot, no_mfa, no_role, part)
    roles = {person.id: MANAGER for person in everyone if person is not no_role}
    found = weigh(
        case(
            people=with_people(*everyone),
            members=with_members(MANAGERS, *everyone),
            roles=roles,
            excluded={part.id: "committer"},
        )
    )

    assert found.missing[0].candidates == (RITA, RON)


def test_while_two_are_missing_owners_of_any_path_are_named() -> None:
    both = Requirement("r", frozenset(), 2, None, (PROD, POLICY))

    assert weigh(case(requirements=(both,))).missing == (Missing(both, 2, (PROD, POLICY), (RITA, RON, SAM)),)


def test_who_approved_something_else_is_asked_again() -> None:
    assert weigh(case(Reviews().add(RITA, effect=OTHER))).missing[0].candidates == (RITA, RON)


@pytest.mark.parametrize(
    ("objector", "fields", "blocks"),
    [
        pytest.param(RITA, {}, True, id="owner"),
        pytest.param(RITA, {"roles": {RON.id: MANAGER}}, True, id="owner-without-role"),
        pytest.param(principal(1, "rita", mfa=None), {}, True, id="owner-without-mfa"),
        pytest.param(SAM, {"roles": {**CASE.roles, SAM.id: MANAGER}}, True, id="role-without-ownership"),
        pytest.param(SAM, {}, False, id="neither-owner-nor-role"),
        pytest.param(SAM, {"requirements": (replace(GOVERNANCE, paths=(PROD,)),)}, False, id="any-role-is-no-say"),
        pytest.param(principal(1, "rita", PrincipalKind.BOT), {}, False, id="machine"),
        pytest.param(None, {}, False, id="stranger"),
    ],
)
def test_who_has_a_say_can_object(objector: Principal | None, fields: dict[str, object], blocks: bool) -> None:
    reviews = Reviews().add(RON).add(objector, ReviewState.CHANGES_REQUESTED)
    found = weigh(case(reviews, **fields))

    assert bool(found.objections) is blocks


def test_an_objection_holds_a_change_that_has_its_approvals() -> None:
    found = weigh(case(Reviews().add(RITA).add(RON, ReviewState.CHANGES_REQUESTED)))

    assert (found.missing, found.objections) == ((), (RON,))
    assert not found.is_complete


def test_the_author_of_the_case_is_never_asked() -> None:
    assert (
        DANA
        not in weigh(case(members=with_members(MANAGERS, DANA, RITA), roles={DANA.id: MANAGER})).missing[0].candidates
    )
