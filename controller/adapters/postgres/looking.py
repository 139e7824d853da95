"""One look at one key, and what follows from how it ends.

This is the outermost frame of a job: whatever is raised here is counted, retried, parked or
reported, so no error is lost and none can stop the others. A fault of the ledger is the
exception: it stops the work altogether.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.queue import put_back, put_later, put_marks
from controller.adapters.postgres.setbacks import Patience, clear_setbacks, count_setback, is_parked, park
from controller.errors import LedgerIntegrityError
from controller.ports.clock import Clock
from controller.ports.journal import Mark

_SOONEST_SECONDS = 0.1
_LATEST_SECONDS = 5.0


class TroubleKind(StrEnum):
    """What the trouble means for the work."""

    RETRIED = "retried"
    PARKED = "parked"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A look that failed: at which key, the how-manieth time in a row, and what is done about it."""

    kind: TroubleKind
    key: str
    attempts: int
    error: BaseException


class WorkerLostError(Exception):
    """A job's worker ended in the middle of it."""


class Looker:
    """Looks at keys with the callable it was given."""

    def __init__(
        self,
        database: Database,
        look_at: Callable[[str], None],
        report: Callable[[Trouble], None],
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._database = database
        self._look_at = look_at
        self._report = report
        self._clock = clock
        self._patience = patience

    def look(self, key: str) -> bool:
        """Look at `key` unless it is parked; return whether the work may go on."""
        with self._database.transaction() as connection:
            if is_parked(connection, key):
                return True
        try:
            self._look_at(key)
        except LedgerIntegrityError as error:
            self.report(Trouble(TroubleKind.HALTED, key, 1, error))
            return False
        except Exception as error:  # noqa: BLE001 - the outermost frame of a job: counted, retried, parked, reported
            self.set_back(key, error)
            return True
        with self._database.transaction() as connection:
            clear_setbacks(connection, key)
        return True

    def put_back(self, key: str, seconds: float) -> None:
        """Have `key` looked at in so many seconds instead of now."""
        with self._database.transaction() as connection:
            put_back(connection, key, seconds=seconds)

    def wake(self, key: str, not_before: str | None) -> None:
        """Mark `key` now if its time has come on the controller's clock, else wait on."""
        due = None if not_before is None else datetime.fromisoformat(not_before)
        wait = 0.0 if due is None else (due - self._clock.now()).total_seconds()
        with self._database.transaction() as connection:
            if wait <= 0:
                put_marks(connection, [Mark(key)])
            else:
                seconds = min(max(wait, _SOONEST_SECONDS), _LATEST_SECONDS)
                put_later(connection, key, seconds=seconds, not_before=due)

    def set_back(self, key: str, error: BaseException) -> None:
        """Count a setback of `key` and arrange its next try; report it."""
        with self._database.transaction() as connection:
            trouble = self.next_try(connection, key, error)
        self.report(trouble)

    def next_try(self, connection: Connection, key: str, error: BaseException) -> Trouble:
        """Count a setback of `key` and arrange its next try, as part of a transaction; return what to report."""
        attempts = count_setback(connection, key)
        if self._patience.is_exhausted(attempts, error):
            park(connection, key, self._patience.parked_seconds)
            put_later(connection, key, seconds=self._patience.parked_seconds)
            return Trouble(TroubleKind.PARKED, key, attempts, error)
        put_later(connection, key, seconds=self._patience.delay(attempts, error))
        return Trouble(TroubleKind.RETRIED, key, attempts, error)

    def report(self, trouble: Trouble) -> None:
        """Tell of `trouble` to whoever was named for that."""
        self._report(trouble)
