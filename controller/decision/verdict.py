"""Admitted, Waiting or Refused: a verdict and everything that led to it.

A verdict is one of three types, so an error and an admission cannot coexist. A judgement
carries the verdict with all its grounds; checks, ledger and command line tell the same
story from it, and nobody rebuilds a reason later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.approval.approvals import Approvals
from controller.approval.request import NOT_FOLLOWED, Followed
from controller.change.break_glass import BreakGlass, MalformedBreakGlass
from controller.change.facts import Account
from controller.change.names import CommitSha, RepoPath
from controller.desired_state.proposal import Proposal
from controller.identity.participants import Participants
from controller.identity.principal import Principal, PrincipalId
from controller.policy.answer import Answer, Finding
from controller.policy.green_path import GreenPath
from controller.policy.preview import PolicyPreview


class Cause(StrEnum):
    """Why a change is refused, or what is worth knowing about it."""

    DRAFT = "draft"
    FAULT = "fault"
    CONFLICT = "conflict"
    UNKNOWN_AUTHOR = "unknown_author"
    UNATTRIBUTABLE = "unattributable"
    POLICY_FINDING = "policy_finding"
    POLICY_BROKEN = "policy_broken"
    POLICY_UNAVAILABLE = "policy_unavailable"
    DIRECTORY_UNAVAILABLE = "directory_unavailable"
    HOLD_IN_THE_PAST = "hold_in_the_past"
    BREAK_GLASS = "break_glass"
    OTHER_EFFECT = "other_effect"
    REQUEST_EXPIRED = "request_expired"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with its place and what would turn it green."""

    cause: Cause
    message: str
    remedy: str
    path: RepoPath | None = None
    line: int | None = None
    deployment: str | None = None
    """``environment/AGENT`` when it concerns one deployment."""
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A finding that ends by itself: the change may merge, and goes out then."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Admitted:
    """Nothing stands against the change; with holds it goes out when the last one ends."""

    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Policy has nothing against the change, but approvals are missing, somebody objects, or the request expired."""

    approvals: Approvals
    reasons: tuple[Reason, ...] = ()
    """Why it waits although all approvals may be there."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something stands against the change; never empty."""

    reasons: tuple[Reason, ...]


Verdict = Admitted | Waiting | Refused


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The policy could not be asked, or answered nothing that can be believed."""

    cause: Cause
    message: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on one effect at one commit, with all its grounds."""

    commit: CommitSha
    verdict: Verdict
    proposal: Proposal
    document: Mapping[str, object]
    """The exact input of the policy, for replay."""
    answer: Answer | Unanswered
    approvals: Approvals
    holds: tuple[Hold, ...]
    """What would hold the change back for a time, whether or not it may merge yet."""
    warnings: tuple[Reason, ...]
    participants: Participants | None = None
    """None when the directory could not be asked."""
    break_glass: BreakGlass | MalformedBreakGlass | None = None
    people: Mapping[PrincipalId, Principal] = field(default_factory=dict)
    """Everybody the directory knew of those involved."""
    followed: Followed = NOT_FOLLOWED
    """Where the request for approval stands, and what of it is to be told."""
    escalated_to: tuple[str, ...] = ()
    """Who hears of it when time runs out: the owners of CODEOWNERS itself, as it names them."""
    preview: PolicyPreview | None = None
    """What the policies it brings would make of earlier decisions."""
    reviewers: tuple[Account, ...] = ()
    """Whose fresh approvals would satisfy all that is missing, as few as can be; empty when nobody's would."""
    path: GreenPath | None = None
    """How it becomes green; None when it is, or when nobody asked."""
    stood_in_by: CommitSha | None = None
    """With which commit the policies stood on main that judged instead of the base's; None when those answered."""

    @property
    def review_asked(self) -> Finding | None:
        """What policy asks of break-glass and of the review after it; None when it asks nothing of the kind.

        Where several rules ask, the soonest review: a rule beside the default one makes nobody wait longer.
        """
        if not isinstance(self.answer, Answer) or not isinstance(self.break_glass, BreakGlass):
            return None
        due = [(one.review.due_days, one) for one in self.answer.findings if one.review is not None]
        return min(due, key=lambda asked: asked[0], default=(0, None))[1]

    @property
    def waived(self) -> tuple[Finding, ...]:
        """What break-glass waives of what policy denies."""
        findings = self.answer.findings if isinstance(self.answer, Answer) else ()
        return tuple(finding for finding in findings if finding.is_waived)

    @property
    def held_until(self) -> datetime | None:
        """When the last hold ends; None when nothing holds."""
        return max((hold.until for hold in self.holds), default=None)

    @property
    def moments(self) -> tuple[datetime, ...]:
        """When the passing of time alone changes the judgement, sorted: a request, an approval or a hold ends."""
        return tuple(sorted({*(hold.until for hold in self.holds), *self.followed.moments}))

    @property
    def outcome(self) -> str:
        """``admitted``, ``held``, ``waiting`` or ``refused``."""
        if isinstance(self.verdict, Admitted):
            return "held" if self.verdict.holds else "admitted"
        return "waiting" if isinstance(self.verdict, Waiting) else "refused"
