"""Signing in from a terminal: a code that one types into a browser, on whatever device.

What the tenant gives is kept in one file that only its owner can read, so that the next command
needs no new sign-in; msal renews it. RFC 8628; Microsoft: "OAuth 2.0 device authorization grant".
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msal

from controller.adapters.entra.credentials import FOREIGN, MsalHttp
from controller.errors import InputError, UnavailableError

COMPONENT = "azure_ad"
_ENDED = {
    "authorization_declined": "the sign-in was declined",
    "expired_token": "the code was not typed in time",
    "bad_verification_code": "the code is not one of this sign-in",
}


@dataclass(frozen=True, slots=True)
class Client:
    """The registration that a command signs in to."""

    authority: str
    tenant: str
    client: str
    scope: str
    """Of our API, for example ``access_as_user``."""


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody has to do to sign in."""

    message: str
    flow: Mapping[str, Any]


class DeviceSignIn:
    """Signs one person in, on one machine. Every method raises `UnavailableError` when the tenant cannot be asked."""

    def __init__(self, client: Client, http: httpx.Client, file: Path) -> None:
        """Keep what the tenant gives in `file`."""
        self._http = http
        self._known = client
        self._file = file
        # By its id: who asks for itself by its URI is refused, at the latest when a token is renewed (AADSTS90009).
        self._scopes = [f"{client.client}/{client.scope}"]
        self._cache = msal.SerializableTokenCache()
        self._application: msal.PublicClientApplication | None = None

    def token(self) -> str | None:
        """Return a token of whoever signed in before; None when nobody did, or they have to anew."""
        if not self._file.exists():
            return None

        def silently(application: msal.PublicClientApplication) -> Any:  # msal's own
            accounts = application.get_accounts()
            return application.acquire_token_silent(self._scopes, accounts[0]) if accounts else None

        found = self._asked(silently)
        return _token(found) if isinstance(found, Mapping) and "access_token" in found else None

    def begin(self) -> Code:
        """Begin a sign-in, and return what has to be done."""
        flow = self._asked(lambda application: application.initiate_device_flow(self._scopes))
        if not isinstance(flow, Mapping) or "user_code" not in flow:
            raise _unavailable(flow)
        return Code(str(flow["message"]), flow)

    def complete(self, code: Code) -> str:
        """Wait until somebody has done it, and return a token. Raises `InputError` when they did not."""
        found = self._asked(lambda application: application.acquire_token_by_device_flow(dict(code.flow)))
        if not isinstance(found, Mapping) or "access_token" not in found:
            error = found.get("error") if isinstance(found, Mapping) else None
            if error in _ENDED:
                raise InputError(f"nobody is signed in: {_ENDED[error]}")
            raise _unavailable(found)
        return _token(found)

    def forget(self) -> bool:
        """Sign out on this machine; return whether anybody was signed in."""
        was_there = self._file.exists()
        self._file.unlink(missing_ok=True)
        return was_there

    def _asked(self, ask: Callable[[msal.PublicClientApplication], Any]) -> Any:  # msal's own
        try:
            answer = ask(self._opened())
        except FOREIGN as error:
            raise UnavailableError(f"Entra ID signs nobody in: {type(error).__name__}", component=COMPONENT) from None
        if self._cache.has_state_changed:
            _write(self._file, self._cache.serialize())
            self._cache.has_state_changed = False
        return answer

    def _opened(self) -> msal.PublicClientApplication:
        if self._application is None:
            if self._file.exists():
                self._cache.deserialize(self._file.read_text("utf-8"))
            self._application = msal.PublicClientApplication(
                self._known.client,
                authority=f"{self._known.authority}/{self._known.tenant}",
                http_client=MsalHttp(self._http),
                token_cache=self._cache,
                instance_discovery=False,
            )
        return self._application


def _token(found: Mapping[str, Any]) -> str:
    return str(found["access_token"])


def _unavailable(answer: object) -> UnavailableError:
    error = str(answer.get("error", "no answer"))[:60] if isinstance(answer, Mapping) else "no answer"
    return UnavailableError(f"Entra ID signs nobody in: {error}", component=COMPONENT)


def _write(file: Path, text: str) -> None:
    """Write `text` so that nobody else ever can read it, nor find half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=".login-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    Path(draft).replace(file)
