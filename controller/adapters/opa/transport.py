"""HTTP to OPA: over a private socket or to a URL, read in full, in time and strictly.

The client's own transport honours proxies and `.netrc`, follows redirects, retries, and takes
NaN and doubled keys for JSON. None of that may stand between a policy and its answer. What
the answer says is read elsewhere.
"""

import io
import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

import requests
from opa_client.opa import OpaClient
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPResponse
from urllib3.connection import HTTPConnection

_CHUNK = 1 << 16
_LONGEST = 32 << 20
_CONNECTIONS = 16
"""Kept open; with fewer than there are threads, most questions would begin by connecting."""


class Client(Protocol):
    """What of the client is used."""

    def query_rule(
        self, input_data: Mapping[str, object], package_path: str, rule_name: str, query_params: Mapping[str, str]
    ) -> dict[str, object]:
        """Return the whole body of the answer to a query of one rule."""
        ...

    def check_health(self) -> bool:
        """Return whether OPA says that it is ready."""
        ...

    def close_connection(self) -> None:
        """Close every connection."""
        ...


class StrictTransport(HTTPAdapter):
    """Reads every answer whole, within `seconds`, and lets only strict JSON through."""

    def __init__(self, seconds: float) -> None:
        super().__init__(max_retries=0)
        self._seconds = seconds

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Return the answer `resp` with all of its content."""
        try:
            content = self._content(resp)
        except BaseException:
            resp.close()
            raise
        resp.drain_conn()  # tells the connection that this answer is over, so that it can carry another
        resp.release_conn()
        check_strict_json(content)
        whole = HTTPResponse(io.BytesIO(content), resp.headers, resp.status, preload_content=False)
        return super().build_response(req, whole)

    def _content(self, response: BaseHTTPResponse) -> bytes:
        ends = time.monotonic() + self._seconds
        content = bytearray()
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > _LONGEST:
                raise requests.RequestException(f"the answer is longer than {_LONGEST} bytes")
            if time.monotonic() > ends:
                raise requests.ReadTimeout(f"the answer took longer than {self._seconds} seconds")
        return bytes(content)


class SocketTransport(StrictTransport):
    """The same over a Unix domain socket: no port exists that anybody else could reach or take."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(seconds)
        self._pool = _SocketPool("localhost", maxsize=_CONNECTIONS, socket_path=str(path))

    def get_connection_with_tls_context(self, *_request: object, **_tls: object) -> HTTPConnectionPool:
        """Return the pool of connections to the socket, whatever the URL says."""
        return self._pool

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
        super().close()


class _SocketConnection(HTTPConnection):
    def __init__(self, host: str, *, socket_path: str, timeout: float | None = None, **_tcp: object) -> None:
        super().__init__(host, timeout=timeout)
        self._socket_path = socket_path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)


class _SocketPool(HTTPConnectionPool):
    ConnectionCls = _SocketConnection


class _StrictClient(OpaClient):  # type: ignore[misc]  # opa_client ships no types
    def __init__(self, transport: StrictTransport, **options: object) -> None:
        self._transport = transport
        super().__init__(**options)

    def _init_session(self) -> requests.Session:
        """Make the session of the client (its own hook for this), with our transport and nothing else."""
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        session.headers["Accept-Encoding"] = "identity"
        session.headers.update(self.headers or {})
        session.verify = self.ssl or True
        session.mount("http://", self._transport)
        session.mount("https://", self._transport)
        return session


def socket_client(path: Path, token: str, seconds: float) -> Client:
    """Return a client of the OPA that listens on the socket at `path`."""
    return cast(Client, _StrictClient(SocketTransport(path, seconds), token=token, timeout=seconds))


def url_client(host: str, port: int, token: str | None, seconds: float, *, tls: bool | str) -> Client:
    """Return a client of the OPA at `host` and `port`; `tls` is False, True, or the path of a CA file."""
    options = {"host": host, "port": port, "token": token, "timeout": seconds, "ssl": tls}
    return cast(Client, _StrictClient(StrictTransport(seconds), **options))


def check_strict_json(content: bytes) -> None:
    """Raise `requests.RequestException` unless `content` is JSON with distinct keys and finite numbers."""
    try:
        json.loads(content, object_pairs_hook=_distinct, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise requests.RequestException(f"the answer is no JSON: {str(error)[:200]}") from error


def _distinct(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice in one object")


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
