"""The line to GitHub: calls as an App's installation, all pages, many at once, one rate budget.

PyGithub's requester carries version, address and authentication; objects of PyGithub are
not used, as they cost reads of their own. Whatever goes wrong leaves as one of our errors.
While GitHub wants to be left alone (Retry-After, an empty budget) no call is sent at all.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from github import Auth, Github
from github.GithubException import BadCredentialsException
from github.Requester import Requester
from requests.utils import parse_header_links

from controller.adapters.github.answer import items
from controller.adapters.github.exchange import THREADS, Exchange, Patience, new_session
from controller.adapters.github.listening import Heard, Listener, budget_in, nobody
from controller.adapters.github.refusals import FOREIGN, translated, unavailable
from controller.adapters.github.token import PERMISSIONS, AppAssertion, Installation, InstallationToken
from controller.errors import ConfigurationError, ControllerError, UnavailableError

API_VERSION = "2022-11-28"
Query = Mapping[str, str]
T = TypeVar("T")

_PAGE_SIZE = 100
_MAX_PAGES = 100
_MAX_ANSWER = 32 * 1024 * 1024
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+", re.ASCII)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False)
class GitHubApp:
    """A GitHub App on one repository; safe to share between threads, opened by its first call."""

    api_url: str
    app_id: int
    private_key_pem: str = field(repr=False)
    repository: str
    now: Callable[[], datetime] = _utc_now
    patience: Patience = Patience()
    permissions: Mapping[str, str] = field(default_factory=lambda: PERMISSIONS)
    """What its tokens are limited to."""
    listener: Listener = nobody
    """Told of every call and its answer."""

    def __post_init__(self) -> None:
        """Check what was configured and prepare; nothing is sent yet."""
        if _REPOSITORY.fullmatch(self.repository) is None:
            raise ConfigurationError(f"DVO_REPOSITORY must be `owner/name`, got {self.repository[:100]!a}")
        if urlsplit(self.api_url).scheme not in ("http", "https") or not urlsplit(self.api_url).hostname:
            raise ConfigurationError(f"GITHUB_API_URL must be an http(s) address, got {self.api_url[:100]!a}")
        # At DEBUG PyGithub logs whole answers, and one of them is the token.
        logging.getLogger("github.Requester").setLevel(logging.INFO)
        self._session = new_session(self.patience)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="github")
        self._quiet = _Quiet()
        self._as_app = self._requester(AppAssertion(self.app_id, self.private_key_pem, self.now))
        self._token = InstallationToken(self.repository, self.permissions, self._ask_as_app, self.now)
        self._as_installation = self._requester(self._token)

    @property
    def installation(self) -> Installation:
        """Return where the App is installed. Raises `ConfigurationError` when it is not."""
        return self._token.installation

    def path(self, rest: str) -> str:
        """Return the address of something of the repository."""
        return f"/repos/{self.repository}{rest}"

    def get(
        self, path: str, query: Query | None = None, *, limit: int = _MAX_ANSWER, accept: str | None = None
    ) -> object:
        """Return the JSON at `path`, of the media type `accept` where GitHub has several."""
        return self._authorised(_Call("GET", path, query or {}, None, limit, accept))[1]

    def pages(
        self, path: str, query: Query | None = None, *, key: str | None = None, most: int | None = None
    ) -> list[object]:
        """Return the elements of every page of the list at `path` (inside each answer, of the list at `key`).

        With `most`, of no more than that many pages; without, a list that does not end is an error.
        """
        asked: dict[str, str] = {**(query or {}), "per_page": str(_PAGE_SIZE)}
        found: list[object] = []
        for _ in range(most or _MAX_PAGES):
            headers, answer = self._authorised(_Call("GET", path, asked, None, _MAX_ANSWER))
            found += items(answer) if key is None else items(answer, key)
            following = self._next_query(headers.get("link", ""))
            if following is None:
                return found
            if following == asked:
                raise unavailable(f"GitHub names the same page of {path} as its own next page")
            asked = following
        if most is not None:
            return found
        raise unavailable(f"GitHub's list {path} has more than {_MAX_PAGES} pages")

    def send(self, verb: str, path: str, body: Mapping[str, object] | None = None) -> object:
        """Write once, never repeated, and return the JSON of the answer."""
        return self._authorised(_Call(verb, path, {}, body, _MAX_ANSWER))[1]

    def gather(self, reads: Sequence[Callable[[], T]]) -> list[T]:
        """Return the results of `reads`, made at the same time. Raises what the first failing one raised."""
        if len(reads) < 2:
            return [read() for read in reads]
        running = [self._pool.submit(read) for read in reads]
        try:
            return [future.result() for future in running]
        finally:
            for future in running:
                future.cancel()

    def close(self) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._session.close()

    def _requester(self, auth: Auth.Auth) -> Requester:
        return Github(
            auth=auth,
            base_url=self.api_url.rstrip("/"),
            user_agent="dvo",
            lazy=True,
            per_page=_PAGE_SIZE,
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=None,
            api_version=API_VERSION,
        ).requester

    def _ask_as_app(self, verb: str, path: str, body: Mapping[str, object] | None) -> object:
        return self._sent(self._as_app, _Call(verb, path, {}, body, _MAX_ANSWER))[1]

    def _authorised(self, call: "_Call") -> tuple[Mapping[str, str], object]:
        token = self._token.token
        try:
            return self._sent(self._as_installation, call)
        except _RejectedTokenError:
            # Revoked, or our clock is behind: a 401 means nothing was done, so once more with a new one.
            self._token.forget(token)
        return self._sent(self._as_installation, call)

    def _sent(self, requester: Requester, call: "_Call") -> tuple[Mapping[str, str], object]:
        self._quiet.respect()
        exchange = Exchange(self._session, self.patience, self.api_url, call.limit)
        try:
            return _answer_of(requester, call, exchange)
        except FOREIGN as error:
            ours = translated(error, str(call), self.now())
            self._quiet.learn(ours)
            if isinstance(error, BadCredentialsException) and requester is self._as_installation:
                raise _RejectedTokenError(str(ours)) from None
            raise ours from None
        finally:
            is_ours = requester is self._as_installation
            self.listener(Heard(call.verb, exchange.status, budget_in(exchange.told) if is_ours else None))

    def _next_query(self, link: str) -> dict[str, str] | None:
        target = next((each.get("url", "") for each in parse_header_links(link) if each.get("rel") == "next"), None)
        if target is None:
            return None
        address, home = urlsplit(target), urlsplit(self.api_url)
        if (address.scheme, address.netloc) != (home.scheme, home.netloc):
            raise unavailable(f"GitHub names a next page on another host: {address.netloc[:80]!a}")
        return {name: values[-1] for name, values in parse_qs(address.query).items()}


class _RejectedTokenError(ConfigurationError):
    """GitHub no longer accepts the installation token."""


@dataclass(frozen=True, slots=True)
class _Call:
    verb: str
    path: str
    query: Query
    body: Mapping[str, object] | None
    limit: int
    accept: str | None = None

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


class _Quiet:
    """The time until which GitHub asked to be left alone."""

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = threading.Lock()

    def respect(self) -> None:
        """Raise `UnavailableError` while it has not passed."""
        left = self._until - time.monotonic()
        if left > 0:
            raise unavailable(f"GitHub asked to be left alone for another {left:.0f} s", left)

    def learn(self, error: ControllerError) -> None:
        """Note how long GitHub wants to be left alone, when it says so."""
        if isinstance(error, UnavailableError) and error.retry_after_seconds:
            with self._lock:
                self._until = max(self._until, time.monotonic() + error.retry_after_seconds)


def _answer_of(requester: Requester, call: _Call, exchange: Exchange) -> tuple[Mapping[str, str], object]:
    wanted = {} if call.accept is None else {"Accept": call.accept}
    status, headers, body = requester.requestJson(call.verb, call.path, dict(call.query), wanted, call.body, exchange)
    if status < 400:
        return headers, json.loads(body) if body else None
    raise _refusal(status, headers, body)


def _refusal(status: int, headers: Mapping[str, str], body: str) -> Exception:
    """Return what PyGithub raises for an answer of `status`; a body that is no JSON object has no message."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    known = {**said, "message": str(said.get("message", ""))} if isinstance(said, dict) else {}
    return Requester.createException(status, dict(headers), known)
