"""An issue tracker in memory that passes the same contract as GitHub's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controller.change.facts import Account
from controller.decision.review_issue import IssueDraft
from controller.errors import ControllerError, InputError
from controller.ports.issue_tracker import Closing, IssueState


@dataclass
class FakeIssueTracker:
    """Implements `IssueTracker`; `close` and `delete` are what people do."""

    drafts: dict[int, IssueDraft] = field(default_factory=dict)
    closings: dict[int, Closing] = field(default_factory=dict)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    trouble: ControllerError | None = None
    """Raised after an issue was opened, as when the answer is lost."""
    now: datetime = datetime(2027, 3, 13, 10, 0, tzinfo=UTC)
    opened: int = 0

    def open_issue(self, draft: IssueDraft) -> int:
        found = next((number for number, known in self.drafts.items() if known.marker == draft.marker), None)
        if found is None:
            self.opened += 1
            found = 100 + self.opened
            self.drafts[found] = draft
        if self.trouble is not None:
            raise self.trouble
        return found

    def issue(self, number: int) -> IssueState | None:
        return IssueState(self.closings.get(number)) if number in self.drafts else None

    def reopen(self, number: int, why: str) -> None:
        if number not in self.drafts:
            raise InputError(f"no issue {number}")
        self.remarks.append((number, why))
        self.closings.pop(number, None)

    def close(self, number: int, by: Account | None) -> None:
        self.now += timedelta(seconds=1)
        self.closings[number] = Closing(by, self.now)

    def delete(self, number: int) -> None:
        del self.drafts[number]
