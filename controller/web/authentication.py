"""Who sends a request: the one place where a bearer token or a session becomes a principal.

There is no way through here but a principal: whatever else happens raises `HTTPException`. A
token that is not believed is answered in the same words whatever is wrong with it; the event says
what was. A session counts for requests of our own pages only, which send its token along.
RFC 6750; OWASP "Cross-Site Request Forgery Prevention".
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request

from controller.decision.wording import counted
from controller.errors import UnavailableError
from controller.identity.bearer import Bearer, TokenFault
from controller.identity.principal import Principal
from controller.web.client_address import AddressOf
from controller.web.limiting import Allowance, Limits
from controller.web.refusal import Refusal, RefusalJournal, Sender
from controller.web.sessions import Found, is_same

SESSION_COOKIE = "__Host-dvo-session"
CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_NEUTRAL = "Expected a valid bearer token, or to be signed in."
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
REFUSALS: dict[int | str, dict[str, object]] = {
    401: {"description": "Nobody is signed in, or the token is not believed."},
    403: {"description": "The directory does not know who asks, or they may not."},
    429: {"description": "Too many attempts or requests; `Retry-After` says when to come again."},
    503: {"description": "A part that must be asked does not answer."},
}
"""What every route behind the authentication may answer."""
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request."""

    principal: Principal
    session: Found | None = None
    """None for whoever came with a token."""


@dataclass(frozen=True, slots=True)
class Means:
    """By what a request says who sends it; each may raise `UnavailableError`."""

    read_token: Callable[[str], Bearer | TokenFault]
    principal_of: Callable[[Bearer], Principal | None]
    """None for somebody the directory does not know."""
    find_session: Callable[[str], Found | None]
    principal_in: Callable[[Found], Principal | None]
    """None when whoever signed in may not be any more."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What stands beside the door: who comes from where, how often, and what is written down of it."""

    address_of: AddressOf
    limits: Limits
    refusals: RefusalJournal


class Authentication:
    """Lets principals in; blocks, so it belongs on a thread."""

    def __init__(self, means: Means, watch: Watch) -> None:
        """Know people by `means`, under `watch`."""
        self._means = means
        self._watch = watch

    def __call__(self, request: Request) -> Caller:
        """Return who sends `request`; raises `HTTPException` with status 401, 403, 429 or 503 for everybody else."""
        address = self._watch.address_of(request)
        try:
            return self._caller(request, address)
        except UnavailableError as error:
            _LOG.warning("nobody can say who sends a request", component=error.component, error=str(error))
            raise HTTPException(503, "Who sends this cannot be checked now; try again soon.") from error

    def counted(self, allowance: Allowance) -> Callable[[Request], Caller]:
        """Return what lets somebody in who has some of an `allowance` left, and uses one of it."""

        def counted(request: Request) -> Caller:
            caller = self(request)
            try:
                wait = self._watch.limits.take(allowance, caller.principal.id)
            except UnavailableError as error:
                raise HTTPException(503, "How much you asked for is not known; try again soon.") from error
            if wait is not None:
                sender = Sender(self._watch.address_of(request), who=caller.principal.id)
                self._watch.refusals.record(Refusal(429, "allowance_used_up", ""), sender)
                raise _too_many(wait)
            return caller

        return counted

    def _caller(self, request: Request, address: str) -> Caller:
        credentials = request.headers.getlist("authorization")
        if credentials:
            return self._by_token(credentials, address)
        cookie = request.cookies.get(SESSION_COOKIE)
        if cookie is not None:
            return self._by_session(request, cookie, address)
        raise HTTPException(401, _NEUTRAL, _CHALLENGE)

    def _by_token(self, credentials: list[str], address: str) -> Caller:
        # Nobody guesses a session, so whoever is signed in is not kept out by what others of their address send.
        self._refuse_locked_out(address)
        scheme, _, token = credentials[0].partition(" ")
        if len(credentials) != 1 or scheme.lower() != "bearer":
            raise self._failed(TokenFault.MALFORMED, address)
        bearer = self._means.read_token(token.strip())
        if isinstance(bearer, TokenFault):
            raise self._failed(bearer, address)
        principal = self._means.principal_of(bearer)
        if principal is None:
            raise self._unknown(address)
        return Caller(principal)

    def _by_session(self, request: Request, cookie: str, address: str) -> Caller:
        found = self._means.find_session(cookie)
        if found is None:
            # Sessions end every day; a secret of 256 bits is not guessed, so this is no failed attempt.
            raise HTTPException(401, _NEUTRAL, _CHALLENGE)
        if request.method not in _SAFE_METHODS and not is_same(found.csrf, request.headers.get(CSRF_HEADER, "")):
            self._record(Refusal(403, "foreign_page", ""), address)
            raise HTTPException(403, f"Expected the token of this session in {CSRF_HEADER}.")
        principal = self._means.principal_in(found)
        if principal is None:
            raise self._unknown(address)
        return Caller(principal, found)

    def _refuse_locked_out(self, address: str) -> None:
        wait = self._watch.limits.look(Allowance.FAILURES, address)
        if wait is not None:
            self._record(Refusal(429, "locked_out", ""), address)
            raise _too_many(wait)

    def _failed(self, fault: TokenFault, address: str) -> HTTPException:
        """Return the refusal of a token, counted against `address`."""
        self._record(Refusal(401, fault.value, ""), address)
        self._watch.limits.take(Allowance.FAILURES, address)
        wait = self._watch.limits.take(Allowance.TOKENS, address)
        return HTTPException(401, _NEUTRAL, _CHALLENGE) if wait is None else _too_many(wait)

    def _unknown(self, address: str) -> HTTPException:
        self._record(Refusal(403, "unknown_person", ""), address)
        return HTTPException(403, "The directory does not know you, or not any more.")

    def _record(self, refusal: Refusal, address: str) -> None:
        self._watch.refusals.record(refusal, Sender(address))


def _too_many(seconds: int) -> HTTPException:
    return HTTPException(429, f"Too many; try again in {counted(seconds, 'second')}.", {"Retry-After": str(seconds)})
