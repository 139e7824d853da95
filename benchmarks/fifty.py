"""From webhook to finished checks with 50 pull requests at once, and what bounds it.

The controller as `serve` builds it (embedded PostgreSQL, a worker that looks at eight keys at once, OPA)
against the sandbox with 20 ms added to every call. All webhooks are held back and then delivered
together; a pull request is finished when both its checks are, and its time begins with the first
delivery. They take nearly all the points that our pace gives within a minute, so the round begins a
calm minute after the first look at main, which reads much; what is put off into the next minute all
the same is counted, and is then what the p99 tells of.

What bounds it is sampled: every 5 ms each thread that looks at a key is asked where it is, and the
time goes to the innermost part that it is in or waits for. A thread that waits for Python's
interpreter counts where it goes on, so a busy process lengthens every share; how busy it is stands
beside them. The sandbox runs in the same process and is part of that, as a GitHub elsewhere is not.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from benchmarks.figure import Figure
from controller.adapters.github.pacing import POINTS_A_MINUTE
from controller.compose.demo import REPOSITORY, DemoWorld, demo_world
from controller.sandbox.records import Repository

_PROJECT = Path(__file__).resolve().parents[1]
_TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
_FILES = tuple(f"environments/development/{agent}.yaml" for agent in ("anl", "gha", "orc"))
_CHECKS = frozenset({"dvo/policy", "dvo/approval"})
_AT_ONCE = 50
_LATENCY_MS = 20.0
_NAME = f"{_AT_ONCE} at once, +{_LATENCY_MS:.0f} ms a call: webhook to finished checks"
_DEADLINE_SECONDS = 90.0
_CALM_SECONDS = 61.0
_PUT_OFF_SECONDS = 30.0
"""Whoever takes longer waited for the next minute's points."""
_LOOK = "adapters/postgres/looking.py"
_OWN = "our own process"
_SAMPLES = "samples"
_PARTS = {
    "controller/workflow/seal.py": "sealing, and waiting for it",
    "controller/adapters/git_ledger/": "sealing, and waiting for it",
    "controller/adapters/opa/": "OPA",
    "controller/adapters/github/": "GitHub",
    "concurrent/futures/_base.py": "GitHub",  # only reads and writes of GitHub are waited for on the pool
    "controller/adapters/postgres/": "PostgreSQL",
}


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure."""
    with tempfile.TemporaryDirectory(prefix="dvo-bench-") as folder, demo_world(Path(folder), _PROJECT) as world:
        world.move_clock(_TUESDAY)
        crowd = _Crowd(world)
        crowd.round(1, 0.0)  # main's trees, the policies and OPA are known from here on
        time.sleep(_CALM_SECONDS)
        where: Counter[str] = Counter()
        with _sampled(where):
            seconds = crowd.round(_AT_ONCE, _LATENCY_MS)
        yield Figure(f"{_NAME}, median", statistics.median(seconds), "s")
        yield Figure(f"{_NAME}, p99", statistics.quantiles(seconds, n=100)[98], "s")
        put_off = sum(each > _PUT_OFF_SECONDS for each in seconds)
        yield Figure("fifty at once: put off into the next minute", put_off, "pull requests")
        yield from _bounds(where)
        yield Figure("fifty at once: processors this process used, mean", crowd.processor / max(seconds), "")
        yield Figure(f"fifty at once: points at GitHub, of {POINTS_A_MINUTE} a minute", crowd.points, "points")


def _bounds(where: Mapping[str, int]) -> Iterator[Figure]:
    """Tell where the looks of a round were."""
    looks = sum(count for part, count in where.items() if part != _SAMPLES)
    for part in dict.fromkeys((*_PARTS.values(), _OWN)):
        yield Figure(f"fifty at once: of all looks' time, {part}", 100 * where.get(part, 0) / max(looks, 1), "%")
    yield Figure("fifty at once: looks at the same time, mean of 8", looks / max(where.get(_SAMPLES, 0), 1), "")


class _Crowd:
    def __init__(self, world: DemoWorld) -> None:
        self._dana = world.person("dana-dev")
        self._faults, self._outbox = world.sandbox.faults, world.sandbox.outbox
        owner, _, name = REPOSITORY.partition("/")
        self._repository: Repository = world.sandbox.world.repository(owner, name)
        self._made = 0
        self.processor = 0.0
        """Seconds that all threads of this process computed in the last round."""
        self.points = 0
        """What the calls of the last round cost of the minute's limit."""

    def round(self, many: int, latency_ms: float) -> list[float]:
        """Open `many` pull requests, deliver all webhooks at once; return the seconds until each was finished."""
        heads = self._opened(many)
        self._faults.latency_ms = latency_ms
        self._faults.reset_counts()
        processor, started, seconds = time.process_time(), time.perf_counter(), []
        self._outbox.release()
        while heads:
            finished = heads & self._finished()
            now = time.perf_counter() - started
            seconds += [now] * len(finished)
            heads -= finished
            if now > _DEADLINE_SECONDS:
                raise TimeoutError(f"{len(heads)} of {many} pull requests were not finished within {now:.0f} s")
            time.sleep(0.005)
        self.processor = time.process_time() - processor
        counts = self._faults.counts()
        self.points = counts.reads + 5 * counts.writes
        self._faults.latency_ms = 0.0
        self._outbox.settle()
        return seconds

    def _opened(self, many: int) -> set[str]:
        """Return the heads of `many` new pull requests that no sweep has come upon."""
        while True:
            self._outbox.hold()
            heads = {self._open_one() for _ in range(many)}
            judged = {run.suite.head_sha for run in list(self._repository.check_runs.values())}
            if not heads & judged:
                return heads
            self._outbox.release()
            self._outbox.settle()

    def _open_one(self) -> str:
        """Return the head of a new pull request, one of its own: its message has a number."""
        self._made += 1
        replicas = f"replicas: {2 + self._made % 7}".encode()
        edits = {path: (_PROJECT / path).read_bytes().replace(b"replicas: 1", replicas) for path in _FILES}
        number = self._dana.open_pull_request(f"crowd-{self._made}", edits, f"Number {self._made}")
        return self._repository.pulls[number].head_sha

    def _finished(self) -> set[str]:
        runs = [run for run in list(self._repository.check_runs.values()) if run.conclusion is not None]
        named = Counter(head for head, name in {(run.suite.head_sha, run.name) for run in runs} if name in _CHECKS)
        return {head for head, count in named.items() if count == len(_CHECKS)}


@contextmanager
def _sampled(where: Counter[str]) -> Iterator[None]:
    """Count every 5 ms, while the block lasts, where each look is; samples without a look are not counted."""
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.005):
            looks = [part for part in map(_part, sys._current_frames().values()) if part is not None]  # noqa: SLF001
            where.update(looks)
            where[_SAMPLES] += bool(looks)

    thread = threading.Thread(target=sample, name="sampler")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _part(frame: FrameType | None) -> str | None:
    """Return the innermost part a look is in; None when the thread looks at nothing."""
    found = None
    while frame is not None:
        file = frame.f_code.co_filename
        if file.endswith(_LOOK) and frame.f_code.co_name == "look":
            return found or _OWN
        if found is None:
            found = next((part for place, part in _PARTS.items() if place in file), None)
        frame = frame.f_back
    return None
