"""What people ask of a pull request beside its facts: commands as comments, and buttons of a check.

A command is a whole comment of a person, `/dvo` and one word, never edited, never quoted; all
else is conversation. A button carries the same word as its identifier. What somebody may ask
is policy (`workflow.authorizing`); here is only what was asked.
"""

from dataclasses import dataclass
from enum import StrEnum

from controller.change.facts import AccountKind, Comment
from controller.policy.authorization import Permission


class Command(StrEnum):
    """What can be asked for."""

    EXPLAIN = "explain"
    RECHECK = "recheck"
    HELP = "help"

    @property
    def permission(self) -> Permission:
        """What whoever asks must be permitted."""
        return Permission.VALIDATE if self is Command.RECHECK else Permission.VIEW_STATUS


_SPELLED = {f"/dvo {command}": command for command in Command}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people want to see of a judgement."""

    occasion: str = ""
    """The last time somebody wanted the checks written anew; empty: never."""
    explains: bool = False
    helps: bool = False


NO_WISHES = Wishes()


def command_in(body: str) -> Command | None:
    """Return the command that `body` is, from its first character to its last but for trailing white space."""
    return _SPELLED.get(body.rstrip(" \t\r\n"))


def command_of(comment: Comment) -> Command | None:
    """Return the command a comment is; None for a machine's, an App's, and one that was edited."""
    is_by_person = comment.author is not None and comment.author.kind is AccountKind.USER and not comment.is_by_app
    return command_in(comment.body) if is_by_person and not comment.is_edited else None
