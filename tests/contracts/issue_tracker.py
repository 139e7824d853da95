"""What every issue tracker promises; each one's test class inherits these."""

from dataclasses import replace
from typing import Protocol

import pytest

from controller.change.facts import Account
from controller.decision.review_issue import REVIEW_LABEL, IssueDraft
from controller.errors import InputError
from controller.ports.issue_tracker import IssueTracker

DRAFT = IssueDraft(f"<!-- dvo:review:{'a' * 40} -->", "Review it", "- What went out: `x`", REVIEW_LABEL)


class TrackerStage(Protocol):
    """People around a tracker."""

    tracker: IssueTracker

    def close(self, number: int) -> Account:
        """Let somebody close an issue; return who."""
        ...


class IssueTrackerContract:
    """Give a fixture `tracked`."""

    def test_an_issue_is_opened_once_however_often_it_is_asked_for(self, tracked: TrackerStage) -> None:
        first = tracked.tracker.open_issue(DRAFT)
        assert tracked.tracker.open_issue(DRAFT) == first
        other = tracked.tracker.open_issue(replace(DRAFT, marker=DRAFT.marker.replace("a", "b")))
        assert other != first

    def test_a_closed_issue_is_found_again_and_not_opened_twice(self, tracked: TrackerStage) -> None:
        number = tracked.tracker.open_issue(DRAFT)
        tracked.close(number)
        assert tracked.tracker.open_issue(DRAFT) == number

    def test_it_says_who_closed_it_until_it_is_opened_again(self, tracked: TrackerStage) -> None:
        number = tracked.tracker.open_issue(DRAFT)
        found = tracked.tracker.issue(number)
        assert found is not None
        assert found.closing is None
        closer = tracked.close(number)
        found = tracked.tracker.issue(number)
        assert found is not None
        assert found.closing is not None
        assert (found.closing.by, found.closing.at.tzinfo is not None) == (closer, True)
        tracked.tracker.reopen(number, "It still counts as open.")
        found = tracked.tracker.issue(number)
        assert found is not None
        assert found.closing is None

    def test_an_issue_that_is_gone_is_none_and_cannot_be_opened_again(self, tracked: TrackerStage) -> None:
        assert tracked.tracker.issue(404) is None
        with pytest.raises(InputError):
            tracked.tracker.reopen(404, "No.")
