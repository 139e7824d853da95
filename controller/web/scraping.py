"""`GET /metrics`: the figures, for whoever asks from this very machine.

Nothing here is secret, but how busy the controller is, and with what, is nobody else's business;
and there is no setting for a password. So the connection must come from a loopback address, for a
loopback host, and not through a proxy, behind which everybody looks local. A collector elsewhere
reads through an agent on this machine or a sidecar in the same pod.
"""

import ipaddress
from urllib.parse import urlsplit

from anyio import to_thread
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from controller.web.metrics import Metrics

_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Scraping:
    """Shows the figures to those who may see them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def show(self, request: Request) -> Response:
        """Answer the figures, or 403."""
        if not _is_local(request):
            return JSONResponse({"error": "Only this machine may read the metrics."}, 403)
        # Some figures are asked of the database, which blocks.
        content = await to_thread.run_sync(self._metrics.exposition)
        return Response(content, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    # A browser on this machine may be led here under a name that somebody else points at it.
    host = _hostname(request.headers.get("host", ""))
    return _is_loopback(request.client.host) and (host == "localhost" or _is_loopback(host))


def _hostname(host: str) -> str:
    """Return the host that a client itself named, in lower case; of a header that names none, nothing stands in."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
