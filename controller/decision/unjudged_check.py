"""Both checks of a pull request that cannot be judged as it is: red, with the reason."""

from controller.change.names import CommitSha
from controller.decision.approval_check import NAME as APPROVAL
from controller.decision.check import RECHECK, CheckRun, Conclusion
from controller.decision.markdown import prose
from controller.decision.policy_check import NAME as POLICY
from controller.decision.wording import shortened

_LONGEST_REASON = 110


def unjudged_checks(commit: CommitSha, reason: str) -> tuple[CheckRun, ...]:
    """Return the checks that say why nothing can be said of the change at `commit`."""
    return tuple(
        CheckRun(
            name=name,
            commit=commit,
            conclusion=Conclusion.FAILURE,
            title=f"Cannot be judged: {shortened(reason.replace('`', ''), _LONGEST_REASON)}",
            summary=f"**This change cannot go out as it is**, for it cannot be judged: {prose(reason)}",
            text="",
            annotations=(),
            buttons=(RECHECK,),
        )
        for name in (POLICY, APPROVAL)
    )
