"""The issue that asks for the review of a break-glass change: what it says, and whose closing counts.

The title is ours alone; every word of others is inert. Nobody is assigned: those who took part
may not close it, and who else may is policy.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.change.names import CommitSha
from controller.decision.break_glass_notice import shown_reason
from controller.decision.check import paragraphs
from controller.decision.markdown import code
from controller.decision.wording import listed
from controller.identity.principal import Principal, PrincipalId, PrincipalKind

REVIEW_LABEL = "dvo/break-glass-review"


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue as it is to be opened; the marker, invisible on the page, finds it again."""

    marker: str
    title: str
    body: str
    label: str


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What a review is about; people by login."""

    commit: CommitSha
    pull: int
    deployments: Sequence[str]
    waived: Sequence[str]
    asked_by: str
    approved_by: Sequence[str]
    reason: str
    ticket: str
    due: datetime


def review_issue(facts: ReviewFacts) -> IssueDraft:
    """Return the issue that asks to review what `facts` tell."""
    what = listed([code(name) for name in facts.deployments]) or "nothing that runs"
    lines = [
        f"- What went out: {what}, by commit {code(facts.commit)}",
        f"- Waived: {listed([code(rule) for rule in facts.waived]) or 'nothing'}",
        f"- Asked by {code(facts.asked_by)}, approved by {listed([code(name) for name in facts.approved_by])}",
        f"- Ticket {code(facts.ticket)}: {shown_reason(facts.reason)}",
        f"- Due: **{facts.due:%Y-%m-%d %H:%M} UTC**",
    ]
    closing = (
        "Somebody who may approve for production, and took no part in the change, reviews what happened and closes this"
        " issue. Closed by anybody else it counts as open. While it is overdue, nothing of these agents changes in"
        " production, except to take them out."
    )
    return IssueDraft(
        marker=f"<!-- dvo:review:{facts.commit} -->",
        title=f"Review the break-glass change of pull request #{facts.pull}",
        body=paragraphs([f"Pull request #{facts.pull} broke the glass.", "\n".join(lines), closing]),
        label=REVIEW_LABEL,
    )


def closing_obstacle(closer: Principal | None, took_part: Collection[PrincipalId]) -> str | None:
    """Return why the closing does not count, or None; whether the person has the permission is policy."""
    if closer is None:
        return "the directory does not know who closed it"
    if closer.kind is not PrincipalKind.PERSON:
        return "it was not closed by a person"
    if closer.id in took_part:
        return "whoever closed it took part in the change"
    return None if closer.mfa is True else "whoever closed it has no second factor that the directory knows of"
