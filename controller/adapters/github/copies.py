"""Answers that GitHub gave before, kept to ask whether they still hold.

Follows GitHub docs "Best practices for using the REST API", conditional requests: an answer
carries an ETag; asked with `If-None-Match`, GitHub says 304 when nothing changed, and does not
count the call against the hour. What is kept is only ever used when GitHub says so.
"""

import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

Key = tuple[str, tuple[tuple[str, str], ...]]
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Copy:
    """One answer: its ETag, where its list goes on, and its body, compressed."""

    etag: str
    link: str
    packed: bytes

    @property
    def body(self) -> str:
        """Return the body as it came."""
        return zlib.decompress(self.packed).decode()


class Copies:
    """Keeps the answers used last, up to a number of bytes; shared between threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._held = 0
        self._copies: OrderedDict[Key, Copy] = OrderedDict()

    def find(self, path: str, query: Mapping[str, str]) -> Copy | None:
        """Return the answer last given to this question."""
        key = _key(path, query)
        with self._lock:
            if key in self._copies:
                self._copies.move_to_end(key)
            return self._copies.get(key)

    def keep(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: str) -> None:
        """Keep an answer that has an ETag in place of an earlier one to the same question."""
        key, etag = _key(path, query), headers.get("etag", "")
        kept = Copy(etag, headers.get("link", ""), zlib.compress(body.encode(), 1)) if etag else None
        with self._lock:
            self._held -= _size(self._copies.pop(key, None))
            if kept is not None:
                self._copies[key] = kept
                self._held += _size(kept)
            while self._held > self._most:
                self._held -= _size(self._copies.popitem(last=False)[1])


def _key(path: str, query: Mapping[str, str]) -> Key:
    return path, tuple(sorted(query.items()))


def _size(copy: Copy | None) -> int:
    return 0 if copy is None else len(copy.packed) + 500
