"""A bare HTTP load generator: the same bytes again and again over a kept connection, the answer read and dropped.

It prepares its request once and looks at nothing of the answer but where it ends, so it shows what OPA
gives to whoever costs nothing.
"""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_CHUNK = 1 << 16
_LENGTH = b"content-length:"


def request_of(path: str, token: str, body: bytes) -> bytes:
    """Return a POST of `body` in one piece."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


class BareConnection:
    """One connection to a Unix domain socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))

    def ask(self, request: bytes) -> None:
        """Send `request` and read one answer to its end. Raises `ConnectionError` for anything but a 200."""
        self._socket.sendall(request)
        received = self._socket.recv(_CHUNK)
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, content = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"expected a 200, got {head[:80]!r}")
        lowered = head.lower()
        if _LENGTH in lowered:
            left = int(lowered.partition(_LENGTH)[2].partition(b"\r\n")[0]) - len(content)
            while left > 0:
                left -= len(self._more())
        else:
            while not content.endswith(b"\r\n0\r\n\r\n"):
                content = content[-8:] + self._more()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _more(self) -> bytes:
        received = self._socket.recv(_CHUNK)
        if not received:
            raise ConnectionError("the server hung up")
        return received


def load(path: Path, request: bytes, connections: int, count: int) -> None:
    """Put `request` `count` times over so many `connections` at once."""

    def one(many: int) -> None:
        connection = BareConnection(path)
        for _ in range(many):
            connection.ask(request)
        connection.close()

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(one, [count // connections] * connections))
