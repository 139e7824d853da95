"""Tell the journal what happens, and ask it what has happened.

Every workflow speaks through here: events get their id and time from the shell, are
committed together with the work that follows from them, and where an effect is about to
happen, are sealed into the ledger before it does.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from controller.ledger.event import Event, EventType, Severity
from controller.ports.clock import Clock
from controller.ports.journal import Journal, Mark
from controller.workflow.history import History
from controller.workflow.seal import Sealer

CONTROLLER = "dvo"
"""The actor of what the controller does by itself."""


class Chronicle:
    """The journal as the workflows use it; every method raises `UnavailableError` when it fails."""

    def __init__(self, journal: Journal, sealer: Sealer, clock: Clock, new_id: Callable[[], str]) -> None:
        """Write to `journal`, seal with `sealer`; `new_id` gives a fresh UUID for each event."""
        self._journal = journal
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id
        self.history = History(journal)

    def now(self) -> datetime:
        """Return the present."""
        return self._clock.now()

    def event(
        self,
        kind: EventType,
        subject: str,
        details: Mapping[str, object],
        *,
        actor: str = CONTROLLER,
        severity: Severity = Severity.INFO,
    ) -> Event:
        """Return an event of `kind` about `subject`, now; nothing is written yet."""
        return Event(self._new_id(), kind, self._clock.now(), actor, subject, severity, details)

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        """Commit `events` and `marks` together; they are sealed soon."""
        self._journal.record(events, (*marks, Mark("seal")) if events else marks)

    def seal(self) -> None:
        """Seal what is recorded before returning: an earlier try may have ended between the two."""
        self._sealer.seal()

    def record_sealed(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        """Commit `events` and `marks` together and seal them before returning."""
        self._sealer.sealed_now(events, marks)
