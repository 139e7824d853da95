"""The check `dvo/deploy` on a merge commit: how far each of its deployments has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.change.names import CommitSha
from controller.decision.check import CheckRun, Conclusion, paragraphs
from controller.decision.markdown import code, inert, table
from controller.decision.wording import counted, shortened

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


_LONGEST_TITLE = 140
_LOOKS = {
    Progress.REFUSED: "**Refused: nothing of this goes out**, and what runs stays as it was.",
    Progress.FAILED: "**A roll-out failed.** Below is why; another pull request mends it.",
    Progress.RUNNING: "**It is rolling out.** Nobody has to do anything.",
    Progress.PENDING: "**It goes out as soon as it is its turn.** Nobody has to do anything.",
    Progress.HELD: "**It is held, and then goes out by itself.** What runs stays as it was until then.",
    Progress.COMPLETED: "**It is out.**",
    Progress.SUPERSEDED: "**A newer change went out instead.**",
}
"""What a reader needs to know at once, of whichever state comes first here."""
_OPEN = frozenset({Progress.PENDING, Progress.HELD, Progress.RUNNING})
_BAD = frozenset({Progress.FAILED, Progress.REFUSED})


def deployment_check(commit: CommitSha, steps: Sequence[DeploymentStep]) -> CheckRun:
    """Return the check of a merge commit; in progress while anything is open, failed when anything failed."""
    states = {step.progress for step in steps}
    rows = [[code(step.deployment), step.progress.value, inert(step.message)] for step in steps]
    conclusion = None if states & _OPEN and not states & _BAD else Conclusion.SUCCESS
    if states & _BAD:
        conclusion = Conclusion.FAILURE
    shown = table(["Deployment", "State", "More"], rows)
    return CheckRun(
        name=NAME,
        commit=commit,
        conclusion=conclusion,
        title=_title(steps),
        summary=paragraphs([_one_look(steps), shown]),
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
            return shortened(f"{_named(steps, state)}: {_first(steps, state).message}", _LONGEST_TITLE)
    if len(steps) == 1:
        return shortened(f"{steps[0].deployment} {steps[0].progress.value}: {steps[0].message}", _LONGEST_TITLE)
    return f"{counted(len(steps), 'deployment')} completed"


def _named(steps: Sequence[DeploymentStep], state: Progress) -> str:
    if len(steps) == 1:
        return f"{steps[0].deployment} {state.value}"
    return f"{sum(step.progress is state for step in steps)} of {counted(len(steps), 'deployment')} {state.value}"


def _first(steps: Sequence[DeploymentStep], state: Progress) -> DeploymentStep:
    return next(step for step in steps if step.progress is state)


def _one_look(steps: Sequence[DeploymentStep]) -> str:
    """Return what is the case now, and who has to do something."""
    states = {step.progress for step in steps}
    if not states:
        return "**Nothing to deploy**: nothing that runs changed."
    return next(look for state, look in _LOOKS.items() if state in states)
