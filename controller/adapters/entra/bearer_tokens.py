"""Bearer tokens of Entra ID: is the signature one of the tenant's, and whom does the token speak for?

The order is fixed: size, form, header, key, signature, and only then a claim is read, by
`controller.identity.bearer`. The one algorithm is RS256; a header cannot choose another, name a
key of its own or wrap a second token. RFC 7515, RFC 7519, RFC 8725.
"""

import json
import re
from collections.abc import Callable, Mapping

import jwt

from controller.adapters.entra.signing_keys import PublishedKey
from controller.identity.bearer import Bearer, TokenFault, TokenTerms, read_claims
from controller.ports.clock import Clock

_LARGEST = 16 * 1024
"""Bytes; 200 groups, Entra's most, fit three times."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", re.ASCII)
_TYPES = ("JWT", "at+jwt")
_JWS = jwt.PyJWS(algorithms=["RS256"])


class BearerTokens:
    """Believes the tokens of one tenant that were made for us."""

    def __init__(self, find_key: Callable[[str], PublishedKey | None], terms: TokenTerms, clock: Clock) -> None:
        """Find keys with `find_key`, which may raise `UnavailableError`; believe what meets `terms`."""
        self._find_key = find_key
        self._terms = terms
        self._clock = clock

    def read(self, token: str) -> Bearer | TokenFault:
        """Return whom `token` speaks for, or why nobody.

        Raises `UnavailableError` while the tenant's keys cannot be known.
        """
        header = _header(token)
        if isinstance(header, TokenFault):
            return header
        key = self._find_key(str(header["kid"]))
        if key is None:
            return TokenFault.UNKNOWN_KEY
        claims = _claims(token, key)
        if isinstance(claims, TokenFault):
            return claims
        return read_claims(claims, key.issuers, self._terms, self._clock.now())


def _header(token: str) -> Mapping[str, object] | TokenFault:
    if len(token) > _LARGEST:
        return TokenFault.TOO_LARGE
    if _TOKEN.fullmatch(token) is None:
        return TokenFault.MALFORMED
    try:
        header = _JWS.get_unverified_header(token)
    except jwt.InvalidAlgorithmError:
        return TokenFault.WRONG_ALGORITHM
    except (jwt.PyJWTError, ValueError, RecursionError):
        return TokenFault.MALFORMED
    return _header_fault(header) or header


def _header_fault(header: Mapping[str, object]) -> TokenFault | None:
    if header.get("alg") != "RS256":
        return TokenFault.WRONG_ALGORITHM
    if "cty" in header or "enc" in header:
        return TokenFault.NESTED
    if header.get("typ", "JWT") not in _TYPES or "crit" in header or "b64" in header:
        return TokenFault.MALFORMED
    return None if isinstance(header.get("kid"), str) and header["kid"] else TokenFault.NO_KEY_ID


def _claims(token: str, key: PublishedKey) -> Mapping[str, object] | TokenFault:
    try:
        payload = _JWS.decode(token, key.public, algorithms=["RS256"])
    except jwt.PyJWTError:
        return TokenFault.BAD_SIGNATURE
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        return TokenFault.NESTED if _TOKEN.fullmatch(payload.decode("latin-1")) else TokenFault.MALFORMED
    return claims if isinstance(claims, dict) else TokenFault.MALFORMED
