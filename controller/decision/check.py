"""A check as it should stand on a commit: what the reader of a pull request sees.

Conclusions are success, failure or action_required, never neutral or skipped, which GitHub
would count as passed. The external id is a digest of all the check says, so an equal one
needs no writing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.change.names import CommitSha, digest_of
from controller.desired_state.canonical import canonical_json


class Conclusion(StrEnum):
    """How a check ends."""

    SUCCESS = "success"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"


class AnnotationLevel(StrEnum):
    """How an annotation is shown."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note at a line of a changed file."""

    path: str
    line: int
    level: AnnotationLevel
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to click on a check: at most three, of 20, 40 and 20 characters (GitHub docs "Create a check run")."""

    label: str
    description: str
    identifier: str


EXPLAIN = Button("Explain", "Say in the comment why", "explain")
RECHECK = Button("Re-evaluate", "Judge again with the facts of now", "recheck")


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check on a commit; `conclusion` None is still in progress."""

    name: str
    commit: CommitSha
    conclusion: Conclusion | None
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...]
    buttons: tuple[Button, ...] = ()
    occasion: str = ""
    """Why it is to be written even if it says what stands already; empty: no such reason."""

    @property
    def external_id(self) -> str:
        """A digest of everything the check says, and of the occasion."""
        notes = [[note.path, note.line, note.level.value, note.title, note.message] for note in self.annotations]
        conclusion = self.conclusion.value if self.conclusion else None
        buttons = [button.identifier for button in self.buttons]
        said = [self.name, conclusion, self.title, self.summary, self.text, notes, buttons, self.occasion]
        return digest_of(canonical_json(said))


def paragraphs(parts: Sequence[str]) -> str:
    """Join the non-empty `parts` as paragraphs of Markdown."""
    return "\n\n".join(part for part in parts if part)
