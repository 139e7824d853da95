"""`dvo doctor`: real checks, each with what to do, and the exit code of the worst."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.sandbox.records import Protection, RequiredCheck
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import APP_EVENTS, APP_PERMISSIONS, AppSeed
from tests.app_key import app_key
from tests.cli.conftest import Dvo
from tests.redis_server import redis_server

Json = dict[str, str | int | None]
REPOSITORY = "acme/agents"
CHECKS = ("dvo/policy", "dvo/approval")


def on(
    sandbox: Sandbox,
    server: dict[str, str],
    permissions: Mapping[str, str] = APP_PERMISSIONS,
    events: Sequence[str] = APP_EVENTS,
    withheld: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Return the settings of a controller whose App is installed there."""
    seed = AppSeed("dvo", "acme", permissions=permissions, events=events, withheld=withheld, private_key=app_key())
    app = sandbox.seeds.add_app(seed)
    Path(server["GITHUB_APP_PRIVATE_KEY_FILE"]).write_text(app.private_key)
    return server | {"GITHUB_API_URL": sandbox.api_url, "GITHUB_APP_ID": str(app.app_id)}


def owned(sandbox: Sandbox, text: str) -> None:
    """Make `text` the CODEOWNERS of main."""
    files = {".github/CODEOWNERS": text.encode()}
    sandbox.seeds.commit(REPOSITORY, files, author="ada", message="Name the owners")


def found_of(name: str, dvo: Dvo, settings: Mapping[str, str]) -> Json:
    checks = json.loads(dvo("doctor", "--json", more=settings).out)["checks"]
    (found,) = [check for check in checks if check["name"] == name]
    return found  # type: ignore[no-any-return] # JSON


def protection(dvo: Dvo, settings: Mapping[str, str]) -> Json:
    return found_of("protection", dvo, settings)


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
        "app": 3,
        "github": 3,
        "bot": 3,
        "owners": 3,
        "protection": 3,
    }
    assert "canary-word" not in said.out + said.err


def test_a_redis_is_asked_where_one_is_named(dvo: Dvo, server: dict[str, str], tmp_path: Path) -> None:
    with redis_server() as address:
        assert found_of("redis", dvo, server | {"REDIS_URL": address})["said"] == "REDIS_URL answers"
    found = found_of("redis", dvo, server | {"REDIS_URL": f"unix://:canary-word@{tmp_path}/none"})
    assert found["code"] == 3
    assert "canary-word" not in str(found)
    assert found_of("redis", dvo, server | {"REDIS_URL": "redis://:canary/word@host"})["code"] == 2


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
    assert found["code"] == 0
    assert str(found["advice"]).startswith("whether classic protection merges through a merge queue")


def test_what_lets_people_go_around_is_told_line_by_line(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    """ATTACKS 021."""
    settings = on(sandbox, server)
    checks = [RequiredCheck("dvo/policy", 7), RequiredCheck("dvo/approval")]
    sandbox.seeds.protect(REPOSITORY, Protection(checks, approving_reviews=1, bypassers={"ada"}))
    told = str(protection(dvo, settings)["said"]).splitlines()
    parts = ("from the App 7", "from any source", "administrators can go around", "@ada may push", "merge queue")
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


def test_an_app_that_is_set_up_as_needed_is_well(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    assert found_of("app", dvo, on(sandbox, server))["code"] == 0


def test_what_the_app_may_not_or_does_not_hear_is_told_line_by_line(
    dvo: Dvo, server: dict[str, str], sandbox: Sandbox
) -> None:
    permissions = {**APP_PERMISSIONS, "checks": "read"}
    events = [event for event in APP_EVENTS if event not in ("check_run", "push", "merge_group")]
    found = found_of("app", dvo, on(sandbox, server, permissions, events))
    told = str(found["said"]).splitlines()
    parts = ("permission `Checks: write`", "subscribe to `Check run`", "subscribe to `Push`")
    assert found["code"] == 2
    assert all(part in line for line, part in zip(told, parts, strict=True))


def test_a_permission_nobody_accepted_yet_is_told(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    settings = on(sandbox, server, withheld=frozenset({"checks", "push"}))
    told = str(found_of("app", dvo, settings)["said"]).splitlines()
    assert "`Checks: write` was not accepted" in told[0]
    assert "does not hear of `Push` yet" in told[1]


def test_a_merge_queue_asks_for_its_own_event(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    settings = on(sandbox, server, events=[event for event in APP_EVENTS if event != "merge_group"])
    assert found_of("app", dvo, settings)["code"] == 0
    sandbox.seeds.add_ruleset(REPOSITORY, ["merge_queue"])
    assert "subscribe to `Merge group`" in str(protection(dvo, settings)["said"])


def test_the_apps_bot_must_be_listed_as_one_and_its_line_is_given(
    dvo: Dvo, server: dict[str, str], sandbox: Sandbox
) -> None:
    settings = on(sandbox, server)
    file = Path(settings["DVO_DIRECTORY_FILE"])
    found = found_of("bot", dvo, settings)
    assert found["code"] == 2
    line = str(found["said"]).partition("`")[2].removesuffix("`.")
    file.write_text(f"{file.read_text()}  {line.replace('kind: bot', 'kind: person')}\n")
    found = found_of("bot", dvo, settings)
    assert "as a person" in str(found["said"])
    file.write_text(file.read_text().replace("kind: person", "kind: bot"))
    assert found_of("bot", dvo, settings)["code"] == 0


def test_owners_that_count_for_nobody_are_told_each(dvo: Dvo, server: dict[str, str], sandbox: Sandbox) -> None:
    """ATTACKS 022."""
    settings = on(sandbox, server)
    assert found_of("owners", dvo, settings)["code"] == 0
    for team in ("secret", "reading"):
        sandbox.seeds.add_team("acme", team, members=["ada"])
    sandbox.seeds.grant(REPOSITORY, "write", team="secret")
    sandbox.seeds.hide_team("acme", "secret")
    sandbox.seeds.grant(REPOSITORY, "read", team="reading")
    lines = ("* @acme/agents @ada @acme/secret", "/a/ @acme/reading @acme/gone", "/b/ @nobody no@example.com", "/c/ x")
    owned(sandbox, "\n".join(lines))
    found = found_of("owners", dvo, settings)
    told = str(found["said"]).splitlines()
    parts = (
        ".github/CODEOWNERS:4:5: expected @user",
        "@acme/secret (.github/CODEOWNERS:1) is a secret team",
        "@acme/reading (.github/CODEOWNERS:2) has no write access as a team",
        "@acme/gone (.github/CODEOWNERS:2) is no team",
        "@nobody (.github/CODEOWNERS:3) is nobody with write access",
        "no@example.com (.github/CODEOWNERS:3) leads to nobody",
    )
    assert found["code"] == 2
    assert all(part in line for line, part in zip(told, parts, strict=True))
