"""The line to Microsoft Graph v1.0: reads as the application, every page, many at once.

Follows Microsoft Graph "Use the API", "Paging", "Throttling guidance" and "Error responses". A
link to a next page is followed only within the Graph that was configured, since the token goes
with it. A 429 or 503 that asks for a short wait is waited for; one that asks for more ends the
question, and nothing is sent to the same service until it has passed. Reads that broke are repeated twice.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx

from controller.adapters.entra.credentials import COMPONENT, Tokens
from controller.at_once import all_at_once
from controller.errors import ConfigurationError, InputError, StaleError, UnavailableError

THREADS = 16
T = TypeVar("T")
Query = Mapping[str, str]

_MAX_ANSWER = 16 * 1024 * 1024
MAX_PAGES = 1000
_ADVANCED = {"ConsistencyLevel": "eventual"}
"""Filters on some properties need it, together with `$count=true`; the others do not mind."""
_DEFAULT_WAIT_SECONDS = 10.0
"""After a 429 that names no time."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one question may take."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    longest_wait_seconds: float = 5.0
    """A longer `Retry-After` is handed on instead of waited for."""
    waits: int = 3
    repeats: int = 2


def new_client(patience: Patience | None = None) -> httpx.Client:
    """Return the client for Entra ID and Graph: redirects are never followed, certificates always verified."""
    held = patience or Patience()
    timeout = httpx.Timeout(held.read_seconds, connect=held.connect_seconds)
    limits = httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)
    return httpx.Client(timeout=timeout, limits=limits, headers={"User-Agent": "dvo"}, follow_redirects=False)


class Graph:
    """Microsoft Graph, as one application sees it; safe to share between threads."""

    def __init__(
        self,
        url: str,
        tokens: Tokens,
        http: httpx.Client,
        patience: Patience | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the Graph at `url` (without version), with `tokens` and `http`; wait by `pause`."""
        self.url = url
        self._tokens = tokens
        self._http = http
        self._patience = patience or Patience()
        self._pause = pause
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="graph")
        self._shut_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def get(self, path: str, query: Query | None = None) -> Mapping[str, object]:
        """Return the object at `path`, below ``/v1.0``.

        Raises `InputError` for what is not there, `ConfigurationError` for a missing permission,
        `StaleError` for a token of changes that is too old, else `UnavailableError`.
        """
        return self.follow(self._address(path, query))

    def pages(self, path: str, query: Query | None = None) -> list[object]:
        """Return the items of every page of a list. Raises as `get`."""
        found: list[object] = []
        link: str | None = self._address(path, query)
        for _ in range(MAX_PAGES):
            if link is None:
                return found
            answer = self.follow(link)
            found += items(answer)
            link = link_in(answer, "@odata.nextLink")
        raise endless(path)

    def follow(self, link: str) -> Mapping[str, object]:
        """Return the answer at a link that Graph gave. Raises as `get`."""
        if not self.is_own(link):
            raise _unavailable(f"it links to another place: {link[:60]!a}")
        path = urlsplit(link).path
        waits = self._patience.waits
        while True:
            answer = self._sent(link, path)
            if answer.wait is None:
                return answer.value
            if waits == 0 or answer.wait > self._patience.longest_wait_seconds:
                self._shut(_service(path), answer.wait)
                raise _unavailable(f"it asks to wait {answer.wait:g} s before {path}", answer.wait)
            waits -= 1
            self._pause(answer.wait)

    def is_own(self, link: str) -> bool:
        """Tell whether a link stays within this Graph."""
        try:
            own, given = urlsplit(self.url), urlsplit(link)
        except ValueError:
            return False
        return (own.scheme, own.netloc) == (given.scheme, given.netloc)

    def gather(self, reads: Sequence[Callable[[], T]]) -> list[T]:
        """Return the results of `reads`, made at the same time. Raises what the first failing one raised."""
        return all_at_once(self._pool, *reads)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def _address(self, path: str, query: Query | None) -> str:
        asked = f"?{urlencode(query, quote_via=quote, safe='$')}" if query else ""
        return f"{self.url}/v1.0{path}{asked}"

    def _shut(self, service: str, seconds: float) -> None:
        with self._lock:
            self._shut_until[service] = max(self._shut_until.get(service, 0.0), time.monotonic() + seconds)

    def _sent(self, link: str, path: str) -> "_Answer":
        left = self._shut_until.get(_service(path), 0.0) - time.monotonic()
        if left > 0:
            raise _unavailable(f"it asked to be left alone for another {left:.0f} s", left)
        status, headers, body = self._repeated(link, path)
        if status == 401:
            # Revoked, or its key was withdrawn: nothing was told, so once more with a new one.
            self._tokens.forget()
            status, headers, body = self._repeated(link, path)
        return _understood(status, headers, body, path)

    def _repeated(self, link: str, path: str) -> tuple[int, httpx.Headers, bytes]:
        repeats = self._patience.repeats
        while True:
            try:
                status, headers, body = self._exchanged(link)
            except (httpx.HTTPError, OSError) as error:
                if repeats == 0:
                    raise _unavailable(f"the connection failed at {path}: {type(error).__name__}") from None
            else:
                if repeats == 0 or status not in (500, 502, 504):
                    return status, headers, body
            repeats -= 1

    def _exchanged(self, link: str) -> tuple[int, httpx.Headers, bytes]:
        headers = {"Authorization": f"Bearer {self._tokens.token(self.url)}", **_ADVANCED}
        with self._http.stream("GET", link, headers=headers) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _MAX_ANSWER:
                    raise _unavailable(f"an answer exceeds {_MAX_ANSWER} bytes")
            return response.status_code, response.headers, bytes(body)


@dataclass(frozen=True, slots=True)
class _Answer:
    value: Mapping[str, object]
    wait: float | None = None
    """Seconds that Graph asked to wait; the value is then nothing."""


def _service(path: str) -> str:
    """Return which of Graph's services answers at `path`: each has limits of its own."""
    return "reports" if "/v1.0/reports/" in path else "directory"


def items(answer: Mapping[str, object]) -> list[object]:
    """Return the list that an answer holds. Raises `UnavailableError` when it holds none."""
    value = answer.get("value")
    if not isinstance(value, list):
        raise _unavailable("an answer makes no sense: expected a list at `value`")
    return value


def link_in(answer: Mapping[str, object], name: str) -> str | None:
    """Return a link of an answer, or None when there is none. Raises `UnavailableError` for one that is no text."""
    value = answer.get(name)
    if value is None or isinstance(value, str):
        return value
    raise _unavailable(f"an answer makes no sense: expected a link at `{name}`")


def endless(path: str) -> UnavailableError:
    """Return the error for a list that goes on beyond every page that is worth reading."""
    return _unavailable(f"its list {path} has more than {MAX_PAGES} pages")


def text_literal(value: str) -> str:
    """Return `value` as a text literal of OData."""
    return "'" + value.replace("'", "''") + "'"


def _understood(status: int, headers: httpx.Headers, body: bytes, path: str) -> _Answer:
    if status in (429, 503):
        return _Answer({}, _wait(headers))
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if status == 200 and isinstance(said, dict):
        return _Answer(said)
    raise _refusal(status, said, path)


def _refusal(status: int, said: object, path: str) -> Exception:
    code = _code(said)
    told = f"Microsoft Graph answered {status} {code} to {path}"
    if status == 410 or code.lower() in ("syncstatenotfound", "syncstateinvalid", "resyncrequired"):
        return StaleError(told)
    if status == 404:
        return InputError(told)
    if status == 401:
        return ConfigurationError(f"{told}: it does not accept the token; check GRAPH_URL and AZURE_AUTHORITY")
    if status == 403:
        return ConfigurationError(f"{told}: the application lacks a permission or its consent")
    return _unavailable(f"it answered {status} {code} to {path}")


def _code(said: object) -> str:
    error = said.get("error") if isinstance(said, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code[:80] if isinstance(code, str) and code.isascii() and code.isprintable() else "(no code)"


def _wait(headers: httpx.Headers) -> float:
    """Return the seconds of `Retry-After`; Graph gives seconds, and anything else means the default."""
    said = headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdecimal() and len(said) < 6 else _DEFAULT_WAIT_SECONDS


def _unavailable(said: str, wait: float | None = None) -> UnavailableError:
    return UnavailableError(
        f"Microsoft Graph cannot be believed: {said}", component=COMPONENT, retry_after_seconds=wait
    )
