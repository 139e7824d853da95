"""What judging a pull request costs: calls to the code host, counted there, and time.

Reads and writes for a pull request with three changed manifests, judged first and again,
calls for an event that cannot matter, and webhook to finished checks with 20 ms added to
every call. The world is the demo's: the controller as `serve` builds it, over HTTP.

Every look reads four things: the pull request, its reviews, the pushes to its branch, and the tip of
main, with which it is then compared unless that follows; of what did not change since, GitHub answers
304, which the hour's limit does not count. Seen first, the tree of its head is read too, and where
somebody approved, whether the pull request ever led to another base.

One that waits for approval has its approvals counted at every look, which takes three reads more about
each team that owns what it changes: its members, whether it is visible, and what it may do here; of an
owner who is a person, one. Those answers serve every pull request for a minute, so a company with ten
owning teams makes at most thirty such reads a minute, however many pull requests wait. Asking for
review is one write, once for an effect. An approval that makes it green takes at most three writes:
both checks, and the comment that goes away.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure
from controller.compose.demo import REPOSITORY, DemoWorld, demo_world
from controller.sandbox.faults import Counts

_PROJECT = Path(__file__).resolve().parents[1]
_TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
_MANIFESTS = [f"environments/development/{agent}.yaml" for agent in ("anl", "gha", "orc")]
_STAGING = "environments/staging/anl.yaml"
_PRODUCTION = "environments/production/anl.yaml"
_CHECKS = ("dvo/policy", "dvo/approval")
_ROUNDS = 12
_DEADLINE_SECONDS = 30.0
_LATENCY_MS = 20.0


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure as it is known."""
    with tempfile.TemporaryDirectory(prefix="dvo-bench-") as folder, demo_world(Path(folder), _PROJECT) as world:
        world.move_clock(_TUESDAY)
        bench = _Bench(world)
        bench.judge_one(0)  # main's trees, the policies and the first OPA are known from here on
        yield from bench.counts()
        yield from bench.times()


class _Bench:
    def __init__(self, world: DemoWorld) -> None:
        self._world = world
        self._faults = world.sandbox.faults
        self._outbox = world.sandbox.outbox
        owner, _, name = REPOSITORY.partition("/")
        self._repository = world.sandbox.world.repository(owner, name)
        self._dana, self._omar, self._rita = map(world.person, ("dana-dev", "omar-ops", "rita-release"))
        self._pull, self._waits = 0, 0

    def counts(self) -> Iterator[Figure]:
        first = self._quietly(lambda: self.judge_one(1))
        blobs = sum(count for route, count in first.by_route.items() if "/git/blobs/" in route)
        yield Figure("first judgement: reads beside changed blobs", first.reads - blobs, "calls", 6)
        yield Figure("first judgement: reads of changed blobs", blobs, "calls", 3)
        yield Figure("first judgement: writes", first.writes, "calls", 3)
        again = self._quietly(self._judge_again)
        yield Figure("judged again: reads", again.reads, "calls", 4)
        yield Figure("judged again: writes", again.writes, "calls", 0)
        self._bring_to_staging()
        yield from self._waiting()
        nothing = self._quietly(self._event_that_cannot_matter)
        yield Figure("event that cannot matter: calls", nothing.reads + nothing.writes, "calls", 0)

    def _waiting(self) -> Iterator[Figure]:
        """Tell what a change of production reads that waits for approval: seen first, again, and once approved."""
        first = self._quietly(self._open_waiting)
        blobs = sum(count for route, count in first.by_route.items() if "/git/blobs/" in route)
        owners = sum(count for route, count in first.by_route.items() if "/orgs/" in route)
        seen = first.reads - blobs - owners
        yield Figure("waits for approval, first: reads beside changed blobs and owners", seen, "calls", 6)
        yield Figure("waits for approval, first: reads of its owning team, if not known of late", owners, "calls", 3)
        yield Figure("waits for approval, first: writes", first.writes, "calls", 4)
        again = self._quietly(self._judge_again)
        yield Figure("waits for approval, judged again: reads", again.reads, "calls", 4)
        approved = self._quietly(self._approve)
        yield Figure("waits for approval, approved: reads", approved.reads, "calls", 6)
        yield Figure("waits for approval, approved: writes", approved.writes, "calls", 3)

    def times(self) -> Iterator[Figure]:
        seconds = [self.judge_one(2 + number, latency_ms=_LATENCY_MS) for number in range(_ROUNDS)]
        yield Figure(
            f"webhook to finished checks, +{_LATENCY_MS:.0f} ms a call, median", _median_ms(seconds), "ms", 250
        )
        seconds = [self.judge_one(2 + _ROUNDS + number) for number in range(_ROUNDS)]
        yield Figure("webhook to finished checks, no added latency, median", _median_ms(seconds), "ms", None)

    def judge_one(self, number: int, *, latency_ms: float = 0.0) -> float:
        """Open a pull request with three changed manifests; return the seconds from its webhook to its checks."""
        self._outbox.hold()
        pull = self._dana.open_pull_request(f"bench-{number}", self._edits(number), f"Bench {number}")
        head = self._repository.pulls[pull].head_sha
        self._faults.reset_counts()
        self._faults.latency_ms = latency_ms
        started = time.perf_counter()
        self._outbox.release()
        self._until(lambda: self._is_checked(head))
        seconds = time.perf_counter() - started
        self._faults.latency_ms = 0.0
        self._settle()
        return seconds

    def _judge_again(self) -> None:
        opened = next(delivery for delivery in reversed(self._outbox.log) if delivery.action == "opened")
        self._faults.reset_counts()
        self._outbox.redeliver(opened, self._world.sandbox.world.next_id())
        self._looked_at()

    def _bring_to_staging(self) -> None:
        """Let the analyst's release run in staging, without which nothing of it may wait for production."""
        content = (_PROJECT / _STAGING).read_bytes().replace(b"LOG_LEVEL: INFO", b"LOG_LEVEL: DEBUG")
        pull = self._omar.open_pull_request("staging", {_STAGING: content}, "Bring it to staging")
        self._until(lambda: self._is_checked(self._repository.pulls[pull].head_sha))
        merge = self._omar.merge(pull)
        self._until(lambda: "dvo/deploy" in self._done(merge))

    def _open_waiting(self) -> None:
        """Open a pull request to production, which nobody has approved."""
        self._waits += 1
        self._outbox.hold()
        content = (_PROJECT / _PRODUCTION).read_bytes().replace(b"replicas: 1", f"replicas: {self._waits + 1}".encode())
        self._pull = self._omar.open_pull_request(f"waits-{self._waits}", {_PRODUCTION: content}, "Bench, waiting")
        self._faults.reset_counts()
        self._outbox.release()
        self._until(lambda: self._is_checked(self._repository.pulls[self._pull].head_sha))
        self._settle()

    def _approve(self) -> None:
        """Approve it, as its owner."""
        self._outbox.hold()
        self._rita.approve(self._pull)
        self._faults.reset_counts()
        self._outbox.release()
        self._looked_at()

    def _event_that_cannot_matter(self) -> None:
        """Push to a branch without a pull request."""
        self._outbox.hold()
        self._dana.commit(f"elsewhere-{time.monotonic_ns()}", {"notes.md": b"nothing governed"}, "A note")
        self._faults.reset_counts()
        self._outbox.release()
        self._settle()

    def _quietly(self, act: Callable[[], object]) -> Counts:
        """Return what was called because of `act`, in a moment without a sweep, which would look a second time."""
        while True:
            act()
            counts = self._faults.counts()
            is_swept = any(route.endswith("/pulls") and route.startswith("GET") for route in counts.by_route)
            looks = sum(count for route, count in counts.by_route.items() if route.endswith("/reviews"))
            if not is_swept and looks <= 1:
                return counts

    def _edits(self, number: int) -> Mapping[str, bytes]:
        return {
            path: (_PROJECT / path).read_bytes().replace(b"replicas: 1", f"replicas: {2 + number % 7}".encode())
            for path in _MANIFESTS
        }

    def _is_checked(self, head: str) -> bool:
        return self._done(head) >= set(_CHECKS)

    def _done(self, commit: str) -> set[str]:
        runs = [run for run in list(self._repository.check_runs.values()) if run.suite.head_sha == commit]
        return {run.name for run in runs if run.conclusion is not None}

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the controller did not finish its checks")
            time.sleep(0.002)

    def _looked_at(self) -> None:
        """Wait until a look, which reads something in any case, was made and is over."""
        self._until(lambda: sum(self._faults.counts().by_route.values()) > 0)
        self._settle()

    def _settle(self) -> None:
        """Wait until nothing is delivered and nothing called for a while."""
        self._outbox.settle()
        quiet, last = time.monotonic(), -1
        while time.monotonic() - quiet < 0.5:
            now = sum(self._faults.counts().by_route.values())
            if now != last:
                quiet, last = time.monotonic(), now
            time.sleep(0.02)


def _median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000
