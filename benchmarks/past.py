"""What it takes to read the past that every judgement asks for, when 10,000 events are in it.

Releases, deployments and refusals in the real database, read by one controller for the first time and again.
"""

import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figure import Figure
from controller.adapters.postgres import Database, PostgresJournal, embedded_postgres, migrate
from controller.ledger.event import Event, EventType

EVENTS = 10_000
_TOLD = frozenset({EventType.RELEASE_PUBLISHED, EventType.DEPLOY_COMPLETED, EventType.DEPLOY_REFUSED})
_START = datetime(2027, 1, 1, tzinfo=UTC)
_BATCH = 500
_ROUNDS = 5


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure."""
    with tempfile.TemporaryDirectory(prefix="dvo-") as home, embedded_postgres(Path(home)) as url:
        database = Database(url)
        migrate(database)
        journal = PostgresJournal(database)
        for start in range(0, EVENTS, _BATCH):
            journal.record([_event(number) for number in range(start, start + _BATCH)])
        first = _seconds(journal)
        again = statistics.median(_seconds(journal) for _ in range(_ROUNDS))
        database.close()
    yield Figure(f"{EVENTS:,} events of the past, read first", 1000 * first, "ms")
    yield Figure(f"{EVENTS:,} events of the past, read again", 1000 * again, "ms")
    yield Figure("read again, of what reading first takes", 100 * again / first, "%", 30)


def _seconds(journal: PostgresJournal) -> float:
    started = time.perf_counter()
    found = journal.find(_TOLD)
    seconds = time.perf_counter() - started
    if len(found) != EVENTS:
        raise ValueError(f"expected {EVENTS} events, found {len(found)}")
    return seconds


def _event(number: int) -> Event:
    """Return an event as large as that of a deployment."""
    digest = f"sha256:{number:064x}"
    details = {
        **{"position": number, "pull": number, "commit": f"{number:040x}", "tree": f"{number:040x}"},
        **{"plan": digest, "bundle": digest, "release": digest, "version": "1.0.0", "tier": "production"},
        **{"intent": digest, "instance": f"anl-{number}", "endpoint": "http://127.0.0.1:8080"},
        "message": "1.0.0 is healthy at http://127.0.0.1:8080",
    }
    at = _START + timedelta(minutes=number)
    return Event(str(uuid.uuid4()), EventType.DEPLOY_COMPLETED, at, "dvo", "production/ANL", details=details)
