"""Why somebody was not let in at a door, and the security event that says so.

A flood of bad requests cannot fill the journal: of each reason only a few a minute are
written, and the next one written tells how many were not. An event holds the reason, the
address of the sender and, of a delivery, its sanitised id; nothing of the body.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from controller.errors import UnavailableError
from controller.ledger.event import Event, EventType, Severity
from controller.ports.clock import Clock
from controller.ports.journal import Journal, Mark

STRANGER = "stranger"
_A_FEW = RateLimitItemPerMinute(5)
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not let in: the HTTP status, a word for the event, a sentence for the sender."""

    status: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent something, as far as anyone can say before it is believed."""

    address: str
    delivery: str | None = None
    """The id of a webhook's delivery."""
    who: str = STRANGER
    """The principal's id, where somebody who is known was refused."""


class RefusalJournal:
    """Writes refusals into the journal, a few of each reason a minute.

    `auth.failed` tells of strangers, `authz.denied` of somebody who is known.
    """

    def __init__(self, journal: Journal, clock: Clock, new_id: Callable[[], str], door: str) -> None:
        """Write into `journal` what happens at `door`."""
        self._door = door
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._unwritten: Counter[str] = Counter()
        self._lock = threading.Lock()

    def record(self, refusal: Refusal, sender: Sender) -> None:
        """Write `refusal`, or count it when enough of its kind were written in this minute."""
        with self._lock:
            if not self._limiter.hit(_A_FEW, refusal.reason):
                self._unwritten[refusal.reason] += 1
                return
            before = self._unwritten.pop(refusal.reason, 0)
        try:
            self._journal.record([self._event(refusal, sender, before)], [Mark("seal")])
        except UnavailableError as error:
            # The sender stays refused either way; the next event written tells that one is missing.
            _LOG.error("security event not recorded", reason=refusal.reason, component=error.component)
            with self._lock:
                self._unwritten[refusal.reason] += before + 1

    def _event(self, refusal: Refusal, sender: Sender, before: int) -> Event:
        return Event(
            id=self._new_id(),
            type=EventType.AUTH_FAILED if sender.who == STRANGER else EventType.AUTHZ_DENIED,
            at=self._clock.now(),
            actor=sender.who,
            subject=self._door,
            severity=Severity.WARNING,
            details={
                "reason": refusal.reason,
                "source_ip": sender.address,
                "unrecorded_before": before,
                **({} if sender.delivery is None else {"delivery": sender.delivery}),
            },
        )
