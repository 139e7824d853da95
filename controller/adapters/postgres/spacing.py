"""How far apart the looks at one key are at least, so that a storm of marks costs a handful of looks.

Marks of a key that waits coalesce, but a look is over sooner than a storm. The first mark is looked
at at once; those that come soon after the look share the next one. Each worker counts its own looks.
"""

import threading
import time
from collections.abc import Mapping


class Spacing:
    """Knows when each key was looked at last, for as long as that matters."""

    def __init__(self, apart_seconds: Mapping[str, float]) -> None:
        """Keep looks so far apart, by the kind of key."""
        self._apart = apart_seconds
        self._lock = threading.Lock()
        self._ended: dict[str, float] = {}

    def wait(self, key: str) -> float:
        """Return how many seconds the next look at `key` has to wait; 0 when it may begin."""
        with self._lock:
            ended = self._ended.get(key, float("-inf"))
        return max(0.0, ended + self._apart_of(key) - time.monotonic())

    def looked(self, key: str) -> None:
        """Note that a look at `key` has ended."""
        if self._apart_of(key) <= 0:
            return
        now = time.monotonic()
        with self._lock:
            self._ended = {one: at for one, at in self._ended.items() if now - at < self._apart_of(one)} | {key: now}

    def _apart_of(self, key: str) -> float:
        return self._apart.get(key.partition("/")[0], 0.0)
