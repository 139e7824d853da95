"""The one sticky comment of a pull request: there only while something is not green."""

from controller.decision.approval_check import approval_check
from controller.decision.check import Conclusion
from controller.decision.policy_check import policy_check
from controller.decision.verdict import Judgement


def sticky_comment(judgement: Judgement) -> str | None:
    """Return what the comment says, or None when both checks are green."""
    checks = [policy_check(judgement), approval_check(judgement)]
    if all(check.conclusion is Conclusion.SUCCESS for check in checks):
        return None
    sections = [
        f"### {check.name}: {check.title}\n\n{check.summary}"
        for check in checks
        if check.conclusion is not Conclusion.SUCCESS
    ]
    return "\n\n".join(sections)
