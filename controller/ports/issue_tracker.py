"""Where the controller asks for work that people must do: issues, opened once and read again.

Every method raises `UnavailableError` when the tracker cannot be reached or talks nonsense, and
`ConfigurationError` when it does not accept the controller's credentials or permissions.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.change.facts import Account
from controller.decision.review_issue import IssueDraft


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closed an issue (None: nobody can say), and when."""

    by: Account | None
    at: datetime


@dataclass(frozen=True, slots=True)
class IssueState:
    """How an issue stands; `closing` None is open."""

    closing: Closing | None


class IssueTracker(Protocol):
    """Opens issues and reads how they stand."""

    def open_issue(self, draft: IssueDraft) -> int:
        """Return the number of the issue with the draft's marker; opens it unless there is one, never two."""
        ...

    def issue(self, number: int) -> IssueState | None:
        """Return how issue `number` stands; None when it was deleted or moved elsewhere."""
        ...

    def reopen(self, number: int, why: str) -> None:
        """Open issue `number` again and say why, in Markdown. Raises `InputError` when it is gone."""
        ...
