"""Bytes to OPA and back: one request at a time on a connection that is kept, over a socket of any kind.

A request leaves in one piece, which wakes OPA once. An answer is read whole, within a time and a
length; what is left of a connection after anything else is closed. What the bytes say is read elsewhere.
"""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from threading import Lock

import requests

_CHUNK = 1 << 16
_LONGEST = 32 << 20
_KEPT = 16
"""Kept open; with fewer than there are threads, most questions would begin by connecting."""

Connect = Callable[[], socket.socket]
"""Opens a connection that gives up on any one read or write after a time; raises `OSError`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer as it came."""

    status: int
    reason: str
    content: bytes
    location: str | None


class Connections:
    """Connections to one OPA; safe to share between threads."""

    def __init__(self, connect: Connect, seconds: float) -> None:
        """Open with `connect`; give up on an answer after `seconds`."""
        self._connect = connect
        self._seconds = seconds
        self._lock = Lock()
        self._idle: list[socket.socket] = []

    def exchange(self, request: bytes, method: str) -> Reply:
        """Send `request` and return the answer. Raises `OSError` and `HTTPException`; it is sent once only."""
        connection = self._borrow()
        try:
            connection.sendall(request)
            reply, is_over = self._read(connection, method)
        except TimeoutError as error:
            connection.close()
            raise requests.ReadTimeout(f"timed out after {self._seconds} seconds") from error
        except BaseException:
            connection.close()
            raise
        if is_over:
            connection.close()
        else:
            self._give_back(connection)
        return reply

    def close(self) -> None:
        """Close every connection that nobody uses now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _borrow(self) -> socket.socket:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect()
            if _is_quiet(connection):
                connection.settimeout(self._seconds)
                return connection
            connection.close()

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            is_kept = len(self._idle) < _KEPT
            if is_kept:
                self._idle.append(connection)
        if not is_kept:
            connection.close()

    def _read(self, connection: socket.socket, method: str) -> tuple[Reply, bool]:
        """Return the answer, and whether the connection ends with it."""
        ends = time.monotonic() + self._seconds
        response = HTTPResponse(connection, method=method)
        try:
            response.begin()
            if response.getheader("Content-Encoding", "identity") != "identity":
                raise requests.RequestException("the answer is encoded, which was not asked for")
            content = bytearray()
            while chunk := response.read1(_CHUNK):
                content += chunk
                if len(content) > _LONGEST:
                    raise requests.RequestException(f"the answer is longer than {_LONGEST} bytes")
                if time.monotonic() > ends:
                    raise requests.ReadTimeout(f"the answer took longer than {self._seconds} seconds")
            if response.length:
                raise requests.RequestException(f"the answer ends {response.length} bytes early")
            reply = Reply(response.status, response.reason, bytes(content), response.getheader("Location"))
            return reply, response.will_close
        finally:
            response.close()


def to_socket(path: Path, seconds: float) -> Connect:
    """Return what connects to the Unix domain socket at `path`: no port exists that anybody else could take."""

    def connect() -> socket.socket:
        opened = socket.socket(socket.AF_UNIX)
        try:
            opened.settimeout(seconds)
            opened.connect(str(path))
        except BaseException:
            opened.close()
            raise
        return opened

    return connect


def to_address(host: str, port: int, seconds: float, tls: ssl.SSLContext | None) -> Connect:
    """Return what connects to `host` and `port`, with `tls` only to whoever proves to be `host`."""

    def connect() -> socket.socket:
        opened = socket.create_connection((host, port), seconds)
        if tls is None:
            return opened
        try:
            return tls.wrap_socket(opened, server_hostname=host)
        except BaseException:
            opened.close()
            raise

    return connect


def _is_quiet(connection: socket.socket) -> bool:
    """Return whether nothing came since the last answer: no end, and no words nobody asked for."""
    connection.settimeout(0)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False
