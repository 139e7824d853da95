"""A code host that names the pull request of a merge later than it tells of the merge itself."""

from dataclasses import dataclass, field

from controller.change.facts import PullRequest
from controller.change.names import CommitSha
from tests.fakes.code_host import FakeCodeHost


@dataclass
class LaggingHost:
    """A code host that learns of a merge later than of its commit."""

    host: FakeCodeHost
    late: set[CommitSha] = field(default_factory=set)

    def __getattr__(self, name: str) -> object:
        return getattr(self.host, name)

    def merged_pull_request(self, commit: CommitSha) -> PullRequest | None:
        return None if commit in self.late else self.host.merged_pull_request(commit)
