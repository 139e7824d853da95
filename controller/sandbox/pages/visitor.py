"""Who looks at the pages: a person chosen in a menu, remembered in a cookie, and the token that guards every form.

The form token is an HMAC of the visitor's session under a key of this process, so another site cannot post a form for
them. Choosing a person is no authentication: it is a sandbox, bound to the loopback interface.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from controller.sandbox.records import Account
from controller.sandbox.refusal import Refusal, forbidden
from controller.sandbox.tokens import NOBODY, Caller, CallerKind
from controller.sandbox.world import World

_PERSON, _SESSION = "sandbox_person", "sandbox_session"
_KEY = secrets.token_bytes(32)
_LARGEST_FORM = 300_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the pages."""

    session: str
    account: Account | None

    @property
    def caller(self) -> Caller:
        """Return the visitor as whoever calls, for questions of permission."""
        return NOBODY if self.account is None else Caller(CallerKind.PERSON, self.account)

    @property
    def form_token(self) -> str:
        """Return what every form of this visitor must carry."""
        return hmac.new(_KEY, self.session.encode(), hashlib.sha256).hexdigest()


def visitor_of(world: World, request: Request) -> Visitor:
    """Return who sent a request."""
    session = request.cookies.get(_SESSION) or secrets.token_urlsafe(24)
    login = request.cookies.get(_PERSON, "")
    account = next((known for known in people(world) if known.login == login), None)
    return Visitor(session, account)


def people(world: World) -> list[Account]:
    """Return the people one can choose to be."""
    return [known for known in world.accounts.values() if known.kind == "User" and known.login != "web-flow"]


def form_of(visitor: Visitor, raw: bytes) -> dict[str, str]:
    """Return the fields of a posted form, or refuse one that this visitor's pages did not make."""
    if len(raw) > _LARGEST_FORM:
        raise Refusal(413, "The form is too large")
    fields = {name: values[-1] for name, values in parse_qs(raw.decode(errors="replace")).items()}
    if not hmac.compare_digest(fields.get("form_token", "").encode(), visitor.form_token.encode()):
        raise forbidden("This form is not from a page of yours: go back, reload and try again.")
    return fields


def remember(response: Response, visitor: Visitor, login: str | None = None) -> Response:
    """Set the visitor's cookies on an answer."""
    response.set_cookie(_SESSION, visitor.session, httponly=True, samesite="strict")
    if login is not None:
        response.set_cookie(_PERSON, login, httponly=True, samesite="strict")
    return response
