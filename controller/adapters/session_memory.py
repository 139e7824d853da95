"""The session store in this process, for a controller without replicas."""

import threading
from datetime import datetime, timedelta

from controller.ports.clock import Clock

_MOST = 10_000
"""So many values are kept at most; then the ones that end first give way, so strangers cannot fill the memory."""


class MemorySessions:
    """Keeps values in memory, by `clock`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[datetime, bytes]] = {}
        self._lock = threading.Lock()

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        """Keep `value` under `key` for `life`, in place of what was there."""
        with self._lock:
            self._keep(key, value, life)

    def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`; None when nothing is, or no longer."""
        with self._lock:
            return self._valid(self._kept.get(key))

    def take(self, key: str) -> bytes | None:
        """Return what is kept under `key` and keep it no longer; of many who take, one gets it."""
        with self._lock:
            return self._valid(self._kept.pop(key, None))

    def renew(self, key: str, life: timedelta) -> bool:
        """Let what is kept under `key` live for `life` from now; return whether there was anything."""
        with self._lock:
            value = self._valid(self._kept.get(key))
            return value is not None and self._keep(key, value, life)

    def replace(self, key: str, value: bytes, life: timedelta) -> bool:
        """Keep `value` under `key` if something is kept there."""
        with self._lock:
            return self._valid(self._kept.get(key)) is not None and self._keep(key, value, life)

    def ping(self) -> None:
        """Return: this process answers."""

    def _keep(self, key: str, value: bytes, life: timedelta) -> bool:
        now = self._clock.now()
        self._kept[key] = (now + life, value)
        if len(self._kept) > _MOST:
            self._make_room(now)
        return True

    def _valid(self, kept: tuple[datetime, bytes] | None) -> bytes | None:
        return None if kept is None or kept[0] <= self._clock.now() else kept[1]

    def _make_room(self, now: datetime) -> None:
        staying = sorted((end, key) for key, (end, _) in self._kept.items() if end > now)[-_MOST * 9 // 10 :]
        self._kept = {key: self._kept[key] for _, key in staying}
