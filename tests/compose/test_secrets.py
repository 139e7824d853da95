"""References to key vaults among the settings: who may read them, and what is told."""

import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from controller.compose.secrets import server_settings
from controller.errors import ConfigurationError, UnavailableError
from controller.secret_sources import SecretSource
from tests.fakes.entra.https import serving
from tests.fakes.entra.key_vault import KeyVault
from tests.fakes.entra.proxy import proxying
from tests.fakes.entra.stand_in import entra
from tests.settings.conftest import KEY, WEBHOOK_SECRET

ID = "0b7c9d52-1111-4222-8333-444455556666"
REFERENCE = "keyvault://dvo-prod/webhook"


def environment(**more: str) -> dict[str, str]:
    return {
        "HOME": "/home/dvo",
        "OPA_BIN": "/usr/bin/opa",
        "DVO_REPOSITORY": "kessel/agents",
        "GITHUB_APP_ID": "12345",
        "GITHUB_APP_PRIVATE_KEY": KEY,
        "DVO_DIRECTORY_FILE": "/etc/dvo/people.yaml",
        "GITHUB_WEBHOOK_SECRET": REFERENCE,
        **more,
    }


def test_without_a_reference_no_vault_is_needed() -> None:
    assert server_settings(environment(GITHUB_WEBHOOK_SECRET=WEBHOOK_SECRET)).repository == "kessel/agents"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "AZURE_\\* says nothing of an identity"),
        ({"AZURE_MANAGED_IDENTITY": "false"}, "AZURE_\\* says nothing of an identity"),
        (
            {"AZURE_CLIENT_SECRET": "keyvault://dvo-prod/own"},
            "needs AZURE_CLIENT_SECRET, which refers to",
        ),
        (
            {"AZURE_CLIENT_CERTIFICATE_FILE": "/nowhere"},
            "needs AZURE_CLIENT_CERTIFICATE, which",
        ),
        (
            {"AZURE_MANAGED_IDENTITY": "true", "AZURE_KEYVAULT_DNS_SUFFIX": "evil.example/x"},
            "needs AZURE_KEYVAULT_DNS_SUFFIX",
        ),
        ({"AZURE_CLIENT_SECRET": "canary", "AZURE_TENANT_ID": "../x"}, "do not make an identity"),
    ],
)
def test_a_reference_that_nobody_may_read_is_told_by_its_variable(more: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"GITHUB_WEBHOOK_SECRET: .*{said}") as caught:
        server_settings(environment(**more))
    assert "canary" not in str(caught.value)


def test_a_reference_is_read_under_the_vault_s_real_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the company's proxy, with TLS from end to end."""
    with ExitStack() as stack:
        running = stack.enter_context(entra(tmp_path))
        vault = KeyVault(running.signer, f"dvo-{uuid.uuid4().hex[:8]}", {"webhook": WEBHOOK_SECRET})
        server = stack.enter_context(serving(vault.answer, running.certificates, vault.host))
        proxy = stack.enter_context(proxying({vault.host: server.server_address[1]}))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_file))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
        more = {
            **running.environment,
            "DVO_ENTRA_GITHUB_ID": "extensionAttribute1",
            "GITHUB_WEBHOOK_SECRET": f"keyvault://{vault.name}/webhook",
        }
        settings = server_settings(environment(**more))
        assert settings.github_webhook_secret.get_secret_value() == WEBHOOK_SECRET
        assert settings.secret_sources["GITHUB_WEBHOOK_SECRET"] is SecretSource.KEY_VAULT
        assert set(proxy.asked) == {f"{vault.host}:443"}


def test_a_vault_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    known = {"AZURE_TENANT_ID": ID, "AZURE_CLIENT_ID": ID, "AZURE_CLIENT_SECRET": "canary"}
    more = {**known, "AZURE_AUTHORITY": "https://localhost:9", "AZURE_KEYVAULT_DNS_SUFFIX": "vault.invalid"}
    with pytest.raises(UnavailableError, match="the key vault dvo-prod does not answer") as caught:
        server_settings(environment(**more))
    assert "canary" not in str(caught.value)
