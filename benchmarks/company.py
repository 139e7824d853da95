"""A company on the sandbox in process, its controller on the same clock, and what every look cost there.

GitHub's real adapter, the sandbox over HTTP and a real OPA; journal, queue and targets in memory.
Looks are made one after another, and people act only between them, so all calls that the server
counted during a look are that look's.
"""

import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.adapters.directory_file import FileDirectory
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.conversation import GitHubConversation
from controller.adapters.github.issues import GitHubIssues
from controller.adapters.github.merge_queue import GitHubMergeQueue
from controller.adapters.github.pacing import Shortage, ShortageError, is_content
from controller.adapters.github.proposing import GitHubProposer
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.adapters.opa import OpaServers
from controller.compose.demo import REPOSITORY, seed
from controller.compose.measuring import sparing
from controller.compose.wiring import Parts, wire
from controller.sandbox.faults import Counts
from controller.sandbox.sandbox import Sandbox
from tests.fakes.agents import AnsweringDeployer
from tests.fakes.journal import MemoryIndex, MemoryJournal, MemoryQueue
from tests.fakes.ledger import MemoryLedger

PROJECT = Path(__file__).resolve().parents[1]
_MORNING = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
_AGENTS = ("anl", "orc")
MERGE = "each merge, beside the judgements it causes"
SWEEP = "each sweep, beside the judgements it causes"


@dataclass
class VirtualClock:
    """The time of everybody here; it stands until it is moved."""

    moment: datetime = _MORNING

    def now(self) -> datetime:
        """Return the moment it is."""
        return self.moment

    def monotonic(self) -> float:
        """Return it in seconds."""
        return self.moment.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass(slots=True)
class Cost:
    """What a number of looks cost, as the server counted it."""

    looks: int = 0
    """How many judgements; of what is beside them, how many merges or sweeps."""
    calls: int = 0
    unchanged: int = 0
    """Of the calls, those answered 304, which the hour does not count."""
    writes: int = 0
    creations: int = 0
    """Of the writes, those that create content which notifies people."""

    def add(self, counts: Counts) -> None:
        """Add what was counted."""
        self.calls += counts.reads + counts.writes
        self.unchanged += counts.not_modified
        self.writes += counts.writes
        for route, count in counts.by_route.items():
            verb, _, template = route.partition(" ")
            self.creations += count * is_content(verb, _filled(template))

    @property
    def requests(self) -> int:
        """Return what the hour's limit counts."""
        return self.calls - self.unchanged

    @property
    def points(self) -> int:
        """Return what the minute's limit counts: a read 1, also when it is answered 304, a write 5."""
        return self.calls + 4 * self.writes


@dataclass
class Company:
    """People who act, a controller that looks, and what its looks cost by kind."""

    sandbox: Sandbox
    clock: VirtualClock
    github: GitHubApp
    parts: Parts
    queue: MemoryQueue
    put_off: Counter[Shortage]
    costs: defaultdict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    most_points: int = 0
    """The most points of a minute so far."""

    def __post_init__(self) -> None:
        """Let the controller see main, and run in staging what is to wait for production."""
        self._look = sparing(wire(self.parts).look_at, self.github.pace.spare)
        self._made = 0
        self._merged: set[str] = set()
        self.open: dict[int, int] = {}
        """The pull requests that stay open, and which of them each is."""
        self.look("start", "start", "main")
        for agent in _AGENTS:
            path = f"environments/staging/{agent}.yaml"
            content = (PROJECT / path).read_bytes().replace(b"LOG_LEVEL: INFO", b"LOG_LEVEL: DEBUG")
            self._merge(self._propose(f"staging-{agent}", "omar-ops", path, content), "omar-ops")

    def look(self, kind: str, beside: str, *keys: str) -> None:
        """Look at `keys` and at all that follows; judgements are of `kind`, what else there is of `beside`.

        What is not sent for want of budget waits until there is more, and time passes.
        """
        for key in keys:
            self.queue.waiting.setdefault(key)
        if beside != kind:
            self.costs[beside].looks += 1
        while (taken := self.queue.take()) is not None:
            is_judgement = taken.startswith("pull/") and taken not in self._merged
            self._look_once(taken, self.costs[kind if is_judgement else beside])
            self.costs[kind].looks += is_judgement

    def _look_once(self, key: str, cost: Cost) -> None:
        while True:
            self.sandbox.faults.reset_counts()
            try:
                self._look(key)
                return
            except ShortageError as error:
                self.clock.pass_seconds(error.retry_after_seconds or 1.0)
            finally:
                self.most_points = max(self.most_points, self.github.pace.points())
                cost.add(self.sandbox.faults.counts())

    def open_one(self) -> None:
        """Open a pull request that stays open: to development, or every other one to production, which waits."""
        self._made += 1
        order = len(self.open) + 1
        self.open[self._propose(f"work-{order}", *self._edit(order))] = order

    def push_to(self, number: int) -> None:
        """Change what an open pull request does."""
        self._made += 1
        login, path, content = self._edit(self.open[number])
        self.sandbox.person(login, REPOSITORY).commit(f"work-{self.open[number]}", {path: content}, "Another thought")
        self.look("pushed", "pushed", f"pull/{number}")

    def review(self, number: int) -> None:
        """Have a review by somebody who owns what the pull request changes."""
        login = "rita-release" if _is_production(self.open[number]) else "omar-ops"
        self.sandbox.person(login, REPOSITORY).approve(number)
        self.look("reviewed", "reviewed", f"pull/{number}")

    def look_again(self, number: int) -> None:
        """Look at a pull request after a webhook that changed nothing."""
        self.look("nothing changed", "nothing changed", f"pull/{number}")

    def sweep(self) -> None:
        """Look at what changed, as the controller does every minute."""
        self.look("nothing changed", SWEEP, "changes")

    def push_elsewhere(self) -> None:
        """Push to a branch without a pull request."""
        self._made += 1
        files = {"notes.md": f"Note {self._made}\n".encode()}
        self.sandbox.person("dana-dev", REPOSITORY).commit(f"notes-{self._made}", files, "A note")

    def merge_one(self) -> None:
        """Open a pull request and merge it at once; then main is followed and everything is looked at, as on a push."""
        self._made += 1
        path = "environments/development/gha.yaml"
        self._merge(self._propose(f"merge-{self._made}", "dana-dev", path, self._replicas(path)), "dana-dev")

    def _merge(self, number: int, login: str) -> None:
        self.sandbox.person(login, REPOSITORY).merge(number)
        self._merged.add(f"pull/{number}")
        self.look("base moved", MERGE, f"pull/{number}", "main", "sweep")

    def _propose(self, branch: str, login: str, path: str, content: bytes) -> int:
        person = self.sandbox.person(login, REPOSITORY)
        number = person.open_pull_request(branch, {path: content}, "A change")
        self.look("opened", "opened", f"pull/{number}")
        return number

    def _edit(self, order: int) -> tuple[str, str, bytes]:
        agent = _AGENTS[order // 2 % len(_AGENTS)]
        path = f"environments/{'production' if _is_production(order) else 'development'}/{agent}.yaml"
        return "omar-ops" if _is_production(order) else "dana-dev", path, self._replicas(path)

    def _replicas(self, path: str) -> bytes:
        return (PROJECT / path).read_bytes().replace(b"replicas: 1", f"replicas: {2 + self._made % 4}".encode())


@contextmanager
def company(limit: int) -> Iterator[Company]:
    """Give a company whose installation has `limit` requests an hour."""
    clock, put_off, queue = VirtualClock(), Counter[Shortage](), MemoryQueue()
    people = PROJECT / "examples" / "directory.yaml"
    with (
        tempfile.TemporaryDirectory(prefix="dvo-bench-") as folder,
        Sandbox.running(Path(folder) / "sandbox", clock=clock.now, token_clock=clock.now) as sandbox,
        OpaServers(PROJECT / ".tools" / "opa") as engine,
        ThreadPoolExecutor(8) as pool,
    ):
        known = seed(sandbox.seeds, PROJECT, people, None)
        sandbox.world.rates.limit = limit
        github = GitHubApp(
            sandbox.api_url,
            known.app_id,
            known.private_key,
            REPOSITORY,
            now=clock.now,
            monotonic=clock.monotonic,
            put_off=lambda shortage: put_off.update([shortage]),
        )
        directory, target = FileDirectory(people), AnsweringDeployer()
        directory.load()
        parts = Parts(
            reader=GitHubReader(github, Path(folder) / "contents", clock=clock.monotonic),
            merge_queue=GitHubMergeQueue(github),
            conversation=GitHubConversation(github),
            proposer=GitHubProposer(github),
            writer=GitHubWriter(github, MemoryIndex()),
            issues=GitHubIssues(github),
            directory=directory,
            engine=engine,
            deployers={"process": target},
            agents=target,
            journal=MemoryJournal(queue),
            queue=queue,
            index=MemoryIndex(),
            ledger=MemoryLedger(),
            clock=clock,
            new_id=lambda: str(uuid.uuid4()),
            pool=pool,
        )
        yield Company(sandbox, clock, github, parts, queue, put_off)
        github.close()


def _is_production(order: int) -> bool:
    return order % 2 == 0


def _filled(template: str) -> str:
    """Return an address that `template` stands for."""
    parts = ("1" if part == "{pull_number}" or part == "{issue_number}" else part for part in template.split("/"))
    return "/".join(parts)
