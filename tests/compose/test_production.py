"""What `serve` refuses to start with."""

from pathlib import Path

import pytest

from controller.adapters.system_clock import SystemClock
from controller.compose.production import controller
from controller.errors import ConfigurationError
from controller.settings import load_settings
from tests.app_key import app_key_pem

UNHEEDED = {
    "SYSLOG_URL": "tls://siem.example.com:6514",
    "DVO_LEDGER_REMOTE": "https://git.example.com/ledger.git",
    "DVO_MODEL": "azure_openai:gpt-4o",
    "DVO_CAPABILITY_DEPLOY_FASTAPI": "false",
}


@pytest.mark.parametrize(("name", "value"), UNHEEDED.items(), ids=UNHEEDED)
def test_a_setting_that_nothing_heeds_is_refused_rather_than_ignored(tmp_path: Path, name: str, value: str) -> None:
    environment = {
        "DVO_HOME": str(tmp_path),
        "DVO_REPOSITORY": "acme/agents",
        "DVO_DIRECTORY_FILE": str(tmp_path / "people.yaml"),
        "OPA_BIN": "/nowhere/opa",
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY": app_key_pem(),
        "GITHUB_WEBHOOK_SECRET": "f3c1a9d27b5e48069c1d",
        name: value,
    }
    with (
        pytest.raises(ConfigurationError, match="nothing would heed it"),
        controller(load_settings(environment), SystemClock()),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
