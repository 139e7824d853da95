"""`dvo doctor`: real checks, each with what to do, and the exit code of the worst."""

import json
from pathlib import Path

from tests.cli.conftest import Dvo


def codes(document: str) -> dict[str, int]:
    return {check["name"]: check["code"] for check in json.loads(document)["checks"]}


def test_what_is_unreachable_is_named_and_ends_with_3(dvo: Dvo, server: dict[str, str]) -> None:
    said = dvo("doctor", "--json", more=server)
    assert said.code == 3
    assert json.loads(said.out)["schema"] == "dvo.doctor/1"
    assert codes(said.out) == {
        "settings": 0,
        "python": 0,
        "git": 0,
        "signatures": 0,
        "opa": 0,
        "home": 0,
        "ledger": 0,
        "directory": 0,
        "database": 3,
        "github": 3,
    }
    assert "canary-word" not in said.out + said.err


def test_wrong_settings_end_with_2_and_the_machine_is_examined_all_the_same(dvo: Dvo) -> None:
    said = dvo("doctor", more={"COLUMNS": "60"})
    assert said.code == 2
    assert "✗ settings" in said.out
    assert "DVO_REPOSITORY: is missing" in said.out
    assert "✓ git" in said.out
    assert "✓ signatures" in said.out
    assert max(map(len, said.out.splitlines())) <= 60


def test_a_faulty_directory_file_is_wrong(dvo: Dvo, server: dict[str, str], home: Path) -> None:
    (home / "people.yaml").write_text("people: [{login: dana}]")
    said = dvo("doctor", "--json", more=server)
    assert said.code == 2
    assert codes(said.out)["directory"] == 2


def test_an_opa_that_is_none_is_found_out(dvo: Dvo, tmp_path: Path) -> None:
    opa = tmp_path / "opa"
    opa.write_text("#!/bin/sh\necho Version: 0.34.0\n")
    opa.chmod(0o755)
    assert codes(dvo("doctor", "--json", more={"OPA_BIN": str(opa)}).out)["opa"] == 2
    assert codes(dvo("doctor", "--json", more={"OPA_BIN": str(tmp_path / "none")}).out)["opa"] == 3


def test_a_home_that_cannot_be_written_is_found_out(dvo: Dvo) -> None:
    assert codes(dvo("doctor", "--json", more={"DVO_HOME": "/proc/dvo"}).out)["home"] == 2


def test_a_ledger_that_does_not_hold_is_found_out(dvo: Dvo, home: Path) -> None:
    ledger = home / ".dvo" / "ledger"
    ledger.mkdir(parents=True)
    (ledger.parent / "allowed_signers").write_text(
        'ledger@dvo namespaces="git" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n'
    )
    assert codes(dvo("doctor", "--json").out)["ledger"] == 1
