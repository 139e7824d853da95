"""The journal with uses of break-glass counted as they are recorded, for whoever is woken by the figure."""

from collections.abc import Sequence

from controller.ledger.event import Entry, Event, EventType
from controller.ports.journal import Journal, Mark
from controller.web.metrics import Metrics


class CountingJournal:
    """Passes everything on to a journal; implements `Journal` itself."""

    def __init__(self, journal: Journal, metrics: Metrics) -> None:
        """Record in `journal`, count in `metrics`."""
        self._journal = journal
        self._metrics = metrics

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        """Record, then count; see the port."""
        self._journal.record(events, marks)
        for event in events:
            if event.type is EventType.BREAKGLASS_USED:
                self._metrics.broke_glass(str(event.details.get("stage")))

    def find(self, types: frozenset[EventType], subject: str | None = None) -> tuple[Event, ...]:
        """See the port."""
        return self._journal.find(types, subject)

    def unsealed(self, limit: int) -> tuple[Event, ...]:
        """See the port."""
        return self._journal.unsealed(limit)

    def mark_sealed(self, entries: Sequence[Entry]) -> None:
        """See the port."""
        self._journal.mark_sealed(entries)

    def last_sealed(self) -> Entry | None:
        """See the port."""
        return self._journal.last_sealed()
