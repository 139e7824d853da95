"""The check `dvo/deploy` on a merge commit: how far each of its deployments has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.change.names import CommitSha
from controller.decision.check import CheckRun, Conclusion, paragraphs
from controller.decision.markdown import code, inert, table
from controller.decision.wording import counted

NAME = "dvo/deploy"


class Progress(StrEnum):
    """How far one deployment of a merge has come."""

    PENDING = "pending"
    HELD = "held"
    RUNNING = "rolling out"
    COMPLETED = "completed"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DeploymentStep:
    """One deployment of a merge: where it stands, in a sentence."""

    deployment: str
    progress: Progress
    message: str


_OPEN = frozenset({Progress.PENDING, Progress.HELD, Progress.RUNNING})
_BAD = frozenset({Progress.FAILED, Progress.REFUSED})


def deployment_check(commit: CommitSha, steps: Sequence[DeploymentStep]) -> CheckRun:
    """Return the check of a merge commit; in progress while anything is open, failed when anything failed."""
    states = {step.progress for step in steps}
    rows = [[code(step.deployment), step.progress.value, inert(step.message)] for step in steps]
    conclusion = None if states & _OPEN and not states & _BAD else Conclusion.SUCCESS
    if states & _BAD:
        conclusion = Conclusion.FAILURE
    shown = table(["Deployment", "State", ""], rows)
    return CheckRun(
        name=NAME,
        commit=commit,
        conclusion=conclusion,
        title=_title(steps),
        summary=paragraphs([shown or "Nothing that runs changed."]),
        text="",
        annotations=(),
    )


def _title(steps: Sequence[DeploymentStep]) -> str:
    if not steps:
        return "Nothing to deploy"
    order = [Progress.REFUSED, Progress.FAILED, Progress.RUNNING, Progress.PENDING, Progress.HELD]
    for state in order:
        number = sum(step.progress is state for step in steps)
        if number:
            return f"{counted(number, 'deployment')} {state.value}: {_first(steps, state)}"
    return f"{counted(len(steps), 'deployment')} completed"


def _first(steps: Sequence[DeploymentStep], state: Progress) -> str:
    return next(step.message for step in steps if step.progress is state)
