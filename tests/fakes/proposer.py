"""The controller's own pull requests on the fake code host: opened once for a branch, by the App's bot."""

from controller.change.names import Login
from controller.ports.proposer import ProposedChange
from tests.fakes.code_host import FakeCodeHost
from tests.fakes.git_objects import Authorship

BOT = Login("dvo[bot]")


class FakeProposer:
    """Proposes on a fake host."""

    def __init__(self, host: FakeCodeHost) -> None:
        self._host = host
        self.opened: dict[str, int] = {}

    def propose(self, change: ProposedChange) -> int:
        """See the port."""
        self._host.called("propose")
        if change.branch not in self.opened:
            bot = self._host.person(BOT)
            who = Authorship(self._host.signature(bot), self._host.server, is_verified=True)
            files = {str(path): entry for path, entry in change.files.items()}
            made = self._host.commit(files, parents=(change.parent,), who=who)
            self._host.move(change.branch, made.sha, by=bot)
            self.opened[change.branch] = self._host.open_pull_request(change.branch, by=bot)
        return self.opened[change.branch]
