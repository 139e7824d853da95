"""Waiting for something to come true, never for a time to pass."""

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.05


def until(look: Callable[[], Seen | None], what: str | Callable[[], str], within: float = _PATIENCE_SECONDS) -> Seen:
    """Look until something is seen, and return it; fail when it takes too long."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"waited {within:.0f} s for {what() if callable(what) else what}"
        time.sleep(_PAUSE_SECONDS)
