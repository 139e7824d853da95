"""A whole world in memory: people, a code host, a directory, a target; a real OPA judges.

The content is this project's own agents, environments, policies and CODEOWNERS. `settle` does
what the worker does: it looks at every marked key that is due until nothing is left.
"""

import uuid
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from controller.change.facts import Account
from controller.change.names import CommitSha, RepoPath
from controller.compose.wiring import Parts, wire
from controller.decision.check import CheckRun
from controller.errors import ControllerError
from controller.ledger.event import Event, EventType
from controller.ports.policy_engine import PolicyEngine
from controller.ports.proposer import Proposer
from controller.workflow.dispatch import Workflows
from tests.fakes.agents import AnsweringDeployer
from tests.fakes.code_host import FakeCodeHost
from tests.fakes.directory import InMemoryDirectory, Person
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.fakes.journal import MemoryIndex, MemoryJournal, MemoryQueue
from tests.fakes.ledger import MemoryLedger
from tests.fakes.proposer import FakeProposer

ROOT = Path(__file__).parents[2]
TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
SATURDAY = datetime(2027, 3, 13, 10, 0, tzinfo=UTC)
MONDAY = datetime(2027, 3, 15, 8, 0, 1, tzinfo=UTC)

PEOPLE = {
    "dana-dev": (1001, {"DVO-Developers"}),
    "omar-ops": (1002, {"DVO-Operators"}),
    "rita-release": (1003, {"DVO-ReleaseManagers"}),
    "ravi-release": (1004, {"DVO-ReleaseManagers"}),
    "ada-admin": (1005, {"DVO-Admins"}),
    "vera-view": (1006, {"DVO-Viewers"}),
}
TEAMS = {
    "release-managers": ["rita-release", "ravi-release"],
    "operators": ["omar-ops", "rita-release", "ravi-release"],
    "developers": ["dana-dev", "omar-ops"],
    "admins": ["ada-admin"],
}


def project_content() -> dict[str, str | bytes | None]:
    """Return the governed files of this project."""
    files = [path for folder in ("agents", "environments", "policies") for path in (ROOT / folder).rglob("*")]
    files.append(ROOT / ".github" / "CODEOWNERS")
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files if path.is_file()}


@dataclass
class SetClock:
    """A clock that stands until it is set."""

    moment: datetime = TUESDAY

    def now(self) -> datetime:
        return self.moment


@dataclass
class World:
    """Everything around the workflows, and the workflows."""

    engine: PolicyEngine
    pool: Executor
    host: FakeCodeHost = field(default_factory=lambda: FakeCodeHost(project_content()))
    directory: InMemoryDirectory = field(default_factory=InMemoryDirectory)
    issues: FakeIssueTracker = field(default_factory=FakeIssueTracker)
    target: AnsweringDeployer = field(default_factory=AnsweringDeployer)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    index: MemoryIndex = field(default_factory=MemoryIndex)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    clock: SetClock = field(default_factory=SetClock)
    failures: list[tuple[str, ControllerError]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.travel(TUESDAY)
        self.proposer = FakeProposer(self.host)
        for login, (number, groups) in PEOPLE.items():
            self.host.person(login, id=number)
            self.directory.people.append(Person(login, number, (f"{login}@example.com",), frozenset(groups), mfa=True))
        for slug, members in TEAMS.items():
            self.host.team("acme-agents", slug, *(self.account(login) for login in members))
        self.journal = MemoryJournal(self.queue)
        self.workflows = self.wired()

    def wired(self) -> Workflows:
        """Return the workflows, new: what a restarted controller would have."""
        return wire(
            Parts(
                reader=self.host,
                merge_queue=self.host,
                conversation=self.host,
                proposer=self.proposing(),
                writer=self.host,
                issues=self.issues,
                directory=self.directory,
                engine=self.engine,
                deployers={"process": self.target},
                agents=self.target,
                journal=self.journal,
                queue=self.queue,
                index=self.index,
                ledger=self.ledger,
                clock=self.clock,
                new_id=lambda: str(uuid.uuid4()),
                pool=self.pool,
            )
        )

    def proposing(self) -> Proposer:
        """Return what opens pull requests for the controller; a host that is no fake brings its own."""
        return getattr(self.host, "proposer", self.proposer)

    def lose_database(self) -> None:
        """Start again with an empty database: journal, queue and timers are gone, the ledger is not."""
        self.queue, self.index = MemoryQueue(), MemoryIndex()
        self.journal = MemoryJournal(self.queue)
        self.workflows = self.wired()
        self.workflows.sealer.restore()

    def travel(self, moment: datetime) -> None:
        """Make it `moment` for everybody."""
        self.clock.moment = moment
        self.host.now = moment

    def account(self, login: str) -> Account:
        return self.host.person(login)

    def file(self, path: str) -> bytes:
        """Return a file of main."""
        commit = self.host.objects.commits[self.host.branches["main"]]
        return self.host.objects.blobs[self.host.objects.trees[commit.tree][RepoPath(path)].blob]

    def propose(self, login: str, branch: str, files: Mapping[str, bytes | str | None]) -> int:
        """Open a pull request as somebody and let the controller look at it."""
        number = self.host.open_pull_request(branch, files, by=self.account(login))
        self.look(f"pull/{number}")
        return number

    def approve(self, login: str, number: int) -> None:
        self.host.review(number, self.account(login))
        self.look(f"pull/{number}")

    def merge(self, login: str, number: int, method: str = "merge") -> str:
        merged = self.host.merge(number, by=self.account(login), method=method)
        self.look("main")
        return merged

    def look(self, *keys: str) -> None:
        """Look at keys, and at everything that follows, until nothing is left to do now."""
        for key in keys:
            self._look_at(key)
        self.settle()

    def settle(self) -> None:
        self.queue.wake_due(self.clock.now())
        while key := self.queue.take():
            self._look_at(key)

    def _look_at(self, key: str) -> None:
        try:
            self.workflows.look_at(key)
        except ControllerError as error:
            self.failures.append((key, error))

    def check(self, ref: str | int, name: str) -> CheckRun:
        """Return a check of a commit, or of the head of a pull request."""
        commit = self.host.pull_request(ref).head if isinstance(ref, int) else ref
        return self.host.checks[CommitSha(commit), name]

    def conclusions(self, number: int) -> tuple[str | None, str | None]:
        """Return how `dvo/policy` and `dvo/approval` end for a pull request."""
        found = [self.check(number, name).conclusion for name in ("dvo/policy", "dvo/approval")]
        first, second = (conclusion.value if conclusion else None for conclusion in found)
        return first, second

    def events(self, kind: EventType, subject: str | None = None) -> tuple[Event, ...]:
        return self.journal.find(frozenset({kind}), subject)
