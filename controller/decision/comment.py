"""The one sticky comment: there while something is not green, break-glass is asked for or somebody asked for more."""

from collections.abc import Iterator

from controller.decision.approval_check import approval_check, is_refused_unasked
from controller.decision.break_glass_notice import bare, break_glass_notice
from controller.decision.check import Conclusion, paragraphs
from controller.decision.command import NO_WISHES, Wishes
from controller.decision.explanation import commands_help, explanation
from controller.decision.policy_check import policy_check, policy_summary
from controller.decision.verdict import Judgement


def sticky_comment(judgement: Judgement, wishes: Wishes = NO_WISHES) -> str | None:
    """Return what the comment says, or None when both checks are green, nothing is waived and nobody wants more."""
    return paragraphs(list(_sections(judgement, wishes))) or None


def _sections(judgement: Judgement, wishes: Wishes) -> Iterator[str]:
    yield break_glass_notice(judgement)
    policy, approval = policy_check(judgement), approval_check(judgement)
    if policy.conclusion is not Conclusion.SUCCESS:
        yield f"### {policy.name}: {bare(policy.title)}\n\n{policy_summary(judgement)}"
    if approval.conclusion is not Conclusion.SUCCESS and not is_refused_unasked(judgement):
        yield f"### {approval.name}: {bare(approval.title)}\n\n{approval.summary}"
    if wishes.explains:
        yield explanation(judgement)
    if wishes.helps:
        yield commands_help()
