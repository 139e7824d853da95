"""The issues of the sandbox keep the tracker's contract, and nobody else's issue is taken for ours."""

from dataclasses import dataclass

import pytest

from controller.adapters.github.issues import GitHubIssues
from controller.change.facts import Account
from tests.adapters.github.conftest import SandboxStage
from tests.adapters.github.test_contract import exchanged
from tests.contracts.issue_tracker import DRAFT, IssueTrackerContract

__all__ = ["exchanged"]


@dataclass
class _Tracked:
    stage: SandboxStage
    tracker: GitHubIssues

    def close(self, number: int) -> Account:
        self.stage.person("olga").call("PATCH", f"/issues/{number}", {"state": "closed"})
        return self.stage.account("olga")


@pytest.fixture
def tracked(stage: SandboxStage) -> _Tracked:
    return _Tracked(stage, GitHubIssues(stage.app))


class TestGitHubIssues(IssueTrackerContract):
    """The contract, within GitHub's own description of its API."""


def test_a_strangers_issue_with_our_marker_is_not_ours(tracked: _Tracked) -> None:
    copied: dict[str, object] = {"title": "Done", "body": f"{DRAFT.marker}\nall is well", "labels": [DRAFT.label]}
    theirs = tracked.stage.person("dana").call("POST", "/issues", copied)["number"]
    assert tracked.tracker.open_issue(DRAFT) != theirs


def test_a_reopening_says_why(tracked: _Tracked) -> None:
    number = tracked.tracker.open_issue(DRAFT)
    tracked.close(number)
    tracked.tracker.reopen(number, "It still counts as open.")
    assert tracked.stage.comments_raw(number) == ["It still counts as open."]
