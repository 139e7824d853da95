"""Where the server keeps what belongs to a browser: sealed values under keys, each for a while.

Replicas share one store. It holds nothing that is worth anything without the browser's cookie.
"""

from datetime import timedelta
from typing import Protocol


class SessionStore(Protocol):
    """Keeps values until they end by themselves. Every method raises `UnavailableError` when it cannot be used."""

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        """Keep `value` under `key` for `life`, in place of what was there."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`; None when nothing is, or no longer."""
        ...

    def take(self, key: str) -> bytes | None:
        """Return what is kept under `key` and keep it no longer; of many who take, one gets it."""
        ...

    def renew(self, key: str, life: timedelta) -> bool:
        """Let what is kept under `key` live for `life` from now; return whether there was anything."""
        ...

    def replace(self, key: str, value: bytes, life: timedelta) -> bool:
        """Keep `value` under `key` if something is kept there; a session that was ended does not come back."""
        ...

    def ping(self) -> None:
        """Return when the store answers."""
        ...
