"""Secrets from Azure Key Vault, read once each, with a token that works at the vault's own cloud only.

Follows Key Vault "Authentication, requests and responses" and "Get Secret". The vault names the
resource a token must be for; the client library sends none unless that is a parent of the vault's
own host name, and that check stays on. No value and nothing a library said of one is in an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import HttpTransport
from azure.identity import CertificateCredential, ClientSecretCredential, ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

from controller.errors import ConfigurationError, ControllerError, UnavailableError

COMPONENT = "key vault"
_BUSY = (408, 429)
_PATIENCE: Mapping[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "permit_redirects": False,
}


@dataclass(frozen=True, slots=True)
class VaultIdentity:
    """As whom the controller reads secrets: a machine's own identity, or a registration with its proof."""

    authority: str
    tenant: str | None
    client: str | None
    secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    """PEM of a certificate and its private key."""


class KeyVaults:
    """Every vault of one cloud, as one identity may read them."""

    def __init__(self, identity: VaultIdentity, suffix: str, transport: HttpTransport[Any, Any] | None = None) -> None:
        """Read vaults below the domain `suffix` as `identity`; `transport` carries what is asked of them."""
        self._credential = _credential(identity)
        self._suffix = suffix
        self._more = {} if transport is None else {"transport": transport}

    def read(self, vault: str, name: str) -> str:
        """Return the newest version of a secret.

        Raises `ConfigurationError` for one that is not there or may not be read, `UnavailableError`.
        """
        url = f"https://{vault}.{self._suffix}"
        try:
            with SecretClient(url, self._credential, **self._more, **_PATIENCE) as client:
                value = client.get_secret(name).value
        except (AzureError, ValueError, OSError) as error:
            raise _translated(error, vault, name) from None
        if not value:
            raise ConfigurationError(f"the secret {name} of the key vault {vault} is empty")
        return value


def _credential(identity: VaultIdentity) -> TokenCredential:
    try:
        if identity.secret is None and identity.certificate is None:
            return ManagedIdentityCredential(client_id=identity.client, **_PATIENCE)
        known = {"authority": identity.authority, "disable_instance_discovery": True, **_PATIENCE}
        tenant, client = identity.tenant or "", identity.client or ""
        if identity.secret is not None:
            return ClientSecretCredential(tenant, client, identity.secret, **known)
        pem = (identity.certificate or "").encode()
        return CertificateCredential(tenant, client, certificate_data=pem, **known)
    except ValueError:
        raise ConfigurationError(
            "the settings AZURE_* do not make an identity that could read a key vault: expected AZURE_TENANT_ID, "
            "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE, or AZURE_MANAGED_IDENTITY"
        ) from None


def _translated(error: Exception, vault: str, name: str) -> ControllerError:
    where = f"the key vault {vault}"
    match error:
        case ResourceNotFoundError():
            return ConfigurationError(f"{where} has no secret {name}")
        case ClientAuthenticationError():
            return ConfigurationError(f"{where} cannot be read: Entra ID or the vault does not accept AZURE_*")
        case HttpResponseError() if error.status_code == 403:
            return ConfigurationError(f"{where} does not let us read {name}; that needs Key Vault Secrets User")
        case HttpResponseError(status_code=int(status)) if 300 <= status < 500 and status not in _BUSY:
            return ConfigurationError(f"{where} answers {status} when asked for {name}")
        case ValueError():
            return ConfigurationError(
                f"{where} wants a token for a resource that is not its own, or says what is no challenge; none was sent"
            )
    return UnavailableError(f"{where} does not answer: {type(error).__name__}", component=COMPONENT)
