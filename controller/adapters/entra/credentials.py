"""How the controller proves who it is to Entra ID: a secret, a certificate, or the machine's own identity.

Client credentials go through msal, which keeps a token until shortly before it ends; a managed
identity goes through azure-identity and needs no secret at all. Neither a secret nor what a
library said of a request leaves this file. Microsoft: "OAuth 2.0 client credentials flow",
"Certificate credentials", "Managed identities for Azure resources".
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import msal
from azure.core.exceptions import AzureError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msal.exceptions import MsalError

from controller.errors import ConfigurationError, ControllerError, UnavailableError

COMPONENT = "directory"


class Tokens(Protocol):
    """Gives tokens for a resource, for example ``https://graph.microsoft.com``, and keeps them while they hold."""

    def token(self, resource: str) -> str:
        """Return a token. Raises `ConfigurationError` when Entra does not accept us, `UnavailableError`."""
        ...

    def forget(self) -> None:
        """Keep no token: one that is kept is no longer accepted."""
        ...


FOREIGN = (httpx.HTTPError, MsalError, OSError, ValueError, KeyError, TypeError, RuntimeError)
"""What msal and the client under it can raise."""

_OURS = frozenset({"invalid_client", "unauthorized_client", "invalid_scope", "invalid_resource", "invalid_tenant"})
"""Refusals that trying again does not mend."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The controller's own registration in a tenant."""

    authority: str
    tenant: str
    client: str
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    """PEM of a certificate and its private key; used when there is no secret."""


class ClientCredentials:
    """Tokens for a registered application; opened by the first token asked for."""

    def __init__(self, registration: Registration, http: httpx.Client) -> None:
        """Prove to be `registration`, asking its authority with `http`. Raises `ConfigurationError` for no key."""
        self._registration = registration
        self._http = http
        _credential(registration)
        self._client: msal.ConfidentialClientApplication | None = None
        self._lock = threading.Lock()

    def token(self, resource: str) -> str:
        """Return a token for `resource`.

        Raises `ConfigurationError` when Entra does not accept the credentials, `UnavailableError`
        when it cannot be asked.
        """
        try:
            with self._lock:
                answer = self._application().acquire_token_for_client([f"{resource}/.default"])
        except (httpx.HTTPError, OSError) as error:
            raise _unavailable(type(error).__name__) from None
        except (MsalError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise _refused_by_discovery(error, self._registration) from None
        return _token_in(answer)

    def forget(self) -> None:
        """Ask for a new token the next time."""
        with self._lock:
            self._client = None

    def _application(self) -> msal.ConfidentialClientApplication:
        if self._client is None:
            self._client = application(self._registration, self._http)
        return self._client


def application(
    registration: Registration, http: httpx.Client, cache: msal.TokenCache | None = None
) -> msal.ConfidentialClientApplication:
    """Return msal's client for `registration`, keeping tokens in `cache`; it asks the authority at once.

    Raises `ConfigurationError` for a certificate that is none, and what msal and httpx raise.
    """
    return msal.ConfidentialClientApplication(
        registration.client,
        client_credential=_credential(registration),
        authority=f"{registration.authority}/{registration.tenant}",
        http_client=MsalHttp(http),
        token_cache=cache,
        # The authority is the operator's word; asking Microsoft whether it knows it would need the internet.
        instance_discovery=False,
    )


class MsalHttp:
    """The client as msal wants one: it signs assertions as bytes, which httpx would write out as Python does."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def post(self, url: str, data: Mapping[str, str | bytes] | None = None, **more: Any) -> httpx.Response:
        """Post a form."""
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return self._http.post(url, data=form, **more)

    def get(self, url: str, **more: Any) -> httpx.Response:
        """Get a document."""
        return self._http.get(url, **more)

    def close(self) -> None:
        """Leave the client to its owner."""


class MachineIdentity:
    """Tokens for the identity that Azure gave this machine."""

    def __init__(self, client: str | None) -> None:
        """Be the user-assigned identity `client`, or the machine's only one."""
        self._client = client
        self.forget()

    def forget(self) -> None:
        """Ask for a new token the next time."""
        self._credential = ManagedIdentityCredential(client_id=self._client)

    def token(self, resource: str) -> str:
        """Return a token for `resource`. Raises `ConfigurationError` where there is none, `UnavailableError`."""
        try:
            return str(self._credential.get_token(f"{resource}/.default").token)
        except CredentialUnavailableError:
            raise ConfigurationError(
                "AZURE_MANAGED_IDENTITY: this machine has no managed identity, or not the one AZURE_CLIENT_ID names"
            ) from None
        except (AzureError, ValueError, OSError) as error:
            raise _unavailable(type(error).__name__) from None


def _credential(known: Registration) -> str | Mapping[str, str]:
    if known.secret is not None:
        return known.secret
    pem = (known.certificate or "").encode()
    try:
        load_pem_private_key(pem, None)
        x509.load_pem_x509_certificate(pem)
    except (ValueError, TypeError):
        raise ConfigurationError(
            "AZURE_CLIENT_CERTIFICATE: expected a certificate and its private key without a passphrase, both in PEM"
        ) from None
    return {"private_key": pem.decode(), "public_certificate": pem.decode()}


def _token_in(answer: object) -> str:
    told = answer if isinstance(answer, Mapping) else {}
    token = told.get("access_token")
    if isinstance(token, str):
        return token
    error = str(told.get("error", "no token"))[:60]
    codes = told.get("error_codes")
    number = f" (AADSTS{codes[0]})" if isinstance(codes, list) and codes else ""
    if error in _OURS:
        raise ConfigurationError(
            f"Entra ID does not accept AZURE_CLIENT_ID with its secret or certificate: {error}{number}"
        )
    raise UnavailableError(f"Entra ID gave no token: {error}{number}", component=COMPONENT)


def _unavailable(kind: str) -> UnavailableError:
    return UnavailableError(f"Entra ID cannot be asked for a token: {kind}", component=COMPONENT)


def _refused_by_discovery(error: Exception, known: Registration) -> ControllerError:
    """Tell a tenant that is not there from an authority that talks nonsense; msal raises `ValueError` for both."""
    if "authority configuration" in str(error):
        return ConfigurationError(
            f"AZURE_TENANT_ID: {known.authority} knows no tenant {known.tenant[:60]!a}, or gives no configuration of it"
        )
    return _unavailable(type(error).__name__)
