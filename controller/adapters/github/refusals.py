"""What each failure of a call to GitHub means for us: every foreign exception becomes one of our errors.

Follows GitHub docs "Troubleshooting the REST API" and "Rate limits for the REST API": 401 and
403 are credentials or permissions, unless the 403 (or a 429) speaks of a rate limit; 404, 410
and 422 are about the thing asked for; 409 says it moved; all else is GitHub's own trouble.
Messages never repeat what a library said of a request, since a header with the token may be in it.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime

import requests
import urllib3
from github.GithubException import BadAttributeException, GithubException, RateLimitExceededException

from controller.errors import ConfigurationError, ControllerError, InputError, StaleError, UnavailableError

COMPONENT = "github"
FOREIGN = (
    GithubException,
    BadAttributeException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,  # sockets and TLS
    ValueError,  # JSON, text encoding, malformed headers
    RuntimeError,  # PyGithub on redirects; JSON nested too deeply
    AssertionError,  # PyGithub on addresses and arguments
)
"""Everything that can come out of a call through PyGithub and requests."""

_SECONDARY_WAIT = 60.0
"""What GitHub asks to wait after a secondary limit that names no time."""

_TOKEN = re.compile(
    r"gh[a-z]_[A-Za-z0-9._-]+|github_pat_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]*|-----BEGIN[^-]*-----.*", re.DOTALL
)
_NEEDS = (
    ("/check-runs", "checks"),
    ("/pulls", "pull_requests"),
    ("/issues", "issues"),
    ("/orgs/", "members"),
)


class OversizedAnswerError(UnavailableError):
    """More bytes came than were asked for; stays inside this adapter unless nobody expected it."""


class AbsentError(InputError):
    """What was asked for is not there, as far as we may see."""


class MovedError(ConfigurationError):
    """GitHub redirects elsewhere: an issue was transferred, or the repository has another name now."""


def unavailable(message: str, retry_after: float | None = None) -> UnavailableError:
    """Return the error for a GitHub that does not answer as it promises."""
    return UnavailableError(redacted(message), component=COMPONENT, retry_after_seconds=retry_after)


def redacted(text: str) -> str:
    """Return `text` on one line, cut, without anything that looks like a GitHub token, a JWT or a key."""
    return " ".join(_TOKEN.sub("(removed)", text).split())[:500]


def translated(error: Exception, call: str, now: datetime) -> ControllerError:
    """Return our error for `error`, which the `call` (verb and path) ended with."""
    if isinstance(error, ControllerError):
        return error
    if isinstance(error, GithubException):
        return _of_status(error, call, now)
    if _is_late(error):
        return unavailable(f"GitHub did not answer {call} in time")
    if isinstance(error, requests.exceptions.RequestException | urllib3.exceptions.HTTPError | OSError):
        return unavailable(f"the connection to GitHub failed at {call}: {type(error).__name__}")
    return unavailable(f"GitHub's answer to {call} is not what its API promises: {type(error).__name__}")


def _is_late(error: Exception) -> bool:
    # A read that is repeated and late every time comes as a connection error with its reason inside.
    inner = error.args[0] if error.args else None
    kinds = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    return isinstance(error, kinds) or isinstance(getattr(inner, "reason", None), kinds)


def _of_status(error: GithubException, call: str, now: datetime) -> ControllerError:
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    said = f"GitHub answered {error.status} to {call}: {_message(error)}"
    if error.status == 429 or (error.status == 403 and _is_limit(error, headers)):
        return unavailable(said, _wait(headers, now))
    if error.status == 400 and "version" in _message(error).lower():
        return ConfigurationError(
            redacted(f"{said}; this GitHub does not speak the version of the API that the controller asks for")
        )
    if error.status in (401, 403):
        return ConfigurationError(redacted(said + _permission(error.status, headers, call)))
    if error.status == 404:
        return AbsentError(redacted(said))
    if error.status in (410, 422):
        return InputError(redacted(said))
    if error.status == 409:
        return StaleError(redacted(said))
    return unavailable(said, _seconds(headers.get("retry-after")))


def _is_limit(error: GithubException, headers: Mapping[str, str]) -> bool:
    exhausted = headers.get("x-ratelimit-remaining") == "0"
    return isinstance(error, RateLimitExceededException) or "retry-after" in headers or exhausted


def _wait(headers: Mapping[str, str], now: datetime) -> float:
    asked = _seconds(headers.get("retry-after"))
    if asked is not None:
        return asked
    reset = _seconds(headers.get("x-ratelimit-reset"))
    if reset is not None and headers.get("x-ratelimit-remaining") == "0":
        return max(1.0, reset - now.timestamp() + 1)
    return _SECONDARY_WAIT


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _permission(status: int, headers: Mapping[str, str], call: str) -> str:
    if status == 401:
        return "; check GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and this machine's clock"
    wanted = headers.get("x-accepted-github-permissions")
    if wanted is None:
        wanted = next((name for part, name in _NEEDS if part in call), "contents")
        wanted += "=read" if call.startswith("GET") else "=write"
    return f"; the App needs the permission {wanted}"


def _message(error: GithubException) -> str:
    said = error.data
    if not isinstance(said, Mapping):
        return "(no message)"
    details = said.get("errors")
    reasons = [_detail(detail) for detail in details] if isinstance(details, list) else []
    return "; ".join([str(said.get("message", "(no message)"))[:200], *reasons[:3]])


def _detail(detail: object) -> str:
    if isinstance(detail, Mapping):
        return str(detail.get("message") or f"{detail.get('field')} {detail.get('code')}")[:100]
    return str(detail)[:100]
