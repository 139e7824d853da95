"""An environment that holds everything a server must be told, and nothing else."""

import pytest

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"
WEBHOOK_SECRET = "0f4b1c9e7d2a86350f4b1c9e7d2a8635"


@pytest.fixture
def environment() -> dict[str, str]:
    return {
        "HOME": "/home/dvo",
        "OPA_BIN": "/usr/bin/opa",
        "DVO_REPOSITORY": "kessel/agents",
        "GITHUB_APP_ID": "12345",
        "GITHUB_APP_PRIVATE_KEY": KEY,
        "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "DVO_DIRECTORY_FILE": "/etc/dvo/people.yaml",
    }
