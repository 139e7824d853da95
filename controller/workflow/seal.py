"""Brings what the journal recorded into the ledger, and the journal up to the ledger.

(1) What the journal knows as sealed must be in the ledger as it knows it, else everything stops.
(2) What the ledger holds beyond that was sealed just before a crash, or by another replica, or
    the database is new: the journal takes it over, event by event.
(3) What is then still unsealed is chained behind the head, appended, and noted as sealed.
A crash between two steps is repaired by the next run, because each run begins with (1).
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Protocol, TypeVar

from controller.errors import LedgerIntegrityError, StaleError, UnavailableError
from controller.ledger.chain import chain
from controller.ledger.event import Entry, Event
from controller.ports.clock import Clock
from controller.ports.journal import Journal, Mark
from controller.ports.ledger_store import LedgerReader, LedgerWriter

_BATCH = 500
_ATTEMPTS = 500
"""Each lost one is somebody else's progress; of six that seal at once, one in six wins a round."""


class Ledger(LedgerReader, LedgerWriter, Protocol):
    """Both halves of the ledger store."""


class Sealer:
    """Seals on behalf of one process; one thread at a time, the others wait and find it done."""

    def __init__(self, journal: Journal, ledger: Ledger, clock: Clock) -> None:
        self._journal = journal
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._sealed_at: datetime | None = None

    @property
    def sealed_at(self) -> datetime | None:
        """When everything recorded was last seen sealed, for whoever watches the delay."""
        return self._sealed_at

    def seal(self) -> Entry | None:
        """Seal everything recorded so far; return the newest entry, or None of an empty ledger.

        Raises `LedgerIntegrityError` when ledger and journal contradict each other, and
        `UnavailableError` when one of them cannot be used; what was recorded stays recorded.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    return self._drained()
                except StaleError:
                    continue
        raise UnavailableError("others sealed first every time", component="ledger")

    def sealed_now(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> Entry | None:
        """Record `events` and `marks`, and seal before returning, for what announces an effect. Raises like `seal`."""
        self._journal.record(events, marks)
        return self.seal()

    def restore(self) -> Entry | None:
        """Bring the journal up to the ledger, as at every start; return the newest entry. Raises like `seal`."""
        with self._lock:
            return self._caught_up()

    def _drained(self) -> Entry | None:
        started = self._clock.now()
        head = self._caught_up()
        while events := self._journal.unsealed(_BATCH):  # (3)
            entries = chain(events, head)
            self._ledger.append(entries)
            self._journal.mark_sealed(entries)
            head = entries[-1]
        self._sealed_at = started
        return head

    def _caught_up(self) -> Entry | None:
        # The journal is asked first: whatever it knows as sealed was in the ledger before.
        known = self._journal.last_sealed()
        head = self._ledger.head()
        if known is not None:
            self._check_holds(known, head)  # (1)
        if head is not None and head != known:
            after = 0 if known is None else known.sequence
            for entries in _batches(self._ledger.entries(after)):  # (2)
                self._journal.mark_sealed(entries)
                head = entries[-1]
        return head

    def _check_holds(self, known: Entry, head: Entry | None) -> None:
        found = None
        if head is not None and head.sequence >= known.sequence:
            found = head if head.sequence == known.sequence else next(self._ledger.entries(known.sequence - 1), None)
        if found != known:
            raise LedgerIntegrityError(
                f"expected the ledger to hold entry {known.sequence} with digest {known.digest}, "
                f"found {'no such entry' if found is None else found.digest}"
            )


_Item = TypeVar("_Item")


def _batches(items: Iterable[_Item]) -> Iterator[tuple[_Item, ...]]:
    iterator = iter(items)
    while batch := tuple(islice(iterator, _BATCH)):
        yield batch
