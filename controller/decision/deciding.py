"""From gathered facts and the policy's answer to a verdict.

Every ground for refusal is collected, so that one look shows them all; approvals are only
waited for when nothing stands against the change. The order of the grounds is the order in
which somebody can mend them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.approval.approvals import Approvals
from controller.approval.request import (
    NOT_FOLLOWED,
    Asking,
    Followed,
    Request,
    RequestState,
    Timing,
    Told,
    follow,
)
from controller.change.break_glass import LABEL, BreakGlass, MalformedBreakGlass
from controller.change.facts import Account
from controller.change.names import CommitSha, RepoPath
from controller.decision.verdict import (
    Admitted,
    Cause,
    Hold,
    Judgement,
    Reason,
    Refused,
    Unanswered,
    Verdict,
    Waiting,
)
from controller.desired_state.proposal import Proposal
from controller.identity.participants import Participants
from controller.identity.principal import Principal, PrincipalId
from controller.policy.answer import Action, Answer, Finding
from controller.policy.green_path import GreenPath
from controller.policy.preview import PolicyPreview

_USUAL = Timing()


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a decision rests on; gathered, answered and weighed before."""

    commit: CommitSha
    is_draft: bool
    proposal: Proposal
    conflicts: tuple[RepoPath, ...]
    """Controlled files that both the change and its base changed."""
    participants: Participants | None
    """None when the directory could not be asked."""
    document: Mapping[str, object]
    answer: Answer | Unanswered
    approvals: Approvals
    now: datetime
    break_glass: BreakGlass | MalformedBreakGlass | None = None
    """As the pull request asks for it."""
    people: Mapping[PrincipalId, Principal] = field(default_factory=dict)
    past: tuple[Told, ...] | None = None
    """What was told of the requests of this pull request; None where no request is kept."""
    timing: Timing = _USUAL
    escalated_to: tuple[str, ...] = ()
    preview: PolicyPreview | None = None
    """What the policies it brings would make of earlier decisions; None when it brings none."""
    reviewers: tuple[Account, ...] = ()
    path: GreenPath | None = None
    stood_in_by: CommitSha | None = None
    """With which commit the policies stood on main that judge instead of the base's, which answer nothing."""


def decide(case: Case) -> Judgement:
    """Return the verdict on `case` with all its grounds."""
    refusals = (*_refusals_by_facts(case), *_refusals_by_break_glass(case), *_refusals_by_policy(case))
    followed = _followed(case, is_refused=bool(refusals))
    return Judgement(
        commit=case.commit,
        verdict=Refused(refusals) if refusals else _unrefused(case, followed.request),
        proposal=case.proposal,
        document=case.document,
        answer=case.answer,
        approvals=case.approvals,
        holds=_holds(case),
        warnings=(*_warnings_of_mending(case), *map(reason_of, _found(case.answer, Action.WARN))),
        participants=case.participants,
        break_glass=case.break_glass,
        people=case.people,
        followed=followed,
        escalated_to=case.escalated_to,
        preview=case.preview,
        reviewers=case.reviewers,
        path=case.path,
        stood_in_by=case.stood_in_by,
    )


def _warnings_of_mending(case: Case) -> Iterator[Reason]:
    if case.stood_in_by is not None:
        message = (
            "The policies of the base branch give no valid answer. This change of nothing but policies is judged by the"
            f" newest admitted ones that do, those of commit {case.stood_in_by[:12]}."
        )
        remedy = "Two administrators who own them and took no part approve it, beside whom those policies ask for."
        yield Reason(Cause.POLICY_BROKEN, message, remedy)


def _followed(case: Case, *, is_refused: bool) -> Followed:
    if case.past is None:
        return NOT_FOLLOWED
    approvals = None if isinstance(case.answer, Unanswered) else case.approvals
    return follow(case.past, Asking(case.proposal.effect.digest, approvals, is_refused), case.now, case.timing)


def _unrefused(case: Case, request: Request | None) -> Verdict:
    if request is not None and request.state is RequestState.EXPIRED:
        message = f"The request for approval expired at {request.until.isoformat()}."
        reason = Reason(Cause.REQUEST_EXPIRED, message, "Ask again; approvals that are still young enough count.")
        return Waiting(case.approvals, (reason,))
    return Waiting(case.approvals) if not case.approvals.is_complete else Admitted(_holds(case))


def _refusals_by_facts(case: Case) -> Iterator[Reason]:
    if case.is_draft:
        yield Reason(Cause.DRAFT, "The pull request is a draft.", "Mark it as ready for review.")
    for problem in case.proposal.problems:
        yield Reason(Cause.FAULT, problem.message, problem.remedy, _as_text(problem.path), problem.line)
    for path in case.conflicts:
        message = f"{_as_text(path)} was also changed on the base branch since this branch left it."
        yield Reason(Cause.CONFLICT, message, "Update the branch with its base.", _as_text(path), 1)
    if case.participants is not None:
        yield from _refusals_by_people(case.participants)


def _as_text(path: RepoPath) -> RepoPath:
    """Return a path as text that checks and ledger can hold: Git's may be of any bytes."""
    return RepoPath(path.encode("utf-8", "backslashreplace").decode())


def _refusals_by_people(participants: Participants) -> Iterator[Reason]:
    if participants.author is None:
        message = "The directory does not know who opened this change."
        yield Reason(Cause.UNKNOWN_AUTHOR, message, "Ask an administrator to add the account to the directory.")
    for commit in participants.unattributable:
        message = f"Nobody can say whose work commit {commit[:12]} is: one of its addresses belongs to no known person."
        remedy = "Amend the commit with an address the directory knows, or have the address added there."
        yield Reason(Cause.UNATTRIBUTABLE, message, remedy)


def _refusals_by_break_glass(case: Case) -> Iterator[Reason]:
    """Refuse what is half asked for, what policy sets no terms for, and what is waived without being asked for."""
    match case.break_glass:
        case MalformedBreakGlass(fault):
            remedy = (
                "Write one line `Break-glass-reason:` and one line `Break-glass-ticket:` into the body"
                f" of the pull request, or take the label `{LABEL}` off."
            )
            yield Reason(Cause.BREAK_GLASS, fault, remedy)
        case BreakGlass() if isinstance(case.answer, Answer) and not any(f.review for f in case.answer.findings):
            message = "The policies of the base branch set no terms for break-glass and the review after it."
            yield Reason(
                Cause.BREAK_GLASS, message, f"Take the label `{LABEL}` off, or have the policies brought up to date."
            )
        case None if isinstance(case.answer, Answer) and any(f.is_waived for f in case.answer.findings):
            message = "The policies of the base branch waive what nobody asked to be waived."
            yield Reason(Cause.BREAK_GLASS, message, "The owners of the policies mend them.")


def _refusals_by_policy(case: Case) -> Iterator[Reason]:
    if isinstance(case.answer, Unanswered):
        remedy = "Nothing needs doing in the change itself; it is judged again by itself."
        if case.answer.cause is Cause.POLICY_BROKEN:
            remedy = "The owners of the policies on the base branch mend them; then it is judged again by itself."
        yield Reason(case.answer.cause, case.answer.message, remedy)
    for finding in _found(case.answer, Action.DENY):
        if finding.until is None:
            yield reason_of(finding)
        elif finding.until <= case.now:
            message = f"{finding.message} (held until {finding.until.isoformat()}, which is past)"
            yield Reason(Cause.HOLD_IN_THE_PAST, message, "The policy's owners correct the rule.", rule=finding.rule)


def _holds(case: Case) -> tuple[Hold, ...]:
    denials = _found(case.answer, Action.DENY)
    return tuple(Hold(denial.until, reason_of(denial)) for denial in denials if denial.until is not None)


def _found(answer: Answer | Unanswered, action: Action) -> tuple[Finding, ...]:
    if isinstance(answer, Unanswered):
        return ()
    return tuple(finding for finding in answer.findings if finding.action is action)


def reason_of(finding: Finding) -> Reason:
    """Return what a finding says, as a reason."""
    deployment = f"{finding.environment}/{finding.agent}" if finding.environment and finding.agent else None
    return Reason(
        cause=Cause.POLICY_FINDING,
        message=finding.message,
        remedy=finding.remediation,
        path=finding.path,
        line=finding.line,
        deployment=deployment,
        rule=finding.rule,
    )
