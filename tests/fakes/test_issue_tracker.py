"""The tracker in memory keeps the contract."""

from dataclasses import dataclass, field

import pytest

from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from tests.contracts.issue_tracker import IssueTrackerContract
from tests.fakes.issue_tracker import FakeIssueTracker

OLGA = Account(1002, Login("olga"), AccountKind.USER)


@dataclass
class _Stage:
    tracker: FakeIssueTracker = field(default_factory=FakeIssueTracker)

    def close(self, number: int) -> Account:
        self.tracker.close(number, OLGA)
        return OLGA


@pytest.fixture
def tracked() -> _Stage:
    return _Stage()


class TestFakeIssueTracker(IssueTrackerContract):
    """The contract."""
