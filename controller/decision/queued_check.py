"""Both checks of a group in the merge queue that cannot be decided yet: in progress, with the reason."""

from controller.change.names import CommitSha
from controller.decision.approval_check import NAME as APPROVAL
from controller.decision.check import CheckRun
from controller.decision.markdown import prose
from controller.decision.policy_check import NAME as POLICY


def queued_checks(commit: CommitSha, reason: str) -> tuple[CheckRun, ...]:
    """Return the checks that say what the group at `commit` waits for; they never pass by themselves."""
    return tuple(
        CheckRun(
            name=name,
            commit=commit,
            conclusion=None,
            title="Waiting in the merge queue",
            summary=f"**This group is judged by itself as soon as it can be.** {prose(reason)}",
            text="",
            annotations=(),
        )
        for name in (POLICY, APPROVAL)
    )
