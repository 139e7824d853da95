"""Why a delivery was not let in, and the security event that says so.

A flood of bad deliveries cannot fill the journal: of each reason only a few a minute are
written, and the next one written tells how many were not. An event holds the reason, the
sanitised delivery id and the address of the sender; nothing of the body.
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
from controller.ports.journal import Journal

_A_FEW = RateLimitItemPerMinute(5)
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A delivery that was not let in: the HTTP status, a word for machines, a sentence for the sender."""

    status: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a delivery, as far as anyone can say before it is believed."""

    delivery: str
    address: str


class RefusalJournal:
    """Writes refusals into the journal as `auth.failed`, a few of each reason a minute."""

    def __init__(self, journal: Journal, clock: Clock, new_id: Callable[[], str]) -> None:
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
            self._journal.record([self._event(refusal, sender, before)])
        except UnavailableError as error:
            # The delivery stays refused either way; the next event written tells that one is missing.
            _LOG.error("security event not recorded", reason=refusal.reason, component=error.component)
            with self._lock:
                self._unwritten[refusal.reason] += before + 1

    def _event(self, refusal: Refusal, sender: Sender, before: int) -> Event:
        return Event(
            id=self._new_id(),
            type=EventType.AUTH_FAILED,
            at=self._clock.now(),
            actor="stranger",
            subject="webhook/github",
            severity=Severity.WARNING,
            details={
                "reason": refusal.reason,
                "delivery": sender.delivery,
                "source_ip": sender.address,
                "unrecorded_before": before,
            },
        )
