"""Who is calling: personal tokens, App JWTs and installation tokens, and what each may do.

Follows GitHub docs "Generating a JSON Web Token for a GitHub App" (RS256, `exp` at most ten minutes ahead, `iat` not in
the future) and "Generating an installation access token" (one hour, permissions narrowed on request, opaque strings of
about 520 characters). Time comes from the world's token clock, so a moved demo clock does not void real JWTs.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import jwt

from controller.sandbox.records import Account, App, Permission, Repository
from controller.sandbox.refusal import Refusal, bad_credentials, forbidden, not_found, unprocessable
from controller.sandbox.world import Token, World

LIFETIME = timedelta(hours=1)
_LONGEST_JWT = 600
_LEVELS = ("none", "read", "write", "admin")


class CallerKind(Enum):
    """How a caller proved who they are."""

    NOBODY = "nobody"
    PERSON = "person"
    APP = "app"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sends a request; the account of an App is its bot."""

    kind: CallerKind
    account: Account | None = None
    app: App | None = None
    permissions: Mapping[str, str] | None = None
    token: str = ""

    def known(self) -> Account:
        """Return the account, or refuse a stranger."""
        if self.account is None:
            raise Refusal(401, "Requires authentication")
        return self.account


NOBODY = Caller(CallerKind.NOBODY)


def identify(world: World, authorization: str) -> Caller:
    """Return the caller an Authorization header proves; anything unknown is refused, never treated as nobody."""
    if not authorization:
        return NOBODY
    scheme, _, credential = authorization.partition(" ")
    if scheme.lower() == "basic":
        credential = _basic_password(credential)
    elif scheme.lower() not in ("token", "bearer"):
        raise bad_credentials()
    credential = credential.strip()
    if credential.count(".") == 2 and not credential.startswith("ghs_"):
        return _app_caller(world, credential)
    return _token_caller(world, credential)


def issue_personal_token(world: World, account: Account) -> str:
    """Return a new token of a person."""
    value = "ghp_" + secrets.token_hex(18)
    world.tokens[value] = Token(account=account)
    return value


def issue_installation_token(world: World, app: App, requested: Mapping[str, str] | None) -> tuple[str, Token]:
    """Return a new token of an installation with no more than the App's permissions."""
    granted = app.granted
    if requested:  # an empty object asks for nothing less than everything, as on GitHub
        excess = [name for name, level in requested.items() if not _covers(granted.get(name), level)]
        if excess:
            raise unprocessable("The permissions requested are not granted to this installation.")
        granted = {**requested}
    granted.setdefault("metadata", "read")
    parts = (secrets.token_urlsafe(27), secrets.token_urlsafe(90), secrets.token_urlsafe(256))
    value = f"ghs_{app.id}_{'.'.join(parts)}"
    token = Token(account=app.bot, app=app, permissions=granted, expires_at=world.token_clock() + LIFETIME)
    world.tokens[value] = token
    return value, token


def allow(world: World, caller: Caller, repository: Repository, *, app: str, person: Permission) -> None:
    """Refuse unless the caller may: an App by one of its permissions, a person by their role."""
    if caller.kind is CallerKind.INSTALLATION:
        _allow_installation(caller, repository, app)
        return
    held = Permission.READ if not repository.private else Permission.NONE
    if caller.kind is CallerKind.PERSON:
        held = world.permission(caller.known(), repository)
    if held.rank < Permission.READ.rank:
        raise not_found()
    if held.rank < person.rank:
        raise forbidden(
            "Must have admin rights to Repository."
            if person is Permission.ADMIN
            else "Resource not accessible by personal access token"
        )


def allow_reading_organization(world: World, caller: Caller, organization: Account) -> None:
    """Refuse unless an installation holds `members: read` there, or a person is of that organization."""
    if caller.kind is CallerKind.INSTALLATION and caller.app is not None:
        if caller.app.installation.account.id != organization.id:
            raise not_found()
        if not _covers((caller.permissions or {}).get("members"), "read"):
            raise forbidden("Resource not accessible by integration")
        return
    account = caller.known()
    member = account.id in world.owners.get(organization.id, set()) or any(
        account.id in team.members for team in world.teams.values() if team.organization.id == organization.id
    )
    if not member:
        raise not_found()


def _allow_installation(caller: Caller, repository: Repository, needed: str) -> None:
    if caller.app is None or caller.app.installation.account.id != repository.owner.id:
        raise not_found()
    wanted = [alternative.partition(":") for alternative in needed.split("|")]
    if not any(_covers((caller.permissions or {}).get(name), level) for name, _, level in wanted):
        raise forbidden("Resource not accessible by integration")


def _covers(held: str | None, wanted: str) -> bool:
    return wanted in _LEVELS and _LEVELS.index(held or "none") >= _LEVELS.index(wanted)


def _token_caller(world: World, value: str) -> Caller:
    token = world.tokens.get(value)
    if token is None or (token.expires_at is not None and token.expires_at <= world.token_clock()):
        raise bad_credentials()
    if token.app is None:
        return Caller(CallerKind.PERSON, token.account, token=value)
    return Caller(CallerKind.INSTALLATION, token.account, token.app, token.permissions, value)


def _app_caller(world: World, assertion: str) -> Caller:
    app = _claimed_app(world, assertion)
    try:
        claims = jwt.decode(
            assertion, app.public_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except jwt.PyJWTError as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    _check_times(claims.get("iat"), claims.get("exp"), world.token_clock())
    return Caller(CallerKind.APP, app.bot, app)


def _claimed_app(world: World, assertion: str) -> App:
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False, "verify_exp": False, "verify_iat": False})
    except jwt.PyJWTError as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    issuer = str(claims.get("iss", ""))
    for app in world.apps.values():
        if issuer in (str(app.id), app.client_id):
            return app
    raise Refusal(401, "Integration not found")


def _check_times(issued: object, expires: object, now: datetime) -> None:
    today = now.astimezone(UTC).timestamp()
    if not isinstance(issued, int) or issued > today:
        raise Refusal(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    if not isinstance(expires, int) or expires <= today:
        raise Refusal(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the"
            " assertion expires",
        )
    if expires > today + _LONGEST_JWT:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")


def _basic_password(credential: str) -> str:
    try:
        name, _, password = base64.b64decode(credential, validate=True).decode().partition(":")
    except ValueError as error:
        raise bad_credentials() from error
    return password or name
