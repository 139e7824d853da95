"""What is done beside the looks: waking, taking over what was left behind, marking the sweep.

A job is left behind when its worker died, when its worker lost the database before it could
say how the job ended, or when even counting its setback failed. Each gets a new look.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.looking import Looker, WorkerLostError
from controller.adapters.postgres.queue import QUEUE, WAKE, PostgresWorkQueue, put_marks
from controller.adapters.postgres.setbacks import Patience
from controller.ports.clock import Clock
from controller.ports.journal import Mark

_RELEASE = text("DELETE FROM procrastinate_jobs WHERE id = :id AND status <> 'todo' RETURNING id")
_HELD = text("SELECT id, task_name, args->>'key' AS key FROM procrastinate_jobs"
             " WHERE queue_name = :queue AND status = 'doing' AND worker_id = :worker")  # fmt: skip
_ENDED_BADLY = text("SELECT id, task_name, args->>'key' AS key FROM procrastinate_jobs"
                    " WHERE queue_name = :queue AND status NOT IN ('todo', 'doing')")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """How many jobs at once, and how often what is done."""

    concurrency: int = 8
    tick_seconds: float = 1.0
    """How often timers are compared with the clock, and the queue is asked even when nothing was heard of it."""
    tend_seconds: float = 5.0
    sweep_seconds: float = 60.0
    heartbeat_seconds: float = 5.0
    stalled_seconds: float = 20.0
    """A worker silent for so long is taken for dead."""
    stop_seconds: float = 30.0
    """How long to wait for running looks when stopping."""
    patience: Patience = field(default_factory=Patience)
    apart_seconds: Mapping[str, float] = field(default_factory=lambda: {"pull": 1.0})
    """How far apart looks at one key are at least, by the kind of key."""


@dataclass(frozen=True, slots=True)
class LeftJob:
    """A job nobody works on any more."""

    id: int
    task: str
    key: str


class Tender:
    """Tends the queue for one worker."""

    def __init__(self, database: Database, looker: Looker, clock: Clock, pace: Pace) -> None:
        self._database = database
        self._queue = PostgresWorkQueue(database)
        self._looker = looker
        self._clock = clock
        self._pace = pace
        self._next_sweep = float("-inf")
        self._sweep = "sweep"
        self._unexplained: dict[int, float] = {}

    def wake_and_sweep(self) -> None:
        """Mark what is due on the controller's clock, and a sweep when it is its turn: the first of everything.

        Raises `UnavailableError`.
        """
        self._queue.wake_due(self._clock.now())
        if time.monotonic() >= self._next_sweep:
            self._queue.mark([Mark(self._sweep)])
            self._sweep = "changes"
            self._next_sweep = time.monotonic() + self._pace.sweep_seconds

    def take_over(self, stalled: Iterable[LeftJob], worker: int | None, is_running: Callable[[int], bool]) -> None:
        """Give `stalled` jobs, those that ended badly and those `worker` lost track of a new look."""
        with self._database.transaction() as connection:
            ended = [LeftJob(*row) for row in connection.execute(_ENDED_BADLY, {"queue": QUEUE})]
            held = [LeftJob(*row) for row in connection.execute(_HELD, {"queue": QUEUE, "worker": worker})]
        lost = self._long_unexplained([job for job in held if not is_running(job.id)])
        for job in {job.id: job for job in [*stalled, *ended, *lost]}.values():
            self._look_again(job)

    def _long_unexplained(self, held: list[LeftJob]) -> list[LeftJob]:
        """Return those of `held` seen so for long: between fetching a job and running it lies a moment."""
        now = time.monotonic()
        self._unexplained = {job.id: self._unexplained.get(job.id, now) for job in held}
        return [job for job in held if now - self._unexplained[job.id] >= self._pace.stalled_seconds]

    def _look_again(self, job: LeftJob) -> None:
        trouble = None
        with self._database.transaction() as connection:
            if connection.execute(_RELEASE, {"id": job.id}).first() is None:
                return
            if job.task == WAKE:
                put_marks(connection, [Mark(job.key)])
            else:
                error = WorkerLostError(f"a worker ended while looking at {job.key}")
                trouble = self._looker.next_try(connection, job.key, error)
        if trouble is not None:
            self._looker.report(trouble)
