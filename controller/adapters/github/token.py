"""How the App proves who it is: a short JWT for itself, an installation token for its work.

Follows GitHub docs "Generating a JSON Web Token for a GitHub App" and "Generating an
installation access token". The token is opaque text of any length, limited to one repository
and to named permissions, fetched before the first call and again five minutes before it ends.
The JWT's times leave room for a clock that is wrong by a minute and a half either way.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from github.Auth import Auth

from controller.adapters.github.answer import at, moment, number, text
from controller.errors import ConfigurationError, InputError

Now = Callable[[], datetime]
Ask = Callable[[str, str, Mapping[str, object] | None], object]
"""Sends (verb, path, body) as the App itself and returns the JSON of the answer."""

_ISSUED_BEFORE = timedelta(seconds=120)
_EXPIRES_AFTER = timedelta(seconds=360)
_REFRESH_BEFORE = timedelta(minutes=5)


class AppAssertion(Auth):
    """Authenticates as the App itself, which may do little more than ask for an installation token."""

    def __init__(self, app_id: int, private_key_pem: str, now: Now) -> None:
        self._app_id = app_id
        self._key = private_key_pem
        self._now = now

    @property
    def token_type(self) -> str:
        """Name the scheme of the Authorization header."""
        return "Bearer"

    @property
    def token(self) -> str:
        """Sign a new JWT. Raises `ConfigurationError` for a key that cannot sign."""
        now = self._now()
        claims = {
            "iat": int((now - _ISSUED_BEFORE).timestamp()),
            "exp": int((now + _EXPIRES_AFTER).timestamp()),
            "iss": str(self._app_id),
        }
        try:
            return jwt.encode(claims, _signing_key(self._key), algorithm="RS256")
        except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError):
            raise ConfigurationError("GITHUB_APP_PRIVATE_KEY is not an RSA private key in PEM form") from None


@lru_cache(maxsize=8)
def _signing_key(pem: str) -> RSAPrivateKey:
    """Return the key that `pem` holds, read once: to check that it is one takes longer than to sign with it."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("expected an RSA key")
    return key


@dataclass(frozen=True, slots=True)
class Installation:
    """The App on this repository: the installation's id and the login of the App's bot."""

    id: int
    bot_login: str


@dataclass(frozen=True, slots=True)
class _Issued:
    value: str
    expires_at: datetime


class InstallationToken(Auth):
    """Authenticates as the App's installation on one repository, with no more than it needs."""

    def __init__(self, repository: str, permissions: Mapping[str, str], ask: Ask, now: Now) -> None:
        self._repository = repository
        self._permissions = permissions
        self._ask = ask
        self._now = now
        self._lock = threading.RLock()
        self._installation: Installation | None = None
        self._issued: _Issued | None = None

    @property
    def token_type(self) -> str:
        """Name the scheme of the Authorization header."""
        return "token"

    @property
    def token(self) -> str:
        """Return a token that still lives a while, fetching one when there is none.

        Raises `ConfigurationError` when the App is not installed or lacks a permission.
        """
        with self._lock:
            if self._issued is None or self._issued.expires_at - _REFRESH_BEFORE <= self._now():
                self._issued = self._fetch()
            return self._issued.value

    def forget(self, value: str) -> None:
        """Drop the token `value`, which GitHub no longer accepts."""
        with self._lock:
            if self._issued is not None and self._issued.value == value:
                self._issued = None

    @property
    def installation(self) -> Installation:
        """Return the App's installation on the repository, asked for once."""
        with self._lock:
            if self._installation is None:
                self._installation = self._look_up()
            return self._installation

    def _look_up(self) -> Installation:
        try:
            found = self._ask("GET", f"/repos/{self._repository}/installation", None)
        except InputError as error:
            raise ConfigurationError(f"the App is not installed on {self._repository}: {error}") from None
        return Installation(number(found, "id"), text(found, "app_slug") + "[bot]")

    def _fetch(self) -> _Issued:
        wanted = {"permissions": dict(self._permissions), "repositories": [self._repository.split("/")[1]]}
        try:
            answer = self._ask("POST", f"/app/installations/{self.installation.id}/access_tokens", wanted)
        except InputError as error:
            self._installation = None
            asked = ", ".join(f"{name}: {level}" for name, level in self._permissions.items())
            raise ConfigurationError(
                f"the App's installation on {self._repository} does not grant what is needed ({asked}): {error}"
            ) from None
        _confirm(at(answer, "permissions"), self._permissions)
        return _Issued(text(answer, "token"), moment(answer, "expires_at"))


def _confirm(granted: object, asked: Mapping[str, str]) -> None:
    held = granted if isinstance(granted, Mapping) else {}
    missing = [f"{name}: {level}" for name, level in asked.items() if held.get(name) not in (level, "write", "admin")]
    if missing:
        raise ConfigurationError(f"GitHub granted the App fewer permissions than it asked for: {', '.join(missing)}")
