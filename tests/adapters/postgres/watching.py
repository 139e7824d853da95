"""What tests watch a worker with."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock

from sqlalchemy import text

from controller.adapters.postgres import Database, Pace, Patience, Trouble, Worker
from controller.errors import UnavailableError

QUICK = Pace(
    tick_seconds=0.05,
    tend_seconds=0.2,
    sweep_seconds=3600,
    heartbeat_seconds=0.3,
    stalled_seconds=1.5,
    patience=Patience(first_seconds=0.02, longest_seconds=0.1, attempts=3, parked_seconds=3600),
    apart_seconds={},
)


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at or datetime.now(UTC)


class Looks:
    """Remembers what was looked at; `fails` says what a look raises."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.troubles: list[Trouble] = []
        self.fails: dict[str, list[BaseException | None]] = {}
        self._lock = Lock()

    def __call__(self, key: str) -> None:
        with self._lock:
            self.seen.append(key)
            planned = self.fails.get(key)
            error = planned.pop(0) if planned else None
        if error is not None:
            raise error

    def count(self, key: str) -> int:
        return self.seen.count(key)


def eventually(holds: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


@contextmanager
def working(
    database: Database, look: Callable[[str], None], report: Callable[[Trouble], None], clock: SetClock | None = None,
    pace: Pace = QUICK,
) -> Iterator[Worker]:  # fmt: skip
    worker = Worker(database, look, report, clock or SetClock(), pace)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def is_healthy(worker: Worker) -> bool:
    try:
        worker.ping()
    except UnavailableError:
        return False
    return True


def rows(database: Database, query: str) -> int:
    with database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())
