"""What an instance says of its health, and what its log says when it does not answer."""

import http
import http.client
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

_LARGEST_REPLY = 64 * 1024
_LAST_BYTES = 4096
_LAST_LINES = 5
_LONGEST_LINE = 300
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class Health(BaseModel):
    """The part of an agent's answer to GET /health that is held against what was started."""

    status: str
    bundle: str
    plan: str
    instance: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No usable answer, and why."""

    reason: str


def ask_health(port: int, seconds: float) -> Health | Silence:
    """Return what the instance listening on `port` of this machine says of itself within `seconds`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", "/health")
        return _judged(connection.getresponse())
    except (OSError, http.client.HTTPException) as error:
        return Silence(f"GET /health: {type(error).__name__}")
    finally:
        connection.close()


def last_words(log: Path) -> str:
    """Return the last lines of `log`, safe to show: printable, short, opaque runs masked."""
    try:
        content = log.read_bytes()[-_LAST_BYTES:]
    except FileNotFoundError:
        return ""
    lines = [line for line in content.decode("ascii", "replace").splitlines() if line.strip()]
    shown = (_UNPRINTABLE.sub("?", line)[:_LONGEST_LINE] for line in lines[-_LAST_LINES:])
    return " | ".join(_OPAQUE.sub("[redacted]", line) for line in shown)


def _judged(reply: http.client.HTTPResponse) -> Health | Silence:
    if reply.status != http.HTTPStatus.OK:
        return Silence(f"GET /health: expected status 200, got {reply.status}")
    try:
        return Health.model_validate_json(reply.read(_LARGEST_REPLY))
    except ValidationError:
        return Silence("GET /health: expected an object with status, bundle, plan and instance, got something else")
