"""What the controller tells of itself: that it starts, with which secrets, and which looks failed."""

import uuid
from collections.abc import Callable, Mapping
from importlib.metadata import version

import structlog

from controller.adapters.postgres.looking import Trouble, TroubleKind
from controller.adapters.postgres.worker import Worker
from controller.ledger.event import Event, EventType, Severity
from controller.ports.clock import Clock
from controller.ports.journal import Journal
from controller.secret_sources import SecretSource

_LOG = structlog.get_logger("controller")


def starting(worker: Worker, journal: Journal, clock: Clock, secrets: Mapping[str, SecretSource]) -> Callable[[], None]:
    """Return what tells that the controller starts, and which secrets it read from where, and lets it work."""

    def start() -> None:
        told: list[tuple[EventType, Mapping[str, object]]] = [(EventType.SYSTEM_STARTUP, {"version": version("dvo")})]
        told += [
            (EventType.CONFIG_ACCESSED, {"setting": name, "source": source.value})
            for name, source in sorted(secrets.items())
        ]
        journal.record([_event(kind, "dvo", details, clock, Severity.INFO) for kind, details in told])
        worker.start()

    return start


def reporting(journal: Journal, clock: Clock) -> Callable[[Trouble], None]:
    """Return what tells of a look that failed: the log always, the ledger when nobody tries again."""

    def report(trouble: Trouble) -> None:
        details = {"kind": trouble.kind.value, "attempts": trouble.attempts, "error": _brief(trouble.error)}
        _LOG.warning("look failed", key=trouble.key, **details)
        if trouble.kind is TroubleKind.PARKED:
            journal.record((_event(EventType.SYSTEM_ERROR, trouble.key, details, clock, Severity.CRITICAL),))

    return report


def new_id() -> str:
    """Return an id that no other event has."""
    return str(uuid.uuid4())


def _brief(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _event(kind: EventType, subject: str, details: Mapping[str, object], clock: Clock, severity: Severity) -> Event:
    return Event(new_id(), kind, clock.now(), "dvo", subject, severity, details)
