"""The journal in PostgreSQL."""

from threading import Thread

import pytest
from sqlalchemy import text

from controller.adapters.postgres import Database, PostgresJournal
from controller.errors import LedgerIntegrityError
from controller.ledger.chain import chain
from controller.ledger.event import EventType
from controller.ports.journal import Mark
from tests.contracts.journal import JournalContract
from tests.fakes.events import sample_events


@pytest.fixture
def journal(database: Database) -> PostgresJournal:
    return PostgresJournal(database)


class TestPostgresJournal(JournalContract):
    """See the fixtures above and in conftest.py."""


def test_an_event_changed_in_the_table_stops_everything(database: Database, journal: PostgresJournal) -> None:
    (event,) = sample_events(1)
    journal.record([event])
    assert journal.unsealed(1) == (event,)
    with database.transaction() as connection:
        connection.execute(text("UPDATE journal SET event = event || ' '"))
    with pytest.raises(LedgerIntegrityError):
        journal.unsealed(1)


def test_an_event_that_commits_late_is_not_skipped(database: Database, journal: PostgresJournal) -> None:
    """Position is not commit order: what was sealed meanwhile hides nothing."""
    late, early = sample_events(2)
    with database.transaction() as connection:
        connection.execute(text("SELECT nextval(pg_get_serial_sequence('journal', 'position'))"))
        journal.record([early])
        journal.mark_sealed(chain([early], None))
    journal.record([late])
    assert journal.unsealed(10) == (late,)


def test_many_writers_lose_nothing(journal: PostgresJournal) -> None:
    shares = [sample_events(20, 1 + 20 * writer) for writer in range(8)]

    def write(events: tuple[object, ...]) -> None:
        for each in events:
            journal.record([each], [Mark("seal"), Mark("pull/1"), Mark("pull/2")])  # type: ignore[list-item]  # events

    writers = [Thread(target=write, args=(share,)) for share in shares]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = journal.find(frozenset(EventType))
    assert sorted(found, key=lambda each: each.id) == list(sample_events(160))
