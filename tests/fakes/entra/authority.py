"""A stand-in for login.microsoftonline.com: discovery, keys, and the grants of the v2.0 token endpoint.

Follows Microsoft's "OpenID Connect on the Microsoft identity platform", "OAuth 2.0 client credentials flow"
(secret, and "certificate credentials": a client assertion of RFC 7523), "authorization code flow" with PKCE
(RFC 7636), "device authorization grant" (RFC 8628) and refresh tokens. Signing in is a call of the test:
`consent` says who sits in front of the browser; errors carry the documented `AADSTS` numbers.
"""

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode

import jwt
from cryptography import x509

from tests.fakes.entra.https import Answer, Request
from tests.fakes.entra.tenant import App, Tenant
from tests.fakes.entra.tokens import LIFETIME_SECONDS, Signer

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class _RefusedError(Exception):
    """The token endpoint says no."""

    def __init__(self, error: str, said: str) -> None:
        super().__init__(said)
        self.error = error
        self.said = said


@dataclass(frozen=True, slots=True)
class _Grant:
    """Somebody signed in to an application."""

    app: str
    user: str
    amr: tuple[str, ...]
    scope: str
    nonce: str | None = None
    redirect_uri: str | None = None
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class _Return:
    """How the browser is sent back: by a redirect, or by a form that posts itself (`form_post`)."""

    address: str
    mode: str

    def with_(self, fields: Mapping[str, str]) -> Answer:
        if self.mode != "form_post":
            return Answer(b"", 302, {"Location": f"{self.address}?{urlencode(fields)}"})
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
        )
        page = f'<form method="POST" action="{escape(self.address)}">{inputs}</form>'
        return Answer(page.encode(), 200, {"Content-Type": "text/html; charset=utf-8"})


@dataclass(slots=True)
class Authority:
    """Answers for one tenant; everything it hands out is random and works once where it must."""

    tenant: Tenant
    signer: Signer
    person: tuple[str, tuple[str, ...]] | None = None
    """Who sits in front of the browser, and how they prove themselves (`amr`)."""
    _codes: dict[str, _Grant] = field(default_factory=dict)
    _devices: dict[str, _Grant | None] = field(default_factory=dict)
    _device_apps: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _refresh: dict[str, _Grant] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def sits_there(self, user: str | None, *amr: str) -> None:
        """Put a person in front of the browser; None: whoever is there gives up."""
        self.person = None if user is None else (user, amr or ("pwd",))

    def approve_device(self, user_code: str, user: str, *amr: str) -> None:
        """Let a person type a device's code."""
        with self._lock:
            for device, (app, scope, code) in self._device_apps.items():
                if code == user_code:
                    self._devices[device] = _Grant(app, user, amr or ("pwd",), scope)

    def revoke(self, user: str) -> None:
        """End the sessions of a user: their refresh tokens stop working."""
        with self._lock:
            self._refresh = {token: grant for token, grant in self._refresh.items() if grant.user != user}

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        place = request.path.removeprefix(f"/{self.tenant.id}")
        routes: dict[str, Callable[[Request], Answer]] = {
            "/v2.0/.well-known/openid-configuration": lambda _: Answer(self._configuration()),
            "/.well-known/openid-configuration": lambda _: Answer(self._configuration_v1()),
            "/discovery/v2.0/keys": lambda _: self._keys(),
            "/discovery/keys": lambda _: self._keys(),
            "/oauth2/v2.0/authorize": self._authorize,
            "/oauth2/v2.0/token": self._token,
            "/oauth2/v2.0/devicecode": self._device_code,
            "/oauth2/v2.0/logout": lambda _: Answer({}),
        }
        route = routes.get(place)
        if route is None:
            return _refused(_RefusedError("invalid_tenant", "AADSTS90002: Tenant not found."))
        with self._lock:
            return route(request)

    def _configuration(self) -> Mapping[str, object]:
        own = f"{self.signer.authority_url}/{self.tenant.id}"
        return {
            "issuer": self.signer.issuer,
            "authorization_endpoint": f"{own}/oauth2/v2.0/authorize",
            "token_endpoint": f"{own}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{own}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{own}/oauth2/v2.0/logout",
            "jwks_uri": f"{own}/discovery/v2.0/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        }

    def _configuration_v1(self) -> Mapping[str, object]:
        keys = f"{self.signer.authority_url}/{self.tenant.id}/discovery/keys"
        return {**self._configuration(), "issuer": self.signer.issuer_v1, "jwks_uri": keys}

    def _keys(self) -> Answer:
        return Answer({"keys": [key.jwk for key in self.signer.keys]})

    def _authorize(self, request: Request) -> Answer:
        asked = request.query
        app = self.tenant.apps.get(asked.get("client_id", ""))
        redirect = asked.get("redirect_uri", "")
        if app is None or redirect not in app.redirect_uris:
            return _refused(_RefusedError("invalid_request", "AADSTS50011: The redirect URI does not match."))
        back = _Return(redirect, asked.get("response_mode", "query"))
        state = {"state": asked["state"]} if "state" in asked else {}
        if self.person is None:
            return back.with_({"error": "access_denied", "error_description": "AADSTS65004: declined", **state})
        if asked.get("code_challenge_method", "S256") != "S256":
            return back.with_({"error": "invalid_request", "error_description": "AADSTS501481", **state})
        code = secrets.token_urlsafe(32)
        user, amr = self.person
        self._codes[code] = _Grant(
            app.client_id, user, amr, asked.get("scope", ""), asked.get("nonce"), redirect, asked.get("code_challenge")
        )
        return back.with_({"code": code, "session_state": secrets.token_hex(8), **state})

    def _device_code(self, request: Request) -> Answer:
        try:
            _refuse_itself_by_uri(request.form)
        except _RefusedError as refused:
            return _refused(refused)
        device, shown = secrets.token_urlsafe(32), secrets.token_hex(4).upper()
        self._devices[device] = None
        self._device_apps[device] = (request.form.get("client_id", ""), request.form.get("scope", ""), shown)
        return Answer(
            {
                "device_code": device,
                "user_code": shown,
                "verification_uri": f"{self.signer.authority_url}/device",
                "expires_in": 900,
                "interval": 1,
                "message": f"Open {self.signer.authority_url}/device and type {shown}.",
            }
        )

    def _token(self, request: Request) -> Answer:
        form = request.form
        grants: dict[str, Callable[[Mapping[str, str]], Mapping[str, object]]] = {
            "client_credentials": self._by_client,
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh,
            _DEVICE: self._by_device,
        }
        try:
            grant = grants.get(form.get("grant_type", ""))
            if grant is None:
                raise _RefusedError("unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
            return Answer(grant(form))
        except _RefusedError as refused:
            return _refused(refused)

    def _by_client(self, form: Mapping[str, str]) -> Mapping[str, object]:
        app = self._proven(form)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            raise _RefusedError("invalid_scope", "AADSTS1002012: The scope must end with /.default.")
        claims = self.signer.app_claims(app, audience=scope.removesuffix("/.default"))
        return _issued(self.signer.sign(claims))

    def _by_code(self, form: Mapping[str, str]) -> Mapping[str, object]:
        grant = self._codes.pop(form.get("code", ""), None)
        app = self._known(form)
        if grant is None or grant.app != app.client_id or grant.redirect_uri != form.get("redirect_uri"):
            raise _RefusedError("invalid_grant", "AADSTS70008: The code has expired, was used or is not for this app.")
        verifier = form.get("code_verifier", "")
        if grant.challenge is not None and _challenge(verifier) != grant.challenge:
            raise _RefusedError("invalid_grant", "AADSTS501481: The code verifier does not match.")
        self._prove_if_confidential(app, form)
        return self._signed_in(app, grant)

    def _by_refresh(self, form: Mapping[str, str]) -> Mapping[str, object]:
        app = self._known(form)
        _refuse_itself_by_uri(form)
        self._prove_if_confidential(app, form)
        grant = self._refresh.pop(form.get("refresh_token", ""), None)
        if grant is None or grant.app != app.client_id:
            raise _RefusedError("invalid_grant", "AADSTS700082: The refresh token has expired or was revoked.")
        if not self.tenant.users[grant.user].properties["accountEnabled"]:
            raise _RefusedError("invalid_grant", "AADSTS50057: The user account is disabled.")
        return self._signed_in(app, grant)

    def _by_device(self, form: Mapping[str, str]) -> Mapping[str, object]:
        device = form.get("device_code", "")
        if device not in self._devices:
            raise _RefusedError("expired_token", "AADSTS70019: The device code has expired.")
        grant = self._devices[device]
        if grant is None:
            raise _RefusedError("authorization_pending", "AADSTS70016: Nobody has typed the code yet.")
        del self._devices[device]
        return self._signed_in(self._known(form), grant)

    def _signed_in(self, app: App, grant: _Grant) -> Mapping[str, object]:
        refresh = secrets.token_urlsafe(32)
        self._refresh[refresh] = grant
        access = self.signer.sign(self.signer.user_claims(app, grant.user, amr=grant.amr))
        identity = self.signer.sign(self.signer.id_claims(app, grant.user, grant.nonce, grant.amr))
        return _issued(access) | {
            "refresh_token": refresh,
            "id_token": identity,
            "scope": grant.scope,
            **_client_info(grant.user, self.tenant.id),
        }

    def _known(self, form: Mapping[str, str]) -> App:
        app = self.tenant.apps.get(form.get("client_id", ""))
        if app is None:
            raise _RefusedError("unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        return app

    def _prove_if_confidential(self, app: App, form: Mapping[str, str]) -> None:
        if app.secret is not None or app.certificate is not None:
            self._proven(form)

    def _proven(self, form: Mapping[str, str]) -> App:
        """Return the application that a secret or a client assertion proves."""
        app = self._known(form)
        if "client_assertion" in form:
            self._check_assertion(app, form)
        elif app.secret is None or not secrets.compare_digest(form.get("client_secret", ""), app.secret):
            raise _RefusedError("invalid_client", "AADSTS7000215: Invalid client secret provided.")
        return app

    def _check_assertion(self, app: App, form: Mapping[str, str]) -> None:
        audience = f"{self.signer.authority_url}/{self.tenant.id}/oauth2/v2.0/token"
        try:
            if app.certificate is None or form.get("client_assertion_type") != _ASSERTION:
                raise ValueError("no certificate is registered")  # one refusal for every reason
            key = x509.load_pem_x509_certificate(app.certificate).public_key()
            claims = jwt.decode(
                form["client_assertion"],
                key,  # type: ignore[arg-type] # an RSA key, as the test registered it
                algorithms=["RS256", "PS256"],
                audience=audience,
                options={"require": ["exp", "iss", "sub", "jti"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise _RefusedError("invalid_client", f"AADSTS700027: The assertion does not verify: {error}") from None
        if claims["iss"] != app.client_id or claims["sub"] != app.client_id:
            raise _RefusedError("invalid_client", "AADSTS700021: The assertion is of another application.")


def _issued(access: str) -> dict[str, object]:
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": access,
    }


def _client_info(user: str, tenant: str) -> dict[str, str]:
    told = f'{{"uid":"{user}","utid":"{tenant}"}}'.encode()
    return {"client_info": base64.urlsafe_b64encode(told).rstrip(b"=").decode()}


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _refuse_itself_by_uri(form: Mapping[str, str]) -> None:
    """An application may ask for a token for itself, but only by its id and not by its URI."""
    if f"api://{form.get('client_id', '')}/" in form.get("scope", ""):
        raise _RefusedError("invalid_request", "AADSTS90009: Application is requesting a token for itself.")


def _refused(refused: _RefusedError) -> Answer:
    status = 401 if refused.error == "invalid_client" else 400
    number = refused.said.removeprefix("AADSTS").split(":")[0]
    codes = [int(number)] if number.isdecimal() else []
    return Answer({"error": refused.error, "error_description": refused.said, "error_codes": codes}, status)
