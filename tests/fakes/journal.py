"""Journal, queue and index in memory, keeping every promise of their ports."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.errors import LedgerIntegrityError
from controller.ledger.entry import admissible
from controller.ledger.event import Entry, Event, EventType
from controller.ports.journal import Mark


@dataclass
class _Kept:
    event: Event
    entry: Entry | None = None


class MemoryJournal:
    """Implements `Journal`; `queue` receives the marks."""

    def __init__(self, queue: "MemoryQueue | None" = None) -> None:
        self.queue = queue or MemoryQueue()
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.RLock()

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        recorded = [admissible(event) for event in events]
        with self._lock:
            for event in recorded:
                self._kept.setdefault(event.id, _Kept(event))
            self.queue.mark(marks)

    def find(self, types: frozenset[EventType], subject: str | None = None) -> tuple[Event, ...]:
        return tuple(event for event in self._in_order() if event.type in types and subject in (None, event.subject))

    def unsealed(self, limit: int) -> tuple[Event, ...]:
        with self._lock:
            return tuple(kept.event for kept in self._kept.values() if kept.entry is None)[:limit]

    def mark_sealed(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            places = {kept.entry.sequence: kept.entry for kept in self._kept.values() if kept.entry}
            for entry in entries:
                kept = self._kept.get(entry.event.id)
                if places.get(entry.sequence, entry) != entry or (kept and kept.entry not in (None, entry)):
                    raise LedgerIntegrityError("the journal holds this otherwise")
            for entry in entries:
                self._kept[entry.event.id] = _Kept(entry.event, entry)

    def last_sealed(self) -> Entry | None:
        with self._lock:
            sealed = [kept.entry for kept in self._kept.values() if kept.entry]
        return max(sealed, key=lambda entry: entry.sequence, default=None)

    def _in_order(self) -> list[Event]:
        with self._lock:
            kept = list(self._kept.values())
        sealed = sorted((each.entry for each in kept if each.entry), key=lambda entry: entry.sequence)
        return [entry.event for entry in sealed] + [each.event for each in kept if each.entry is None]


class MemoryQueue:
    """Implements `WorkQueue`; `take` hands out the waiting keys, oldest first."""

    def __init__(self) -> None:
        self.waiting: dict[str, None] = {}
        self.timers: set[tuple[datetime, str]] = set()

    def mark(self, marks: Sequence[Mark]) -> None:
        for mark in marks:
            if mark.not_before is None:
                self.waiting.setdefault(mark.key)
            else:
                self.timers.add((mark.not_before, mark.key))

    def wake_due(self, now: datetime) -> int:
        due = sorted(timer for timer in self.timers if timer[0] <= now)
        self.timers.difference_update(due)
        self.mark([Mark(key) for _, key in due])
        return len(due)

    def take(self) -> str | None:
        """Return the key that has waited longest, no longer waiting; None when none does."""
        key = next(iter(self.waiting), None)
        if key is not None:
            del self.waiting[key]
        return key


class MemoryIndex:
    """Implements `Index`."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}

    def recall(self, key: str) -> str | None:
        return self.facts.get(key)

    def remember(self, key: str, value: str) -> None:
        self.facts[key] = value
