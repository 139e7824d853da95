"""The journal of what happened and the queue of what to look at, written together.

What was recorded is committed; an event and the marks that follow from it are one
transaction. The journal holds every event: those not yet sealed, and an index of those that
are, rebuilt from the ledger when it was lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.ledger.event import Entry, Event, EventType


@dataclass(frozen=True, slots=True)
class Mark:
    """ "Look again at this key": now, or not before a time."""

    key: str
    """``pull/7``, ``main``, ``late``, ``merge/<sha>``, ``queue``, ``queue/pr-7-<sha>``, ``restore``,
    ``deployment/production/ANL``, ``seal``, ``sweep`` (everything), ``changes`` (the sweep of each minute),
    ``comments``."""
    not_before: datetime | None = None


class Journal(Protocol):
    """Records and finds events.

    Every method raises `UnavailableError` when the store cannot be used, and
    `LedgerIntegrityError` when what it holds is not what was recorded.
    """

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        """Commit `events`, without what looks like a secret, and `marks` together.

        An event whose id is known already is not written twice. Raises `InputError` for an event
        that no ledger entry could hold; nothing is then written.
        """
        ...

    def find(self, types: frozenset[EventType], subject: str | None = None) -> tuple[Event, ...]:
        """Return the events of `types` (about `subject`, when given), oldest first, sealed or not."""
        ...

    def unsealed(self, limit: int) -> tuple[Event, ...]:
        """Return up to `limit` events that are not in the ledger yet, oldest first."""
        ...

    def mark_sealed(self, entries: Sequence[Entry]) -> None:
        """Note that `entries` are in the ledger; also imports those the journal did not know.

        Raises `LedgerIntegrityError` when the journal knows one of them at another place, or
        another event at one of their places.
        """
        ...

    def last_sealed(self) -> Entry | None:
        """Return the newest sealed entry the journal knows."""
        ...


class WorkQueue(Protocol):
    """Marks keys for work; marks of one key coalesce."""

    def mark(self, marks: Sequence[Mark]) -> None:
        """Durably note that keys want looking at. Raises `UnavailableError`."""
        ...

    def wake_due(self, now: datetime) -> int:
        """Mark for now every key whose time has come by `now`; return how many. Raises `UnavailableError`."""
        ...


class Index(Protocol):
    """Small facts worth remembering that can be lost without harm."""

    def recall(self, key: str) -> str | None:
        """Return what was remembered under `key`. Raises `UnavailableError`."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Remember `value` under `key`. Raises `UnavailableError`."""
        ...
