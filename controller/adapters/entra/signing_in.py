"""Signing people in with Entra ID: the authorization code flow with PKCE, through msal.

msal keeps no token here and, since its version 1.38, validates no ID token: its signature and
claims are verified as those of every other token. `step_up` asks for an authentication context,
where the tenant has one, and for a new sign-in in any case.
RFC 6749, RFC 7636, OpenID Connect Core 1.0; Microsoft: "Authorization code flow", "Developer
guide to Conditional Access authentication context".
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
import msal

from controller.adapters.entra.credentials import FOREIGN, Registration, application
from controller.errors import UnavailableError
from controller.identity.bearer import Bearer, TokenFault
from controller.ports.sign_in import Begun, SignedIn, SignInFault

COMPONENT = "azure_ad"
_ENDED = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
"""Refusals of a refresh token that trying again does not mend: the person has to sign in anew, or may not."""
_SCOPES: Sequence[str] = ()
"""Beside what msal always asks for: openid, profile and offline_access."""


class EntraSignIn:
    """Signs people of one tenant in to our application; safe to share between threads."""

    def __init__(
        self,
        registration: Registration,
        http: httpx.Client,
        read_id_token: Callable[[str], Bearer | TokenFault],
        mfa_contexts: Sequence[str] = (),
    ) -> None:
        """Be `registration`; believe ID tokens that `read_id_token` reads; of `mfa_contexts` the first is asked for."""
        self._registration = registration
        self._http = http
        self._read_id_token = read_id_token
        self._mfa_contexts = mfa_contexts
        self._client: msal.ConfidentialClientApplication | None = None
        self._lock = threading.Lock()

    def begin(self, return_to: str, *, step_up: bool) -> Begun:
        """Begin a sign-in that comes back to `return_to`; `step_up` asks for a second factor now."""
        more = {"prompt": "login", "claims_challenge": self._challenge()} if step_up else {"prompt": "select_account"}
        # A form keeps the code out of addresses, and so out of histories and logs (RFC 9700, 4.3.1).
        more |= {"redirect_uri": return_to, "response_mode": "form_post"}
        flow = self._asked(lambda client: client.initiate_auth_code_flow(_SCOPES, **more))
        return Begun(flow["auth_uri"], json.dumps({"flow": flow, "step_up": step_up}).encode())

    def complete(self, flow: bytes, answer: Mapping[str, str]) -> SignedIn | SignInFault | TokenFault:
        """Return who came back with `answer` to the sign-in that `flow` was kept of."""
        kept = json.loads(flow)
        if answer.get("state") != kept["flow"]["state"] or not {"code", "error"} & answer.keys():
            return SignInFault.FORGED
        found = self._asked(lambda client: _completed(client, kept["flow"], answer))
        if not isinstance(found, Mapping) or "id_token" not in found:
            return SignInFault.FORGED if found is None else _declined(found)
        signed_in = self._signed_in(found)
        if kept["step_up"] and isinstance(signed_in, SignedIn) and signed_in.bearer.mfa is not True:
            return SignInFault.NO_SECOND_FACTOR
        return signed_in

    def renew(self, refresh_token: str) -> SignedIn | None:
        """Return who `refresh_token` is of; None when they may not be signed in any more."""
        found = self._asked(lambda client: client.acquire_token_by_refresh_token(refresh_token, _SCOPES))
        if "id_token" not in found:
            if found.get("error") in _ENDED:
                return None
            raise _unavailable(str(found.get("error", "no token"))[:60])
        signed_in = self._signed_in(found)
        return signed_in if isinstance(signed_in, SignedIn) else None

    def sign_out_address(self, return_to: str) -> str:
        """Return where to send a browser to sign out of Entra ID too."""
        known = self._registration
        query = urlencode({"post_logout_redirect_uri": return_to})
        return f"{known.authority}/{known.tenant}/oauth2/v2.0/logout?{query}"

    def _signed_in(self, found: Mapping[str, Any]) -> SignedIn | TokenFault:
        bearer = self._read_id_token(str(found["id_token"]))
        if isinstance(bearer, TokenFault):
            return bearer
        return SignedIn(bearer, found.get("refresh_token"))

    def _challenge(self) -> str | None:
        if not self._mfa_contexts:
            return None
        return json.dumps({"id_token": {"acrs": {"essential": True, "value": self._mfa_contexts[0]}}})

    def _asked(self, ask: Callable[[msal.ConfidentialClientApplication], Any]) -> Any:  # msal's own
        try:
            with self._lock:
                if self._client is None:
                    self._client = application(self._registration, self._http, _NoCache())
            return ask(self._client)
        except FOREIGN as error:
            raise _unavailable(type(error).__name__) from None


class _NoCache(msal.TokenCache):  # type: ignore[misc] # msal ships no types
    """Keeps nothing: nobody's tokens stay in memory."""

    def add(self, event: object, now: object = None) -> None:
        """Let a token go."""


def _completed(
    client: msal.ConfidentialClientApplication, flow: dict[str, Any], answer: Mapping[str, str]
) -> Mapping[str, Any] | None:
    """Return what the authority gives for a code; None when msal finds the ID token to be of another flow."""
    try:
        found: Mapping[str, Any] = client.acquire_token_by_auth_code_flow(flow, dict(answer))
    except RuntimeError:
        return None
    return found


def _declined(found: Mapping[str, Any]) -> SignInFault:
    """Return what a refusal means; one that is not about the person is an outage."""
    error = str(found.get("error", "no token"))[:60]
    if error in {"access_denied", *_ENDED}:
        return SignInFault.DECLINED
    raise _unavailable(error)


def _unavailable(kind: str) -> UnavailableError:
    return UnavailableError(f"Entra ID signs nobody in: {kind}", component=COMPONENT)
