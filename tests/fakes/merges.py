"""The commits a code host makes when it merges: by a merge commit, squashed, or rebased."""

from collections.abc import Callable

from controller.change.facts import Account, AccountKind, PullRequest, PullRequestState
from controller.change.names import CommitSha, Login
from tests.fakes.git_objects import Authorship, Objects, Signature

WEB_FLOW = Account(19864447, Login("web-flow"), AccountKind.USER)
SERVER = Signature(WEB_FLOW, "noreply@github.com")
"""Who commits what the host itself does."""


class Merges:
    """Makes such commits among `objects`; no branch moves."""

    def __init__(self, objects: Objects, signature: Callable[[Account], Signature]) -> None:
        self._objects = objects
        self._signature = signature

    def make(self, method: str, pull: PullRequest, base: CommitSha, by: Account) -> CommitSha:
        """Return what `base` becomes when `by` merges a pull request with `method`: merge, squash or rebase."""
        since = self._objects.merge_base(base, pull.head)
        if pull.state is not PullRequestState.OPEN or since is None:
            raise ValueError(f"pull request {pull.number} cannot be merged")
        made = {"merge": self._merge_commit, "squash": self._squash_commit, "rebase": self._rebase_commits}
        return made[method](pull, base, since, by)

    def _merge_commit(self, pull: PullRequest, base: CommitSha, since: CommitSha, by: Account) -> CommitSha:
        tree = self._objects.merged(base, pull.head, since)
        who = Authorship(self._signature(by), SERVER, is_verified=True)
        return self._objects.commit(tree, (base, pull.head), who).sha

    def _squash_commit(self, pull: PullRequest, base: CommitSha, since: CommitSha, by: Account) -> CommitSha:
        del by  # GitHub writes the author of the pull request into the commit
        author = self._signature(pull.author)
        own = self._objects.history(pull.head).keys() - self._objects.history(base).keys()
        others = {self._objects.commits[sha].author_email for sha in own} - {author.email}
        who = Authorship(author, SERVER, tuple(sorted(others)), is_verified=True)
        return self._objects.commit(self._objects.merged(base, pull.head, since), (base,), who).sha

    def _rebase_commits(self, pull: PullRequest, base: CommitSha, since: CommitSha, by: Account) -> CommitSha:
        del since
        tip = base
        behind = self._objects.history(base)
        for sha, commit in self._objects.history(pull.head).items():
            if sha not in behind and len(commit.parents) == 1:
                who = Authorship(Signature(commit.author, commit.author_email), self._signature(by))
                tip = self._objects.commit(self._objects.merged(tip, sha, commit.parents[0]), (tip,), who).sha
        return tip
