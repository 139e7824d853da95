"""The one sticky comment of a pull request: there while something is not green, or break-glass is asked for."""

from controller.decision.approval_check import approval_check
from controller.decision.break_glass_notice import break_glass_notice
from controller.decision.check import Conclusion, paragraphs
from controller.decision.policy_check import policy_check
from controller.decision.verdict import Judgement


def sticky_comment(judgement: Judgement) -> str | None:
    """Return what the comment says, or None when both checks are green and nothing is waived."""
    notice = break_glass_notice(judgement)
    checks = [policy_check(judgement), approval_check(judgement)]
    if all(check.conclusion is Conclusion.SUCCESS for check in checks):
        return notice or None
    sections = [
        f"### {check.name}: {check.title}\n\n{check.summary}"
        for check in checks
        if check.conclusion is not Conclusion.SUCCESS
    ]
    return paragraphs([notice, *sections])
