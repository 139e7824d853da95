"""What went wrong with a key, how often in a row, and until when it is left alone.

An outside part that is down is waited for, ever longer, without end. Anything else is tried a
few times and then parked: others go on, a restart changes nothing, and after the parking time
the key gets another try. A look that succeeds clears the slate.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from controller.adapters.postgres.tables import SETBACKS
from controller.errors import StaleError, UnavailableError


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait after a setback, and how many to take."""

    first_seconds: float = 1.0
    longest_seconds: float = 300.0
    attempts: int = 5
    """How often something other than an outage may fail in a row."""
    parked_seconds: float = 3600.0

    def delay(self, attempts: int, error: BaseException) -> float:
        """Return how many seconds to wait after the `attempts`th setback: doubled each time, and jittered."""
        doubled = min(self.longest_seconds, self.first_seconds * float(1 << min(attempts - 1, 20)))
        asked = error.retry_after_seconds if isinstance(error, UnavailableError) else None
        return max(doubled * random.uniform(0.5, 1.0), asked or 0.0)  # noqa: S311 - spreads load, keeps no secret

    def is_exhausted(self, attempts: int, error: BaseException) -> bool:
        """Tell whether to park after the `attempts`th setback; an outage and a stale fact never park."""
        return attempts >= self.attempts and not isinstance(error, UnavailableError | StaleError)


def is_parked(connection: Connection, key: str) -> bool:
    """Tell whether `key` is to be left alone now."""
    query = select(SETBACKS.c.key).where(SETBACKS.c.key == key, SETBACKS.c.parked_until > func.now())
    return connection.execute(query).first() is not None


def count_setback(connection: Connection, key: str) -> int:
    """Note one more setback of `key`; return how many there were in a row."""
    first = insert(SETBACKS).values(key=key, attempts=1)
    again = first.on_conflict_do_update(index_elements=["key"], set_={"attempts": SETBACKS.c.attempts + 1})
    attempts: int = connection.execute(again.returning(SETBACKS.c.attempts)).scalar_one()
    return attempts


def park(connection: Connection, key: str, seconds: float) -> None:
    """Leave `key` alone for `seconds`; then it gets one try before it is parked again."""
    until = func.now() + timedelta(seconds=seconds)
    connection.execute(SETBACKS.update().where(SETBACKS.c.key == key).values(parked_until=until))


def clear_setbacks(connection: Connection, key: str) -> None:
    """Forget the setbacks of `key`."""
    connection.execute(delete(SETBACKS).where(SETBACKS.c.key == key))
