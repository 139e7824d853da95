"""The line to GitHub: calls as an App's installation, all pages, many at once, one rate budget.

PyGithub's requester carries version, address and authentication; objects of PyGithub are
not used, as they cost reads of their own. Whatever goes wrong leaves as one of our errors.
What was answered before is asked for with its ETag, and a call that finds no budget is not sent.
"""

import json
import logging
import re
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
from controller.adapters.github.copies import Copies, Copy
from controller.adapters.github.exchange import THREADS, Exchange, Patience, new_session
from controller.adapters.github.listening import Heard, Listener, budget_in, nobody
from controller.adapters.github.pacing import Pace, Shortage, unheard
from controller.adapters.github.refusals import FOREIGN, translated, unavailable
from controller.adapters.github.token import AppAssertion, Installation, InstallationToken
from controller.at_once import all_at_once
from controller.change.app_setup import PERMISSIONS
from controller.errors import ConfigurationError

API_VERSION = "2022-11-28"
"""The last version that tells the merge commit of a pull request, by which merges are attributed."""
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
    monotonic: Callable[[], float] = time.monotonic
    """Seconds, by which spans of time are measured."""
    put_off: Callable[[Shortage], None] = unheard
    """Told of every call that was not sent, for want of budget."""
    api_version: str = API_VERSION

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
        self.pace = Pace(self.now, self.monotonic, self.put_off)
        self._copies = Copies()
        self._as_app = self._requester(AppAssertion(self.app_id, self.private_key_pem, self.now))
        self._token = InstallationToken(self.repository, self.permissions, self.ask_as_app, self.now)
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
        """Return the JSON at `path` as it is now, of the media type `accept` where GitHub has several."""
        return self._authorised(_Call("GET", path, query or {}, None, limit, accept))[1]

    def get_fixed(self, path: str, query: Query | None = None, *, limit: int = _MAX_ANSWER) -> object:
        """Return the JSON at `path`, which an id names and nothing can change: the caller remembers it."""
        return self._authorised(_Call("GET", path, query or {}, None, limit, may_change=False))[1]

    def whole(self, path: str) -> list[object]:
        """Return the elements of the list at `path`, which GitHub tells at once; one with a next page is refused."""
        headers, answer = self._authorised(_Call("GET", path, {}, None, _MAX_ANSWER))
        if self._next_query(headers.get("link", "")) is not None:
            raise unavailable(f"GitHub cuts {path} into pages, where it is not known to")
        return items(answer)

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
        return all_at_once(self._pool, *reads)

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
            api_version=self.api_version,
        ).requester

    def ask_as_app(self, verb: str, path: str, body: Mapping[str, object] | None) -> object:
        """Send once as the App itself, which needs no permission and may little, and return the JSON of the answer."""
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
        copy = self._copies.find(call.path, call.question) if call.is_repeatable else None
        self.pace.spend(call.verb, call.path)
        exchange = Exchange(self._session, self.patience, self.api_url, call.limit)
        try:
            headers, body = _answer_of(requester, call, exchange, copy)
            answer = json.loads(body) if body else None
            if call.is_repeatable and exchange.status == 200:
                self._copies.keep(call.path, call.question, headers, body)
            return headers, answer
        except FOREIGN as error:
            ours = translated(error, str(call), self.now())
            self.pace.learn(ours)
            if isinstance(error, BadCredentialsException) and requester is self._as_installation:
                raise _RejectedTokenError(str(ours)) from None
            raise ours from None
        finally:
            budget = budget_in(exchange.told) if requester is self._as_installation else None
            if budget is not None:
                self.pace.note(budget)
            self.listener(Heard(call.verb, exchange.status, budget))

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
    may_change: bool = True

    @property
    def is_repeatable(self) -> bool:
        """Tell whether an answer is worth keeping, to ask whether it still holds."""
        return self.verb == "GET" and self.may_change

    @property
    def question(self) -> Query:
        """Return what, beside the path, makes an answer another one."""
        return {**self.query, "accept": self.accept or ""}

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


def _answer_of(
    requester: Requester, call: _Call, exchange: Exchange, copy: Copy | None
) -> tuple[Mapping[str, str], str]:
    more = {} if call.accept is None else {"Accept": call.accept}
    if copy is not None:
        more["If-None-Match"] = copy.etag
    status, headers, body = requester.requestJson(call.verb, call.path, dict(call.query), more, call.body, exchange)
    if copy is not None and status == 304:
        return {**headers, "link": copy.link}, copy.body
    if status < 300:
        if not body and status != 204:
            raise unavailable(f"GitHub answered {status} to {call} and said nothing")
        return headers, body
    raise _refusal(status, headers, body)


def _refusal(status: int, headers: Mapping[str, str], body: str) -> Exception:
    """Return what PyGithub raises for an answer of `status`; a body that is no JSON object has no message."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    known = {**said, "message": str(said.get("message", ""))} if isinstance(said, dict) else {}
    return Requester.createException(status, dict(headers), known)
