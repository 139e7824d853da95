"""The verdict: what stands against a change, what it waits for, and that doubt never admits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.approval.approvals import Approvals
from controller.approval.request import NOT_FOLLOWED, Telling, Told
from controller.change.names import CommitSha, Digest, RepoPath
from controller.decision.deciding import Case, decide
from controller.decision.verdict import Admitted, Cause, Refused, Unanswered, Waiting
from controller.desired_state.effect import FileEffect
from controller.desired_state.problem import Problem
from controller.policy.answer import Action
from tests.core.decision.builders import (
    CASE,
    COMMIT,
    GIVEN,
    KNOWN,
    LACKING,
    NOW,
    OBJECTED,
    PATH,
    SILENT,
    UPGRADE,
    answer,
    finding,
    proposal,
)

MONDAY = NOW + timedelta(days=6)
CONTENT = FileEffect(RepoPath("agents/anl/agent.yaml"), None, Digest("sha256:" + "a" * 64))
FAULT = Problem(PATH, 6, 10, "expected a semantic version, got 'x'", "Write a semantic version.")

REFUSALS: list[tuple[str, Case, Cause]] = [
    ("a draft", replace(CASE, is_draft=True), Cause.DRAFT),
    ("a fault in a file", replace(CASE, proposal=replace(UPGRADE, problems=(FAULT,))), Cause.FAULT),
    ("a file changed on both sides", replace(CASE, conflicts=(PATH,)), Cause.CONFLICT),
    ("an unknown author", replace(CASE, participants=replace(KNOWN, author=None)), Cause.UNKNOWN_AUTHOR),
    (
        "a commit of nobody",
        replace(CASE, participants=replace(KNOWN, unattributable=(CommitSha("b" * 40),))),
        Cause.UNATTRIBUTABLE,
    ),
    ("a denial", replace(CASE, answer=answer(finding(Action.DENY))), Cause.POLICY_FINDING),
    ("a hold that is past", replace(CASE, answer=answer(finding(Action.DENY, until=NOW))), Cause.HOLD_IN_THE_PAST),
    ("a silent engine", replace(CASE, answer=SILENT), Cause.POLICY_UNAVAILABLE),
    (
        "a broken policy",
        replace(CASE, answer=Unanswered(Cause.POLICY_BROKEN, "undefined")),
        Cause.POLICY_BROKEN,
    ),
    (
        "a silent directory",
        replace(CASE, participants=None, answer=Unanswered(Cause.DIRECTORY_UNAVAILABLE, "gone")),
        Cause.DIRECTORY_UNAVAILABLE,
    ),
]


@pytest.mark.parametrize(("case", "cause"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_each_ground_refuses_by_itself_even_with_every_approval(case: Case, cause: Cause) -> None:
    """ATTACKS 044, 074, 086, 098."""
    judgement = decide(replace(case, approvals=GIVEN))
    assert isinstance(judgement.verdict, Refused)
    assert [reason.cause for reason in judgement.verdict.reasons] == [cause]
    assert all(reason.message and reason.remedy for reason in judgement.verdict.reasons)
    assert judgement.outcome == "refused"


def test_every_ground_is_told_at_once_in_the_order_it_can_be_mended() -> None:
    judgement = decide(
        replace(
            CASE,
            is_draft=True,
            conflicts=(PATH,),
            proposal=replace(UPGRADE, problems=(FAULT,)),
            answer=answer(finding(Action.DENY), finding(Action.DENY)),
        )
    )
    assert isinstance(judgement.verdict, Refused)
    causes = [reason.cause for reason in judgement.verdict.reasons]
    assert causes == [Cause.DRAFT, Cause.FAULT, Cause.CONFLICT, Cause.POLICY_FINDING, Cause.POLICY_FINDING]


def test_agent_content_may_change_together_with_what_runs() -> None:
    assert decide(replace(CASE, proposal=proposal(*UPGRADE.differences, files=(CONTENT,)))).outcome == "admitted"


@pytest.mark.parametrize("approvals", [LACKING, OBJECTED], ids=["missing", "objected to"])
def test_a_change_without_its_approvals_waits(approvals: Approvals) -> None:
    judgement = decide(replace(CASE, approvals=approvals))
    assert isinstance(judgement.verdict, Waiting)
    assert judgement.outcome == "waiting"


def test_a_change_with_nothing_against_it_is_admitted_as_the_commit_that_was_judged() -> None:
    judgement = decide(CASE)
    assert judgement.verdict == Admitted(holds=())
    assert (judgement.outcome, judgement.commit, judgement.document) == ("admitted", COMMIT, CASE.document)
    assert judgement.held_until is None


def test_a_denial_with_an_end_holds_until_the_last_of_them() -> None:
    earlier = finding(Action.DENY, until=MONDAY - timedelta(hours=1))
    judgement = decide(replace(CASE, answer=answer(earlier, finding(Action.DENY, until=MONDAY))))
    assert isinstance(judgement.verdict, Admitted)
    assert judgement.held_until == MONDAY
    assert judgement.outcome == "held"


def test_a_change_that_still_waits_for_approval_tells_its_hold_too() -> None:
    judgement = decide(replace(CASE, answer=answer(finding(Action.DENY, until=MONDAY)), approvals=LACKING))
    assert (judgement.outcome, judgement.held_until) == ("waiting", MONDAY)


def test_a_judgement_tells_when_time_alone_changes_it() -> None:
    held = replace(CASE, answer=answer(finding(Action.DENY, until=MONDAY)), approvals=LACKING, past=())
    waits = [NOW + timedelta(hours=hours) for hours in (12, 20, 24)]
    assert decide(held).moments == (*waits, MONDAY)
    assert decide(replace(held, answer=answer(), past=None)).moments == ()


def test_a_warning_is_kept_and_stands_against_nothing() -> None:
    judgement = decide(replace(CASE, answer=answer(finding(Action.WARN), finding(Action.AUDIT_ONLY))))
    assert judgement.outcome == "admitted"
    assert [(reason.rule, reason.deployment) for reason in judgement.warnings] == [("rule-warn", "production/ANL")]


def test_a_finding_about_the_whole_change_names_no_deployment() -> None:
    whole = replace(finding(Action.WARN, path=None), environment=None, agent=None)
    assert decide(replace(CASE, answer=answer(whole))).warnings[0].deployment is None


ACTIONS = st.sampled_from(list(Action))


@given(
    actions=st.lists(ACTIONS, max_size=5),
    draft=st.booleans(),
    silent=st.booleans(),
    complete=st.booleans(),
    known=st.booleans(),
)
def test_only_known_facts_without_objection_admit(
    *, actions: list[Action], draft: bool, silent: bool, complete: bool, known: bool
) -> None:
    case = replace(
        CASE,
        is_draft=draft,
        participants=KNOWN if known else replace(KNOWN, author=None),
        answer=SILENT if silent else answer(*map(finding, actions)),
        approvals=GIVEN if complete else LACKING,
    )
    is_clear = not draft and known and not silent and Action.DENY not in actions and complete
    assert isinstance(decide(case).verdict, Admitted) == is_clear


ASKED = Told(Telling.ASKED, CASE.proposal.effect.digest, NOW - timedelta(hours=25))
EXPIRED = replace(ASKED, telling=Telling.EXPIRED, at=NOW - timedelta(hours=1))


def test_no_approval_admits_what_expired_until_somebody_asks_again() -> None:
    """ATTACKS 025: the named reason is that the request expired."""
    late = replace(CASE, approvals=GIVEN, past=(ASKED, EXPIRED))
    verdict = decide(late).verdict

    assert isinstance(verdict, Waiting)
    assert [reason.cause for reason in verdict.reasons] == [Cause.REQUEST_EXPIRED]
    asked_again = replace(ASKED, at=NOW)
    assert isinstance(decide(replace(late, past=(ASKED, EXPIRED, asked_again))).verdict, Admitted)


def test_without_a_request_kept_nothing_expires() -> None:
    judgement = decide(replace(CASE, approvals=GIVEN, past=None))

    assert isinstance(judgement.verdict, Admitted)
    assert judgement.followed == NOT_FOLLOWED


def test_a_policy_that_is_silent_leaves_the_request_as_it_was() -> None:
    judgement = decide(replace(CASE, answer=SILENT, past=(ASKED,)))

    assert judgement.followed.request is not None
    assert judgement.followed.untold == ()


def test_policies_that_stand_in_are_named_and_stand_against_nothing() -> None:
    judgement = decide(replace(CASE, stood_in_by=CommitSha("c" * 40)))
    assert isinstance(judgement.verdict, Admitted)
    assert judgement.stood_in_by == "c" * 40
    [told] = judgement.warnings
    assert told.cause is Cause.POLICY_BROKEN
    assert "those of commit cccccccccccc" in told.message
