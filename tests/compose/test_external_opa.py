"""The settings of an external OPA reach it: over TLS, with the token of a file, beside an OPA of our own."""

import tempfile
from pathlib import Path

import pytest
import trustme

from controller.adapters.system_clock import SystemClock
from controller.compose.production import finished
from controller.compose.replaying import policies_in
from controller.errors import UnavailableError
from controller.policy.answer import Action
from controller.policy.bundle import policy_bundle
from controller.policy.situation import ORDINARY
from controller.settings import load_settings
from tests.adapters.opa.conftest import serving
from tests.app_key import app_key_pem
from tests.opa import ROOT, opa_binary

TOKEN = "t0ken-of-the-company"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "DVO_HOME": str(tmp_path / "home"),
        "DVO_REPOSITORY": "acme/agents",
        "DVO_DIRECTORY_FILE": str(ROOT / "examples" / "directory.yaml"),
        "OPA_BIN": str(opa_binary()),
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY": app_key_pem(),
        "GITHUB_WEBHOOK_SECRET": "f3c1a9d27b5e48069c1d",
    }


def test_main_is_judged_there_and_what_is_proposed_here(environment: dict[str, str], tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    main = policies_in(ROOT / "policies" / "rego")
    proposed = policy_bundle({**main.files, "remark.rego": b"package dvo.remark\n"})
    with tempfile.TemporaryDirectory() as place, serving(opa_binary(), main, Path(place), TOKEN, authority) as url:
        external = {"OPA_URL": url, "OPA_TOKEN_FILE": str(tmp_path / "token"), "OPA_CA_FILE": str(tmp_path / "ca.pem")}
        with finished(load_settings(environment | external), SystemClock()) as adapters:
            answers = [adapters.parts.engine.decide(bundle, ORDINARY) for bundle in (main, proposed)]
            adapters.engine.ping()
        with (
            finished(load_settings(environment | {"OPA_URL": url}), SystemClock()) as strangers,
            pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            strangers.parts.engine.decide(main, ORDINARY)
    assert [answer.revision for answer in answers] == [main.digest, proposed.digest]
    assert all(Action.REQUIRE_APPROVAL in {finding.action for finding in answer.findings} for answer in answers)
