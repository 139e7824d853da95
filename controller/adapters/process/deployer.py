"""The deployer of the `process` runtime: agents as children on loopback, one per key.

Every step leaves a state from which repeating the same intent converges: the record of a
candidate is on the disk before its process exists, switching is one rename, and whatever
runs below a key's folder without being its current instance is an orphan that the next
step ends. Steps of one key exclude one another, across threads and controllers.
"""

import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.adapters.process.bundles import forget_others, unpacked
from controller.adapters.process.children import Child, running, spawn, stop, wait_for_end
from controller.adapters.process.places import Place, locked, move_durably, place_of, remove_durably
from controller.adapters.process.probe import Silence, ask_health, last_words
from controller.adapters.process.records import Record, read_record, record_of, write_record
from controller.caat.bundle import Bundle
from controller.desired_state.manifest import Key, Platform
from controller.errors import InputError, StaleError, UnavailableError
from controller.ports.deployer import Intent, Live, Unhealthy

_PROBE_SECONDS = 2.0
_PAUSE_SECONDS = 0.02


class ProcessDeployer:
    """Runs agents as processes of this machine; all it knows is below `home` and in /proc."""

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()

    def live(self, key: Key) -> Live | None:
        """Return what runs for `key`; None too when its process has ended."""
        with _translated():
            place = place_of(self._home, key)
            record = read_record(place.current)
            while record is not None:
                found = _seen(place, key, record)
                latest = read_record(place.current)
                if latest == record:
                    return found
                record = latest  # switched while we looked
            return None

    def start(self, intent: Intent, bundle: Bundle, timeout_seconds: int) -> Live | Unhealthy:
        """Start `bundle` beside what runs and wait until it is healthy."""
        _refuse_other(intent, bundle)
        place = place_of(self._home, intent.key)
        with _translated(), locked(place):
            for record in (read_record(place.candidate), read_record(place.current)):
                found = _seen(place, intent.key, record) if _is_for(intent, record) else None
                if found is not None and found.is_healthy:
                    return found
            _stop_all_but(place, read_record(place.current))
            return _launch(place, intent, bundle, timeout_seconds)

    def switch(self, intent: Intent) -> Live:
        """Make the candidate of `intent` current; `StaleError` when there is none that is healthy."""
        place = place_of(self._home, intent.key)
        with _translated(), locked(place):
            candidate = read_record(place.candidate)
            if _is_for(intent, candidate):
                _healthy(place, intent, candidate)
                move_durably(place.candidate, place.current)
            current = read_record(place.current)
            live = _healthy(place, intent, current if _is_for(intent, current) else None)
            _stop_all_but(place, current)
            forget_others(place.bundles, frozenset({intent.bundle}))
            _forget_other_logs(place, live.instance)
            return live

    def discard(self, intent: Intent) -> None:
        """Stop the candidate of `intent`, if it has one."""
        place = place_of(self._home, intent.key)
        with _translated(), locked(place):
            candidate = read_record(place.candidate)
            if candidate is None or _is_for(intent, candidate):
                _stop_all_but(place, read_record(place.current))

    def remove(self, key: Key) -> None:
        """Stop whatever runs for `key`, and forget it."""
        place = place_of(self._home, key)
        with _translated(), locked(place):
            _stop_all_but(place, None)
            remove_durably(place.current)
            for folder in (place.bundles, place.logs):
                folder.mkdir(exist_ok=True)
            forget_others(place.bundles, frozenset())
            _forget_other_logs(place, None)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"the process runtime failed: {error}", component="process") from error


def _refuse_other(intent: Intent, bundle: Bundle) -> None:
    if bundle.digest != intent.bundle:
        raise InputError(f"{intent.key}: expected the bundle {intent.bundle}, got {bundle.digest}")
    if bundle.platform is not Platform.FASTAPI:
        raise InputError(f"{intent.key}: expected a bundle for {Platform.FASTAPI}, got one for {bundle.platform}")


def _is_for(intent: Intent, record: Record | None) -> bool:
    wanted = (intent.id, intent.plan, intent.bundle)
    return record is not None and (record.intent, record.plan, record.bundle) == wanted


def _seen(place: Place, key: Key, record: Record | None) -> Live | None:
    """Return the instance of `record` as it is now, or None when its process has ended."""
    if record is None or not any(child.instance == record.instance for child in running(place.root)):
        return None
    return _live(key, record, healthy=ask_health(record.port, _PROBE_SECONDS) == record.health)


def _live(key: Key, record: Record, *, healthy: bool) -> Live:
    return Live(key, record.plan, record.bundle, record.intent, record.instance, record.endpoint, healthy)


def _healthy(place: Place, intent: Intent, record: Record | None) -> Live:
    found = _seen(place, intent.key, record)
    if found is None or not found.is_healthy:
        state = "none was started" if record is None else "it has ended" if found is None else "it is not"
        raise StaleError(f"{intent.key}: expected a healthy instance of intent {intent.id}, but {state}")
    return found


def _launch(place: Place, intent: Intent, bundle: Bundle, timeout_seconds: int) -> Live | Unhealthy:
    for folder in (place.bundles, place.logs):
        folder.mkdir(exist_ok=True, mode=0o700)
    folder = unpacked(bundle, place.bundles)
    instance = uuid.uuid4().hex
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0))
        record = record_of(intent, instance, listening.getsockname()[1])
        write_record(place.candidate, record)
        child = spawn(folder, intent.bundle, instance, listening, place.logs / instance)
    fault = _fault(place, record, child, timeout_seconds)
    if fault is None:
        return _live(intent.key, record, healthy=True)
    _stop_all_but(place, read_record(place.current))
    return Unhealthy(": ".join(filter(None, (fault, last_words(place.logs / instance)))))


def _fault(place: Place, record: Record, child: Child, timeout_seconds: int) -> str | None:
    """Wait until the instance is healthy; return None then, or why it is not going to be."""
    deadline = time.monotonic() + timeout_seconds
    while (left := deadline - time.monotonic()) > 0:
        answer = ask_health(record.port, min(left, _PROBE_SECONDS))
        if answer == record.health:
            return None
        if wait_for_end(child, place.root, _PAUSE_SECONDS):
            return "it ended before it was healthy"
    said = answer.reason if isinstance(answer, Silence) else "it says it is another or not healthy"
    return f"it was not healthy within {timeout_seconds} s ({said})"


def _stop_all_but(place: Place, kept: Record | None) -> None:
    """End every process of this place but the `kept` one, then forget the candidate they may have been."""
    for child in running(place.root):
        if kept is None or child.instance != kept.instance:
            stop(child, place.root)
    remove_durably(place.candidate)


def _forget_other_logs(place: Place, instance: str | None) -> None:
    for log in place.logs.iterdir():
        if log.name != instance:
            log.unlink()
