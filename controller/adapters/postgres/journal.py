"""The journal in PostgreSQL: events and the marks that follow from them in one transaction.

``position`` is the order of arrival, not of commit: an event that commits late with a small
position is not yet sealed, so it is found and sealed later, never skipped. The order that
counts is the ledger's; until an event has a sequence there, its position stands in for it.
"""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.queue import put_marks
from controller.adapters.postgres.tables import JOURNAL
from controller.errors import InputError, LedgerIntegrityError
from controller.ledger.entry import admissible, event_bytes, read_event
from controller.ledger.event import Entry, Event, EventType
from controller.ports.journal import Mark

_IN_ORDER = (JOURNAL.c.sequence.asc().nulls_last(), JOURNAL.c.position)


class PostgresJournal:
    """Implements `Journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        """Commit `events`, redacted, and `marks` together.

        Raises `InputError` for an event that no entry could hold, and `UnavailableError`.
        """
        rows = [_row(admissible(event)) for event in events]
        with self._database.transaction() as connection:
            if rows:
                connection.execute(insert(JOURNAL).on_conflict_do_nothing(index_elements=["id"]), rows)
            put_marks(connection, marks)

    def find(self, types: frozenset[EventType], subject: str | None = None) -> tuple[Event, ...]:
        """Return the events of `types` (about `subject`, when given), oldest first, sealed or not."""
        query = select(JOURNAL.c.event).where(JOURNAL.c.type.in_(sorted(types))).order_by(*_IN_ORDER)
        if subject is not None:
            query = query.where(JOURNAL.c.subject == subject)
        with self._database.transaction() as connection:
            return tuple(_event(text) for text in connection.execute(query).scalars())

    def unsealed(self, limit: int) -> tuple[Event, ...]:
        """Return up to `limit` events that are not in the ledger yet, oldest first."""
        query = select(JOURNAL.c.event).where(JOURNAL.c.sequence.is_(None)).order_by(JOURNAL.c.position).limit(limit)
        with self._database.transaction() as connection:
            return tuple(_event(text) for text in connection.execute(query).scalars())

    def mark_sealed(self, entries: Sequence[Entry]) -> None:
        """Note that `entries` are in the ledger; also imports those the journal did not know.

        Raises `LedgerIntegrityError` when the journal knows one of them at another place, or
        another event at one of their places.
        """
        if not entries:
            return
        with self._database.transaction() as connection:
            noted = _note_sealed(connection, entries)
            if missing := [entry.sequence for entry in entries if entry.event.id not in noted]:
                raise LedgerIntegrityError(
                    f"expected the journal to hold the ledger's entries {missing[:5]} as the ledger does, "
                    "found their events sealed elsewhere"
                )

    def last_sealed(self) -> Entry | None:
        """Return the newest sealed entry the journal knows."""
        query = (
            select(JOURNAL.c.sequence, JOURNAL.c.previous, JOURNAL.c.digest, JOURNAL.c.event)
            .where(JOURNAL.c.sequence.is_not(None))
            .order_by(JOURNAL.c.sequence.desc())
            .limit(1)
        )
        with self._database.transaction() as connection:
            found = connection.execute(query).one_or_none()
        return None if found is None else _entry(found)


def _row(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type.value,
        "subject": event.subject,
        "at": event.at,
        "event": event_bytes(event).decode("utf-8"),
    }


def _event(text: str) -> Event:
    """Return a recorded event; one that was changed in the table stops everything."""
    return _understood(text) if len(text) > _LONGEST_REMEMBERED else _remembered(text)


def _understood(text: str) -> Event:
    try:
        return read_event(text.encode("utf-8"))
    except InputError as error:
        raise LedgerIntegrityError(f"expected an event as it was recorded in the journal: {error}") from error


# Every judgement reads the same past, and understanding it takes ten times longer than reading it. A text says
# all of its event, so one that was changed in the table is another text. What is long is of one pull request only.
_remembered = lru_cache(maxsize=20_000)(_understood)
_LONGEST_REMEMBERED = 4_000


def _entry(row: Row[int, str, str, str]) -> Entry:
    return Entry(sequence=row.sequence, previous=row.previous, event=_event(row.event), digest=row.digest)


def _note_sealed(connection: Connection, entries: Sequence[Entry]) -> set[str]:
    """Write where the ledger holds `entries`; return the ids of those the journal could agree to."""
    rows = [
        _row(entry.event) | {"sequence": entry.sequence, "previous": entry.previous, "digest": entry.digest}
        for entry in entries
    ]
    new = insert(JOURNAL).values(rows)
    changed = {
        name: new.excluded[name] for name in ("type", "subject", "at", "event", "sequence", "previous", "digest")
    }
    agreed = JOURNAL.c.sequence.is_(None) | (JOURNAL.c.digest == new.excluded.digest)
    statement = new.on_conflict_do_update(index_elements=["id"], set_=changed, where=agreed).returning(JOURNAL.c.id)
    try:
        return set(connection.execute(statement).scalars())
    except IntegrityError as error:
        raise LedgerIntegrityError("the journal holds another event where the ledger holds this one") from error
