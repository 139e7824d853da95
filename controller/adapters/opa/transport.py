"""HTTP to OPA: over a private socket or to a URL, read in full, in time and strictly.

The client's own transport honours proxies and `.netrc`, follows redirects, retries, takes NaN
and doubled keys for JSON, and costs more than many a decision. None of that may stand between
a policy and its answer. What the answer says is read elsewhere.
"""

import ssl
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Protocol, cast

import requests
from opa_client.opa import OpaClient
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from controller.adapters.opa.connection import Connections, Reply, to_address, to_socket
from controller.change.strict_json import strict_json


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


class StrictTransport(BaseAdapter):
    """Carries the requests of a session over `connections`, and lets only strict JSON back."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    def send(self, request: requests.PreparedRequest, *_options: object, **_more: object) -> requests.Response:
        """Return the whole answer to `request`; the options of the session are not its business."""
        try:
            reply = self._connections.exchange(_bytes(request), request.method or "")
        except requests.RequestException:
            raise
        except (OSError, HTTPException) as error:
            raise requests.ConnectionError(f"{type(error).__name__}: {error}") from error
        return StrictResponse(request, reply)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()


class StrictResponse(requests.Response):
    """An answer whose content was read and found to be strict JSON, once."""

    def __init__(self, request: requests.PreparedRequest, reply: Reply) -> None:
        super().__init__()
        self._value = _told_in(reply.content)
        self._content = reply.content
        self._content_consumed = True
        self.status_code, self.reason = reply.status, reply.reason
        self.request, self.url = request, request.url or ""
        self.headers = CaseInsensitiveDict({} if reply.location is None else {"Location": reply.location})

    def json(self, **_options: object) -> object:
        """Return the value that was read."""
        return self._value


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
        session.mount("http://", self._transport)
        session.mount("https://", self._transport)
        return session


def socket_client(path: Path, token: str, seconds: float) -> Client:
    """Return a client of the OPA that listens on the socket at `path`."""
    transport = StrictTransport(Connections(to_socket(path, seconds), seconds))
    return cast(Client, _StrictClient(transport, token=token, timeout=seconds))


def url_client(host: str, port: int, token: str | None, seconds: float, *, tls: ssl.SSLContext | None) -> Client:
    """Return a client of the OPA at `host` and `port`; with `tls` it must prove to be that host."""
    transport = StrictTransport(Connections(to_address(host, port, seconds, tls), seconds))
    named = f"[{host}]" if ":" in host else host
    return cast(
        Client, _StrictClient(transport, host=named, port=port, token=token, timeout=seconds, ssl=tls is not None)
    )


def _told_in(content: bytes) -> object:
    """Return the value of `content`; `requests.RequestException` unless it is strictly JSON."""
    try:
        return strict_json(content)
    except (ValueError, RecursionError) as error:
        raise requests.RequestException(f"the answer is no JSON: {str(error)[:200]}") from error


def _bytes(request: requests.PreparedRequest) -> bytes:
    """Return `request` as HTTP/1.1 writes it, in one piece."""
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else body
    host = (request.url or "").partition("://")[2].partition("/")[0]
    lines = [f"{request.method} {request.path_url} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {_text(value)}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
