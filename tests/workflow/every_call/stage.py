"""A sandbox to which every story comes back as it stood, so that each call of a look can go wrong once.

What the controller keeps is made again each time from the ledger, as after the loss of its database, and
its hands know nothing; what people did, and what was written on the page, is put back as it was.
"""

import copy
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import Response

from controller.adapters.github.exchange import Patience
from controller.change.names import CommitSha
from controller.decision.check import Conclusion
from controller.desired_state.manifest import Key
from controller.ledger.event import Entry, EventType
from controller.ports.policy_engine import PolicyEngine
from controller.sandbox.faults import Fault, Faults
from controller.sandbox.records import Repository
from tests.fakes.agents import AnsweringDeployer
from tests.workflow.every_call.troubles import Call, recording
from tests.workflow.histories.sandbox_host import ORGANIZATION, SandboxHost
from tests.workflow.world import World

HASTY = Patience(connect_seconds=2, read_seconds=0.3, total_seconds=3, retries=0)
CALM = Patience(connect_seconds=10, read_seconds=10, total_seconds=30, retries=0)
"""Nothing is repeated by the connection, so that one fault is enough."""
PAUSE = timedelta(seconds=6)
"""After trouble everything is looked at three times, at such a distance; together less than main's patience."""
A_WHILE = 61.0
"""Seconds after which GitHub may be asked again, whatever it asked for."""


@dataclass(frozen=True)
class Moment:
    """How everything stood."""

    now: datetime
    repository: Mapping[str, object]
    refs: Mapping[str, str]
    ledger: tuple[tuple[Entry, ...], ...]
    target: AnsweringDeployer
    answers: Mapping[str, tuple[Response, ...]]


@dataclass(frozen=True)
class Outcome:
    """What a look led to."""

    shown: Mapping[tuple[str, str], str | None]
    """The conclusion of each check of each tree; None while it is in progress."""
    ever_green: frozenset[tuple[str, str]]
    running: Mapping[Key, str]
    """The plan of what runs, by key."""
    started: int
    validated: frozenset[tuple[str, object]]
    refused: frozenset[str]
    pulls: int
    comments: Mapping[int, int]

    def beyond(self, deserved: "Outcome") -> list[str]:
        """Return what was granted beyond what was `deserved`."""
        runs = {key: plan for key, plan in self.running.items() if deserved.running.get(key) != plan}
        greens, validated = self.ever_green - deserved.ever_green, self.validated - deserved.validated
        return [
            f"{what}, undeserved: {each}"
            for what, each in (("green", greens), ("runs", runs), ("valid", validated))
            if each
        ]

    def other_than(self, wanted: "Outcome") -> list[str]:
        """Return in what it differs from what it should be in the end, whatever went wrong in between."""
        names = ("shown", "running", "started", "validated", "refused", "pulls", "comments")
        pairs = [(name, getattr(self, name), getattr(wanted, name)) for name in names]
        return [f"{name}: {_difference(own, right)}" for name, own, right in pairs if own != right]


def _difference(own: object, right: object) -> str:
    if isinstance(own, Mapping) and isinstance(right, Mapping):
        keys = [key for key in own.keys() | right.keys() if own.get(key) != right.get(key)]
        return ", ".join(f"{key}: expected {right.get(key)}, got {own.get(key)}" for key in keys)
    return f"expected {right}, got {own}"


@dataclass
class Stage:
    """The sandbox, the controller on it, and how often each call is made."""

    engine: PolicyEngine
    pool: Executor
    folder: Path

    def __post_init__(self) -> None:
        self.host = SandboxHost(self.folder, agents=("anl", "gha"))
        self.world = World(self.engine, self.pool, host=self.host)
        self.faults.answers = {}
        self.seconds = 0.0
        self.wake()

    @property
    def faults(self) -> Faults:
        return self.host.sandbox.faults

    @property
    def repository(self) -> Repository:
        return self.host.sandbox.world.repository(ORGANIZATION, "agents")

    def wake(self, contents: str = "contents") -> None:
        """Let a controller begin that remembers nothing but what file contents the folder holds."""
        self.host.close_hands()
        self.app = self.host.take_hands(self.folder / contents, monotonic=lambda: self.seconds, patience=CALM)
        self.world.workflows = self.world.wired()

    def moment(self) -> Moment:
        """Return how everything stands."""
        self.world.look("seal")
        with self.host.sandbox.world.lock:
            kept = _copied(self.repository, self._shared())
        refs = self.repository.store.refs()
        ledger, target = tuple(self.world.ledger.sealed), self.world.target.twin()
        return Moment(
            max(self.world.clock.now(), self.host.now), kept, refs, ledger, target, dict(self.faults.answers or {})
        )

    def back_to(self, moment: Moment, contents: str = "contents") -> None:
        """Let everything stand as it did, and the controller begin anew."""
        repository = self.repository
        with self.host.sandbox.world.lock:
            for name, value in copy.deepcopy(moment.repository, self._shared()).items():
                setattr(repository, name, value)
        for ref in repository.store.refs().keys() | moment.refs.keys():
            if repository.store.refs(ref).get(ref) != moment.refs.get(ref):
                repository.store.move(ref, moment.refs.get(ref))
        self.faults.answers = dict(moment.answers)
        self.world.travel(moment.now)
        self.world.ledger.sealed = list(moment.ledger)
        self.world.target = moment.target.twin()
        self.world.failures.clear()
        self.wake(contents)
        self.world.lose_database()

    def look(self, *keys: str) -> None:
        self.world.look(*keys)

    def recorded(self, *keys: str) -> tuple[Call, ...]:
        """Look at `keys` and return every call that was made."""
        with recording(urlsplit(self.host.sandbox.url).netloc) as calls:
            self.look(*keys)
        return tuple(calls)

    def troubled(self, fault: Fault, *keys: str) -> bool:
        """Look with trouble, at `keys` and at what failed before; tell whether the trouble befell anything."""
        self.faults.plan(fault)
        self.app.patience = HASTY if fault.delay_ms else CALM
        self.seconds += A_WHILE
        self.look(*dict.fromkeys((*keys, *(key for key, _ in self.world.failures))))
        self.app.patience = CALM
        self.faults.clear()
        assert self.faults.settle()
        return fault.times == 0

    def recover(self, *keys: str) -> None:
        """Look again, as the work queue and the sweep do, once GitHub may be asked again."""
        for more in keys, ("sweep",), ("sweep",):
            self.seconds += A_WHILE
            self.world.travel(self.world.clock.now() + PAUSE)
            self.look(*dict.fromkeys((*more, *(key for key, _ in self.world.failures))))

    def outcome(self) -> Outcome:
        """Return what there is to see now."""
        world = self.world
        with self.host.sandbox.world.lock:
            runs = sorted(self.repository.check_runs.values(), key=lambda run: run.id)
            comments = Counter(comment.number for comment in self.repository.comments.values())
            pulls = len(self.repository.pulls)
        return Outcome(
            shown={(self._tree(run.suite.head_sha), run.name): run.conclusion for run in runs},
            ever_green=frozenset(
                (run.suite.head_sha, run.name) for run in runs if run.conclusion == Conclusion.SUCCESS
            ),
            running={key: live.plan for key, live in world.target.everything().items()},
            started=world.target.count("started"),
            validated=frozenset(
                (event.subject, event.details["commit"]) for event in world.events(EventType.DEPLOY_VALIDATED)
            ),
            refused=frozenset(event.subject for event in world.events(EventType.DEPLOY_REFUSED)),
            pulls=pulls,
            comments=comments,
        )

    def _tree(self, commit: str) -> str:
        """Return what a commit says is there; that of a restoration is another whenever it is made."""
        return self.host.objects.commits[CommitSha(commit)].tree

    def _shared(self) -> dict[int, object]:
        """Return what a copy shares with the original, as `deepcopy` wants to know it."""
        world = self.host.sandbox.world
        same = [self.repository, self.repository.store, *world.accounts.values(), *world.teams.values()]
        return {id(one): one for one in same}


def _copied(repository: Repository, shared: dict[int, object]) -> dict[str, object]:
    kept = {each.name: getattr(repository, each.name) for each in fields(repository)}
    return copy.deepcopy(kept, shared)
