"""Signing people in and out, in a browser: `/auth/login`, `/auth/callback`, `/auth/logout`.

A sign-in belongs to the browser that began it, counts once and not for long, and leads only to a
place of our own. Whoever comes back is asked for in the directory; a stranger gets no session.
Everything that happens is in the journal before it has an effect.
OpenID Connect Core 1.0; RFC 6265bis (`__Host-`); OWASP "Session Management".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from controller.decision.wording import counted
from controller.identity.bearer import TokenFault
from controller.identity.principal import Principal, PrincipalId
from controller.ledger.event import Event, EventType
from controller.ports.clock import Clock
from controller.ports.journal import Journal, Mark
from controller.ports.sign_in import SignedIn, SignIn, SignInFault
from controller.web.authentication import CSRF_HEADER, SESSION_COOKIE, Watch
from controller.web.limiting import Allowance
from controller.web.pages import Page, html
from controller.web.refusal import Refusal, Sender
from controller.web.sessions import Flows, Found, Session, Sessions, is_same
from controller.workflow.step_up import STEP_UP_COUNTS

FLOW_COOKIE = "__Host-dvo-flow"
CALLBACK = "/auth/callback"
LOGIN = "/auth/login"
CHECK_AGAIN = timedelta(hours=1)
"""After which the provider is asked whether the person may still be signed in."""
HOME = "/v1/auth/me"
_OWN_PLACE = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}", re.ASCII)
LOGOUT = "/auth/logout"
SIGNED_OUT = "/auth/signed-out"
_AGAIN = (LOGIN, "Sign in again")
_TEXTS: Mapping[SignInFault | TokenFault, str] = {
    SignInFault.DECLINED: "The sign-in was declined or given up.",
    SignInFault.FORGED: "What came back does not belong to the sign-in that this browser began.",
    SignInFault.NO_SECOND_FACTOR: "A second factor was asked for, and none was used.",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Where sign-ins under way and sessions are kept."""

    flows: Flows
    sessions: Sessions


@dataclass(frozen=True, slots=True)
class Record:
    """How what happened is written down."""

    journal: Journal
    clock: Clock
    new_id: Callable[[], str]

    def write(
        self, kind: EventType, who: PrincipalId, details: Mapping[str, object], marks: Sequence[Mark] = ()
    ) -> None:
        """Write down what `who` did, to be sealed soon. Raises `UnavailableError`; it must then have no effect."""
        event = Event(self.new_id(), kind, self.clock.now(), who, who, details=details)
        self.journal.record((event,), (*marks, Mark("seal")))


class SigningIn:
    """Signs people in and out; blocks, so it belongs on a thread."""

    def __init__(
        self,
        sign_in: SignIn,
        kept: Kept,
        principal_of: Callable[[str], Principal | None],
        watch: Watch,
        record: Record,
    ) -> None:
        """Sign in with `sign_in`; know people by subject with `principal_of`."""
        self._sign_in = sign_in
        self._kept = kept
        self._principal_of = principal_of
        self._watch = watch
        self._record = record

    def begin(self, request: Request, own_url: str) -> Response:
        """Send the browser to the provider."""
        wait = self._watch.limits.take(Allowance.SIGN_IN, self._watch.address_of(request))
        if wait is not None:
            return self._refused(
                request, Refusal(429, "too_many", f"Too many attempts. Try again in {counted(wait, 'second')}."), wait
            )
        step_up = request.query_params.get("step_up") == "true"
        begun = self._sign_in.begin(own_url + CALLBACK, step_up=step_up)
        going = {
            "next": own_place(request.query_params.get("next")),
            "flow": begun.flow.decode(),
            "step_up": step_up,
            # Whoever comes back posts a form from another site, which brings no cookie of a session along.
            "before": request.cookies.get(SESSION_COOKIE, ""),
        }
        answer = RedirectResponse(begun.address, 302)
        # The provider's page posts a form to us from its own site, which a laxer cookie would not go along with.
        _set(answer, FLOW_COOKIE, self._kept.flows.begin(json.dumps(going).encode()), "none")
        return answer

    def complete(self, request: Request, answer: Mapping[str, str]) -> Response:
        """Take the browser back, and give it a session when the person is known."""
        kept = self._kept.flows.end(request.cookies.get(FLOW_COOKIE, ""))
        if kept is None:
            text = "This sign-in was begun in another browser, or too long ago."
            return self._refused(request, Refusal(400, "no_flow", text))
        going = json.loads(kept)
        found = self._sign_in.complete(going["flow"].encode(), answer)
        if not isinstance(found, SignedIn):
            return self._refused(request, Refusal(401, found.value, _TEXTS.get(found, "The sign-in was not believed.")))
        principal = self._principal_of(found.bearer.object_id)
        if principal is None:
            return self._refused(
                request, Refusal(403, "unknown_person", "The directory of this controller does not know you.")
            )
        return self._signed_in(request, found, principal, going)

    def leave(self, request: Request, own_url: str) -> Response:
        """Ask whoever is signed in whether to sign out: what a link may lead to, since it ends nothing."""
        found = self._kept.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
        if found is None:
            return RedirectResponse(SIGNED_OUT, 303)
        text = "You are signed in to DVO in this browser."
        page = Page("Sign out?", text, choices=("Sign out",), action=LOGOUT, hidden={"csrf": found.csrf})
        elsewhere = self._sign_in.sign_out_address(own_url + SIGNED_OUT)
        return html(page, headers={"Cache-Control": "no-store"}, onward=elsewhere)

    def end(self, request: Request, csrf: str, own_url: str) -> Response:
        """Sign out, when our own page asks for it."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        found = self._kept.sessions.find(cookie)
        if found is not None and not is_same(found.csrf, csrf or request.headers.get(CSRF_HEADER, "")):
            return self._refused(
                request, Refusal(403, "foreign_page", "Signing out was asked for by a page that is not ours.")
            )
        if found is not None:
            self._record.write(EventType.AUTH_LOGOUT, found.session.who, self._source(request))
            self._kept.sessions.end(cookie)
        elsewhere = self._sign_in.sign_out_address(own_url + SIGNED_OUT)
        answer = RedirectResponse(elsewhere or SIGNED_OUT, 303)
        # A page of another site brings none along, and must not take it away either.
        if SESSION_COOKIE in request.cookies:
            _delete(answer, SESSION_COOKIE, "lax")
        return answer

    def principal_in(self, found: Found) -> Principal | None:
        """Return who is signed in, asking the provider now and then; None when they may not be any more."""
        session = found.session
        now = self._record.clock.now()
        if session.refresh_token is not None and not timedelta() <= now - session.checked_at < CHECK_AGAIN:
            renewed = self._renewed(found, session.refresh_token) or self._renewed_meanwhile(found)
            if renewed is None:
                self._kept.sessions.end(found.cookie)
                return None
            session = renewed
        principal = self._principal_of(session.subject)
        is_stepped_up = session.mfa_at is not None and timedelta() <= now - session.mfa_at < STEP_UP_COUNTS
        return replace(principal, mfa=True) if principal is not None and is_stepped_up else principal

    def _renewed(self, found: Found, refresh_token: str) -> Session | None:
        signed_in = self._sign_in.renew(refresh_token)
        if signed_in is None or signed_in.bearer.object_id != found.session.subject:
            return None
        self._record.write(EventType.AUTH_TOKEN_REFRESH, found.session.who, {})
        token = signed_in.refresh_token or refresh_token
        session = replace(found.session, checked_at=self._record.clock.now(), refresh_token=token)
        return session if self._kept.sessions.update(found.cookie, session) else None

    def _renewed_meanwhile(self, found: Found) -> Session | None:
        """Return what another request of the same browser made of a session, with a token that counts once."""
        again = self._kept.sessions.find(found.cookie)
        is_newer = again is not None and again.session.checked_at > found.session.checked_at
        return again.session if again is not None and is_newer else None

    def _signed_in(
        self, request: Request, found: SignedIn, principal: Principal, going: Mapping[str, object]
    ) -> Response:
        now = self._record.clock.now()
        # Any other sign-in may rest on a factor that was used days ago.
        mfa_at = now if going["step_up"] and found.bearer.mfa is True else None
        details = {**self._source(request), "mfa": found.bearer.mfa, "step_up": going["step_up"]}
        # Whoever lacked a second factor on a pull request has one now.
        marks = (Mark("sweep"),) if mfa_at is not None and principal.mfa is not True else ()
        self._record.write(EventType.AUTH_LOGIN, principal.id, details, marks)
        # Whatever session the browser had is over: nobody can have planted the one it gets.
        self._kept.sessions.end(str(going.get("before")))
        session = Session(found.bearer.object_id, principal.id, now, now, mfa_at, found.refresh_token)
        answer = RedirectResponse(own_place(str(going["next"])), 303)
        _set(answer, SESSION_COOKIE, self._kept.sessions.open(session), "lax")
        _delete(answer, FLOW_COOKIE, "none")
        return answer

    def _refused(self, request: Request, refusal: Refusal, wait: int | None = None) -> Response:
        self._watch.refusals.record(refusal, Sender(self._watch.address_of(request)))
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return html(Page("You are not signed in", refusal.message, _AGAIN), refusal.status, headers)

    def _source(self, request: Request) -> dict[str, object]:
        return {"source_ip": self._watch.address_of(request)}


def own_place(asked: str | None) -> str:
    """Return where to go after a sign-in: a path of our own and never another site."""
    return asked if asked is not None and _OWN_PLACE.fullmatch(asked) else HOME


def _set(answer: Response, name: str, secret: str, same_site: Literal["lax", "none"]) -> None:
    answer.set_cookie(name, secret, secure=True, httponly=True, samesite=same_site, path="/")


def _delete(answer: Response, name: str, same_site: Literal["lax", "none"]) -> None:
    answer.delete_cookie(name, secure=True, httponly=True, samesite=same_site, path="/")
