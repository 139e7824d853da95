"""Whom a bearer token of Entra ID speaks for: its claims, read strictly, once its signature holds.

Nothing is taken from a token but what is checked here. A person's token must carry our scope, so
that no ID token and no token made for another purpose passes for one; what an application got for
itself is a service account, whatever else it claims. Times are seconds since 1970.
Microsoft: "Access token claims reference" and "Secure applications and APIs by validating claims".
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from controller.identity.principal import PrincipalKind

LEEWAY = timedelta(seconds=60)
"""How far the clocks of the issuer and of this machine may be apart."""
LONGEST = timedelta(hours=29)
"""Entra's longest life of an access token is 24 to 28 hours; one that says more was not made there."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_VERSIONS = ("1.0", "2.0")
_END_OF_TIME = 1 << 33
"""Seconds since 1970 in the year 2242: what lies beyond was not made by a clock."""


class TokenFault(StrEnum):
    """Why a token is not believed; a word for the event, never for the sender."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    NESTED = "nested"
    WRONG_ALGORITHM = "wrong_algorithm"
    NO_KEY_ID = "no_key_id"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    FOREIGN_ISSUER = "foreign_issuer"
    FOREIGN_TENANT = "foreign_tenant"
    FOREIGN_AUDIENCE = "foreign_audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NOT_FOR_US = "not_for_us"
    """Neither our scope nor an application's own token."""


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """What a token must meet to be believed."""

    tenant: str
    """The tenant's id, in lower case."""
    audiences: frozenset[str]
    """Our application's client id and its ID URI."""
    scope: str | None
    """What a person's access token must have been given for; None: an ID token of a person's sign-in is meant."""
    mfa_contexts: frozenset[str] = frozenset()
    """The authentication contexts (``c1`` ...) that this tenant gives only after MFA; with any, only they count."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token speaks for, and what it says of them."""

    kind: PrincipalKind
    """A person, or a service account: never an approver."""
    object_id: str
    """In the tenant's directory, in lower case."""
    groups: frozenset[str] | None
    """Object ids of groups; None when the token lists some other way, or not all, and the directory must be asked."""
    mfa: bool | None
    """True when this very sign-in used a second factor; None is unknown."""
    expires_at: datetime


def read_claims(
    claims: Mapping[str, object], issuers: Collection[str], terms: TokenTerms, now: datetime
) -> Bearer | TokenFault:
    """Return whom `claims` speak for, or why nobody: the signing key was published for `issuers` only."""
    expires_at = _origin(claims, issuers, terms) or _expiry(claims, now)
    if isinstance(expires_at, TokenFault):
        return expires_at
    object_id, kind = claims.get("oid"), _kind(claims, terms.scope)
    if not _is_identifier(object_id) or claims.get("ver") not in _VERSIONS:
        return TokenFault.MALFORMED
    if kind is None:
        return TokenFault.NOT_FOR_US
    return Bearer(kind, str(object_id), _groups(claims), _mfa(claims, terms.mfa_contexts), expires_at)


def _origin(claims: Mapping[str, object], issuers: Collection[str], terms: TokenTerms) -> TokenFault | None:
    if not _is_among(claims.get("iss"), issuers):
        return TokenFault.FOREIGN_ISSUER
    if claims.get("tid") != terms.tenant:
        return TokenFault.FOREIGN_TENANT
    if not _is_among(claims.get("aud"), terms.audiences):
        return TokenFault.FOREIGN_AUDIENCE
    return None


def _is_among(value: object, texts: Collection[str]) -> bool:
    return isinstance(value, str) and value in texts


def _expiry(claims: Mapping[str, object], now: datetime) -> datetime | TokenFault:
    starts = _seconds(claims.get("nbf", claims.get("iat")))
    issued, ends = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    if starts is None or issued is None or ends is None or ends - issued > LONGEST.total_seconds():
        return TokenFault.MALFORMED
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    if max(starts, issued) > at + leeway:
        return TokenFault.NOT_YET_VALID
    return datetime.fromtimestamp(ends, UTC) if ends > at - leeway else TokenFault.EXPIRED


def _seconds(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _END_OF_TIME else None


def _is_identifier(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _kind(claims: Mapping[str, object], scope: str | None) -> PrincipalKind | None:
    """Return for what kind of principal a token was made; None for a token that was not made for this door."""
    scopes = claims.get("scp")
    if scope is None:
        is_access_token = {"scp", "roles", "azp", "appid"} & claims.keys()
        return None if is_access_token or claims.get("idtyp", "user") != "user" else PrincipalKind.PERSON
    if isinstance(scopes, str) and claims.get("idtyp", "user") == "user":
        return PrincipalKind.PERSON if scope in scopes.split(" ") else None
    # Without the optional claim `idtyp`, an application's own token names the application as its subject.
    names_itself = claims.get("sub") == claims.get("oid") and ("azp" in claims or "appid" in claims)
    is_own = claims.get("idtyp") == "app" or ("idtyp" not in claims and names_itself)
    return PrincipalKind.SERVICE if scopes is None and is_own else None


def _groups(claims: Mapping[str, object]) -> frozenset[str] | None:
    """Return the groups a token lists; None when there are more, or when they are listed by another name than their id.

    A tenant can have groups listed by display name, which is not unique: whoever may make groups
    could make one more of a name that has a role.
    """
    listed, elsewhere = claims.get("groups", []), claims.get("_claim_names")
    is_cut = (isinstance(elsewhere, Mapping) and "groups" in elsewhere) or "hasgroups" in claims
    if is_cut or not isinstance(listed, list) or not all(map(_is_identifier, listed)):
        return None
    return frozenset(listed)


def _mfa(claims: Mapping[str, object], contexts: frozenset[str]) -> bool | None:
    """Return True when the token says so: by a context where the tenant has one, since `amr` may tell of days ago."""
    if contexts:
        reached = claims.get("acrs")
        return True if isinstance(reached, list) and any(context in reached for context in contexts) else None
    methods = claims.get("amr")
    return True if isinstance(methods, list) and "mfa" in methods else None
