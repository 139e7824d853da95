"""The keys a tenant signs its tokens with, as its authority publishes them.

Both versions of the endpoint are asked, since a token of either may come; what a key is good for is
the issuer of the document it was published in. A key that nobody knows makes us look again, at
most once in a while, so that forged key ids cost the authority nothing. Keys are kept while the
authority cannot be reached, but not for ever: a key that was withdrawn must stop counting.
OpenID Connect Discovery 1.0; RFC 7517; Microsoft: "Signing key rollover in the identity platform".
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from controller.errors import UnavailableError
from controller.ports.clock import Clock

_FRESH = timedelta(hours=12)
"""How old the keys may become before they are read again; Microsoft advises a day at most."""
_BOUND = timedelta(hours=48)
"""How long keys are believed while the authority cannot be reached."""
_COOL_DOWN = timedelta(minutes=1)
"""Between two looks at the authority, whatever was asked for."""
V1, V2 = "", "/v2.0"
"""Where below the tenant each version of the endpoint is."""
_LARGEST = 1024 * 1024
_FEWEST_BITS = 2048


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key, and the issuers it was published for."""

    public: RSAPublicKey
    issuers: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Known:
    keys: Mapping[str, PublishedKey]
    read_at: datetime


class SigningKeys:
    """The keys of one tenant, by key id."""

    def __init__(
        self,
        http: httpx.Client,
        authority: str,
        tenant: str,
        clock: Clock,
        versions: Sequence[str] = (V1, V2),
    ) -> None:
        """Read what `authority` publishes for `tenant` with `http`, which must verify whom it talks to."""
        self._versions = versions
        self._http = http
        self._tenant_url = f"{authority}/{tenant}"
        self._tenant = tenant
        self._clock = clock
        self._known: _Known | None = None
        self._looked_at: datetime | None = None
        self._lock = threading.Lock()

    def find(self, key_id: str) -> PublishedKey | None:
        """Return the key of that id, or None when the tenant publishes none.

        Raises `UnavailableError` while the authority cannot be asked and what is known is too old.
        """
        now, known = self._clock.now(), self._known
        if known is None or key_id not in known.keys or not _is_younger(known, _FRESH, now):
            known = self._looked_again(known, now)
        return known.keys.get(key_id)

    def _looked_again(self, seen: _Known | None, now: datetime) -> _Known:
        """Return what the authority says now, or what is known when it was asked a moment ago."""
        with self._lock:
            # Whoever waited for the lock finds what another just read.
            if self._known is seen and self._may_look(now):
                self._looked_at = now
                try:
                    self._known = _Known(self._published(), now)
                except UnavailableError:
                    if self._known is None or not _is_younger(self._known, _BOUND, now):
                        raise
            known = self._known
        if known is None or not _is_younger(known, _BOUND, now):
            raise _unavailable("was asked a moment ago and did not answer")
        return known

    def _may_look(self, now: datetime) -> bool:
        # A clock that was set back must not keep us from looking.
        return self._looked_at is None or not timedelta() <= now - self._looked_at < _COOL_DOWN

    def _published(self) -> Mapping[str, PublishedKey]:
        found: dict[str, PublishedKey] = {}
        for version in self._versions:
            for key_id, key in self._version(version):
                other = found.get(key_id, key)
                if other.public != key.public:
                    raise _unavailable("publishes two keys under one id")
                found[key_id] = PublishedKey(key.public, key.issuers | other.issuers)
        return found

    def _version(self, version: str) -> Iterator[tuple[str, PublishedKey]]:
        document = self._read(f"{self._tenant_url}{version}/.well-known/openid-configuration")
        issuer, address = document.get("issuer"), document.get("jwks_uri")
        if not isinstance(issuer, str) or self._tenant not in issuer.split("/"):
            raise _unavailable("names an issuer that is not the tenant's")
        if not isinstance(address, str) or not address.startswith("https://"):
            raise _unavailable("names no https address of its keys")
        listed = self._read(address).get("keys")
        for key in listed if isinstance(listed, list) else ():
            if _is_for_signing(key) and self._issuer_of(key, issuer) == issuer:
                yield key["kid"], PublishedKey(_public(key), frozenset({issuer}))

    def _issuer_of(self, key: Mapping[str, object], issuer: str) -> str:
        """Return whose tokens a key signs: of the common keys some say so, with a place for the tenant."""
        return str(key.get("issuer", issuer)).replace("{tenantid}", self._tenant)

    def _read(self, address: str) -> Mapping[str, object]:
        try:
            with self._http.stream("GET", address, headers={"Accept": "application/json"}) as answer:
                return _document(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unavailable(f"gave no answer: {type(error).__name__}") from error


def _document(answer: httpx.Response) -> Mapping[str, object]:
    if answer.status_code != httpx.codes.OK:
        raise _unavailable(f"answered with status {answer.status_code}")
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > _LARGEST:
            raise _unavailable(f"answered with more than {_LARGEST} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unavailable("answered with something else than JSON") from error
    if not isinstance(document, dict):
        raise _unavailable("answered with something else than an object")
    return document


def _is_for_signing(key: object) -> bool:
    return (
        isinstance(key, dict)
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
        and isinstance(key.get("kid"), str)
    )


def _public(key: Mapping[str, object]) -> RSAPublicKey:
    try:
        public = jwt.PyJWK({**key, "alg": "RS256"}).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _unavailable("publishes a key that is none") from error
    if not isinstance(public, RSAPublicKey) or public.key_size < _FEWEST_BITS:
        raise _unavailable(f"publishes a key of less than {_FEWEST_BITS} bits")
    return public


def _is_younger(known: _Known, bound: timedelta, now: datetime) -> bool:
    # Keys that were read while the clock was ahead must not be young for as long.
    return abs(now - known.read_at) < bound


def _unavailable(message: str) -> UnavailableError:
    return UnavailableError(f"Entra ID {message}", component="azure_ad")
