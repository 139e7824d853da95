"""References to key vaults among the settings: who may read them, and what is told."""

from pathlib import Path

import pytest

from controller.compose.secrets import server_settings
from controller.errors import ConfigurationError, UnavailableError
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


def test_a_vault_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    known = {"AZURE_TENANT_ID": ID, "AZURE_CLIENT_ID": ID, "AZURE_CLIENT_SECRET": "canary"}
    more = {**known, "AZURE_AUTHORITY": "https://localhost:9", "AZURE_KEYVAULT_DNS_SUFFIX": "vault.invalid"}
    with pytest.raises(UnavailableError, match="the key vault dvo-prod does not answer") as caught:
        server_settings(environment(**more))
    assert "canary" not in str(caught.value)
