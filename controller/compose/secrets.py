"""The settings of a server, with the secrets that are references read from their key vaults.

A vault is opened when the first reference asks for it, as the identity that AZURE_* describes;
its own proof must therefore stand in the environment or in a file.
"""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from controller.errors import ConfigurationError
from controller.secret_sources import NO_VAULT, VaultReader, VaultReference, secret_text
from controller.setting_values import DnsSuffix
from controller.settings import Settings, load_settings

_AUTHORITY = "https://login.microsoftonline.com"
_SUFFIX = "vault.azure.net"


def server_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of a server. Raises `ConfigurationError`, `UnavailableError` for a silent vault."""
    return load_settings(environment, vault_reader(environment))


def vault_reader(environment: Mapping[str, str]) -> VaultReader:
    """Return what reads references as the identity of `environment`."""

    def read(reference: VaultReference) -> str:
        # Azure's libraries take half a second to import, which whoever refers to no vault need not wait for.
        from controller.adapters.key_vault import KeyVaults, VaultIdentity

        identity = VaultIdentity(
            environment.get("AZURE_AUTHORITY", _AUTHORITY),
            environment.get("AZURE_TENANT_ID"),
            environment.get("AZURE_CLIENT_ID"),
            _own("AZURE_CLIENT_SECRET", environment),
            _own("AZURE_CLIENT_CERTIFICATE", environment),
        )
        has_proof = identity.secret is not None or identity.certificate is not None
        if not has_proof and environment.get("AZURE_MANAGED_IDENTITY", "").lower() != "true":
            raise ConfigurationError(
                f"refers to the key vault {reference.vault}, and AZURE_* says nothing of an identity that may read it"
            )
        return KeyVaults(identity, _suffix(environment)).read(reference.vault, reference.name)

    return read


def _own(name: str, environment: Mapping[str, str]) -> str | None:
    try:
        return secret_text(name, environment, NO_VAULT)[0]
    except ValueError as error:
        raise ConfigurationError(f"needs {name}, which {error}") from None


def _suffix(environment: Mapping[str, str]) -> str:
    try:
        return TypeAdapter(DnsSuffix).validate_python(environment.get("AZURE_KEYVAULT_DNS_SUFFIX", _SUFFIX))
    except ValidationError:
        raise ConfigurationError("needs AZURE_KEYVAULT_DNS_SUFFIX, which is not a domain name") from None
