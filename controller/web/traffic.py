"""Around every request: an id, a log line, figures, security headers, and no exception let out.

The id is ours, never the client's. A log line holds method, path (of an endless one the
beginning), status and time, never a body, a query or a header. A `Host` that is none is refused
before anything reads it.
"""

import re
from asyncio import get_running_loop
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.web.metrics import Metrics

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LONGEST_PATH = 200
_LOG = structlog.get_logger("controller.web")


class Traffic:
    """The ASGI layer outside the application."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str], metrics: Metrics) -> None:
        self._app = app
        self._new_id = new_id
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, and tell how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(send, self._new_id())
        began = get_running_loop().time()
        with structlog.contextvars.bound_contextvars(request_id=exchange.id):
            await self._pass_on(scope, receive, exchange)
            seconds = get_running_loop().time() - began
            milliseconds = round(seconds * 1000, 1)
            _LOG.info("request", **_told(scope), status=exchange.status, milliseconds=milliseconds)
        self._metrics.answered(scope["method"], _route(scope), exchange.status, seconds)

    async def _pass_on(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1 or _HOST.fullmatch(hosts[0]) is None:
            refusal = JSONResponse({"error": "Expected one host in the Host header."}, 400)
            await refusal(scope, receive, exchange.send)
            return
        try:
            await self._app(scope, receive, exchange.send)
        except Exception:  # noqa: BLE001 - the outermost frame of a request
            _LOG.exception("request failed", **_told(scope))
            if exchange.status is None:
                failure = JSONResponse({"error": "Internal error", "request": exchange.id}, 500)
                await failure(scope, receive, exchange.send)


def _told(scope: Scope) -> dict[str, str]:
    return {"method": scope["method"], "path": scope["path"][:_LONGEST_PATH]}


def _route(scope: Scope) -> str | None:
    """Return the route that answered as it is written in the program, in one spelling; the address is the client's."""
    path = getattr(scope.get("route"), "path", None)
    return (path.rstrip("/") or "/") if isinstance(path, str) else None


class _Exchange:
    """One answer on its way out: gets its headers, and is known by its status."""

    def __init__(self, send: Send, identifier: str) -> None:
        self._send = send
        self.id = identifier
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self.id
        await self._send(message)
