"""The counters of limits in this process, for a controller without replicas.

The library's own storage keeps the name of everybody who was ever counted; strangers choose theirs,
so here the names that matter least give way.
"""

import threading

from limits.storage import MemoryStorage

_MOST = 20_000


class LimitMemory(MemoryStorage):
    """Counts so many clients at most; then those whose newest count ends first are forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        """Count `most` clients at most."""
        super().__init__()
        self._most = most
        self._room = threading.Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Use `amount` of the `limit` of `key`; return whether it was there."""
        with self._room:
            if key not in self.events and len(self.events) >= self._most:
                self._make_room()
            return super().acquire_entry(key, limit, expiry, amount)

    def _make_room(self) -> None:
        ends = sorted((events[0].expiry if events else 0.0, key) for key, events in list(self.events.items()))
        for _, key in ends[: max(1, len(ends) // 10)]:
            # The library tidies up on a thread of its own, under these locks.
            with self.locks[key]:
                self.events.pop(key, None)
                self.locks.pop(key, None)
