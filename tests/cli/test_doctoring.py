"""`dvo doctor`: real checks, each with what to do, and the exit code of the worst."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from controller.sandbox.records import Protection, RequiredCheck
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import APP_PERMISSIONS, AppSeed
from tests.cli.conftest import Dvo

REPOSITORY = "acme/agents"
CHECKS = ("dvo/policy", "dvo/approval")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox.running(tmp_path / "sandbox") as running:
        running.seeds.add_person("ada", github_id=1001, emails=["ada@example.com"])
        running.seeds.add_organization("acme", owners=["ada"])
        running.seeds.add_repository(REPOSITORY, {"README.md": b"# Agents"}, author="ada")
        yield running


def on(sandbox: Sandbox, server: dict[str, str], permissions: Mapping[str, str] = APP_PERMISSIONS) -> dict[str, str]:
    """Return the settings of a controller whose App is installed there."""
    app = sandbox.seeds.add_app(AppSeed("dvo", "acme", permissions=permissions))
    Path(server["GITHUB_APP_PRIVATE_KEY_FILE"]).write_text(app.private_key)
    return server | {"GITHUB_API_URL": sandbox.api_url, "GITHUB_APP_ID": str(app.app_id)}


def protection(dvo: Dvo, settings: Mapping[str, str]) -> dict[str, str | int | None]:
    checks = json.loads(dvo("doctor", "--json", more=settings).out)["checks"]
    (found,) = [check for check in checks if check["name"] == "protection"]
    return found  # type: ignore[no-any-return] # JSON


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
        "protection": 3,
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


def test_an_unprotected_branch_is_found_out(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    """ATTACKS 079."""
    found = protection(dvo, on(sandbox, server))
    assert found["code"] == 2
    assert "main is not protected" in str(found["said"])
    assert "administrator of the repository" in str(found["advice"])


def test_a_branch_that_holds_is_well(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    settings = on(sandbox, server)
    ours = [RequiredCheck(name, int(settings["GITHUB_APP_ID"])) for name in CHECKS]
    sandbox.seeds.protect(REPOSITORY, Protection(ours, approving_reviews=1, enforce_admins=True))
    found = protection(dvo, settings)
    assert (found["code"], found["advice"]) == (0, None)


def test_what_lets_people_go_around_is_told_line_by_line(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    """ATTACKS 021."""
    settings = on(sandbox, server)
    checks = [RequiredCheck("dvo/policy", 7), RequiredCheck("dvo/approval")]
    sandbox.seeds.protect(REPOSITORY, Protection(checks, approving_reviews=1, bypassers={"ada"}))
    told = str(protection(dvo, settings)["said"]).splitlines()
    parts = ("from the App 7", "from any source", "administrators can go around", "@ada may push")
    assert len(told) == len(parts)
    assert all(part in line for line, part in zip(told, parts, strict=True))


def test_what_may_not_be_read_is_a_caveat_and_no_failure(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    granted = {name: level for name, level in APP_PERMISSIONS.items() if name != "administration"}
    settings = on(sandbox, server, granted)
    ours = [RequiredCheck(name, int(settings["GITHUB_APP_ID"])) for name in CHECKS]
    sandbox.seeds.protect(REPOSITORY, Protection(ours))
    found = protection(dvo, settings)
    assert found["code"] == 0
    assert "Administration: read" in str(found["advice"])
    said = dvo("doctor", more=settings)
    assert "! protection" in said.out
    assert "✓ github" in said.out
