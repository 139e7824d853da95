"""`dvo check` on a real clone with a real OPA: the verdict before any pull request."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Clone, Dvo, Said

DEVELOPMENT = "environments/development/anl.yaml"
PRODUCTION = "environments/production/anl.yaml"
MONDAY = "2026-11-23T10:00:00+01:00"
SATURDAY = "2026-11-21T10:00:00Z"


def check(dvo: Dvo, clone: Clone, *more: str) -> Said:
    people = str(clone.home / "people.yaml")
    return dvo("check", "--repo", str(clone.folder), "--directory", people, "--at", MONDAY, *more)


def test_a_developer_may_rescale_in_development(dvo: Dvo, clone: Clone) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    said = check(dvo, clone)
    assert (said.code, said.err) == (0, "")
    assert "development/ANL" in said.out
    assert "rescaled" in said.out
    assert "✓ Policy lets it pass" in said.out
    assert "Approvals and the members of teams" in said.out


def test_a_developer_is_refused_in_production_with_place_reason_and_remedy(dvo_process: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    said = check(dvo_process, clone)
    assert said.code == 1
    assert f"{PRODUCTION}:5: refused: " in said.out
    assert "[mc-prod-approval]" in said.out
    assert "→ " in said.out
    assert "✗ Refused" in said.out


def test_as_json_it_is_one_documented_object(dvo: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    said = check(dvo, clone, "--as", "omar-ops", "--json")
    document = json.loads(said.out)
    assert list(document) == [
        "schema", "verdict", "base", "head", "at", "author", "reasons", "warnings", "holds", "changes", "files",
        "approvals", "requirements", "unknown", "effect", "simulation", "policy_revision",
    ]  # fmt: skip
    assert (document["schema"], document["approvals"]) == ("dvo.check/1", "unknown")
    assert (said.code, document["verdict"]) == (1, "refused")
    assert document["author"] == "github:1002"
    assert document["at"] == MONDAY
    assert document["base"] == clone.git("rev-parse", "main")
    assert document["head"] == clone.git("rev-parse", "topic")
    assert {reason["rule"] for reason in document["reasons"]} == {"mc-deny-direct-prod"}
    assert [change["kinds"] for change in document["changes"]] == [["rescaled"]]
    asked = next(one for one in document["requirements"] if one["reason"] == "mc-prod-approval")
    assert asked["roles"] == ["release_manager"]
    assert asked["owners"] == ["@acme-agents/release-managers"]
    assert document["policy_revision"].startswith("sha256:")


def test_the_time_is_whatever_is_asked_about(dvo: Dvo, clone: Clone) -> None:
    clone.edit("environments/staging/anl.yaml", "replicas: 1", "replicas: 2")
    monday = json.loads(check(dvo, clone, "--as", "omar-ops", "--json").out)
    saturday = json.loads(check(dvo, clone, "--as", "omar-ops", "--json", "--at", SATURDAY).out)
    assert monday["effect"] == saturday["effect"]
    assert (monday["at"], saturday["at"]) == (MONDAY, "2026-11-21T10:00:00+00:00")


def test_another_person_or_time_is_marked_as_a_simulation(dvo: Dvo, clone: Clone) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    people = ("check", "--repo", str(clone.folder), "--directory", str(clone.home / "people.yaml"))
    for more, is_simulation in (((), False), (("--as", "omar-ops"), True), (("--at", MONDAY), True)):
        assert json.loads(dvo(*people, *more, "--json").out)["simulation"] is is_simulation
        assert ("A simulation: as if" in dvo(*people, *more).out) is is_simulation
    assert "as if somebody the directory does not know proposed it" in dvo(*people, "--as", "nobody-known").out


def test_every_fault_is_told_at_its_line(dvo: Dvo, clone: Clone) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: two\nextra: 1")
    said = check(dvo, clone)
    assert said.code == 1
    assert f"{DEVELOPMENT}:7: refused: " in said.out
    assert f"{DEVELOPMENT}:8: refused: " in said.out


def test_somebody_the_directory_does_not_know_is_refused_with_the_reason(dvo: Dvo, clone: Clone) -> None:
    clone.git("config", "user.email", "mallory@example.com")
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    document = json.loads(check(dvo, clone, "--json").out)
    assert (document["verdict"], document["author"]) == ("refused", None)
    assert {"unknown_author", "unattributable"} <= {reason["cause"] for reason in document["reasons"]}
    told = " ".join(check(dvo, clone).out.split())
    assert "The directory knows nobody by git's user.email mallory@example.com; name who would open it" in told
    other = check(dvo, clone, "--as", "nobody-known")
    assert other.code == 1
    assert "The directory knows nobody by the login nobody-known;" in other.out
    clone.git("config", "user.email", "")
    assert "by git's user.email, which is not set;" in " ".join(check(dvo, clone).out.split())


def test_nothing_changed_is_said_and_passes(dvo: Dvo, clone: Clone) -> None:
    said = check(dvo, clone)
    assert said.code == 0
    assert "No change to anything that runs or is governed." in said.out


def test_what_is_not_committed_is_said_not_to_count(dvo: Dvo, clone: Clone) -> None:
    (clone.folder / DEVELOPMENT).write_text("nonsense")
    said = check(dvo, clone)
    assert said.code == 0
    assert f"What is not committed yet, in {DEVELOPMENT}." in " ".join(said.out.split())


def test_an_older_version_is_known_from_the_history_of_the_base(dvo: Dvo, clone: Clone) -> None:
    clone.git("checkout", "--quiet", "main")
    clone.edit("agents/anl/agent.yaml", "version: 1.0.0", "version: 1.1.0")
    clone.git("checkout", "--quiet", "-b", "next")
    clone.edit(DEVELOPMENT, "version: 1.0.0", "version: 1.1.0")
    document = json.loads(check(dvo, clone, "--json").out)
    change = document["changes"][0]
    assert (change["kinds"], change["from"]["version"], change["to"]["version"]) == (["upgraded"], "1.0.0", "1.1.0")
    assert document["verdict"] == "admitted"


def test_a_base_that_is_not_what_was_fetched_is_said(dvo: Dvo, clone: Clone) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    clone.git("update-ref", "refs/remotes/origin/main", "topic")
    document = json.loads(check(dvo, clone, "--json").out)
    assert any("origin/main" in sentence for sentence in document["unknown"])


def test_commits_made_on_pages_are_attributed_as_the_code_host_would(dvo: Dvo, clone: Clone) -> None:
    place = clone.folder / DEVELOPMENT
    place.write_text(place.read_text().replace("replicas: 1", "replicas: 2"))
    committer = ("-c", "committer.name=GitHub", "-c", "committer.email=noreply@github.com")
    clone.git(*committer, "commit", "--quiet", "--all", "--message", "edit")
    document = json.loads(check(dvo, clone, "--json").out)
    assert document["verdict"] == "admitted"
    assert any("on its pages" in sentence for sentence in document["unknown"])


@pytest.mark.parametrize("columns", [40, 80])
def test_the_report_fits_a_narrow_terminal(dvo: Dvo, clone: Clone, columns: int) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    people = str(clone.home / "people.yaml")
    said = dvo("check", "--repo", str(clone.folder), "--directory", people, more={"COLUMNS": str(columns)})
    assert max(map(len, said.out.splitlines())) <= columns


def test_colour_is_only_for_terminals_that_want_it(dvo: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    people = str(clone.home / "people.yaml")
    arguments = ("check", "--repo", str(clone.folder), "--directory", people)
    assert "\x1b" not in dvo(*arguments).out
    assert "\x1b[31m" not in dvo(*arguments, more={"NO_COLOR": "1", "FORCE_COLOR": "1"}).out


def test_a_path_cannot_command_the_terminal(dvo: Dvo, clone: Clone) -> None:
    clone.write("environments/development/\x1b[2J.yaml", "x")
    said = check(dvo, clone)
    assert said.code == 1
    assert "\x1b" not in said.out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--base", "nowhere"], "expected a branch or a commit of this clone, got 'nowhere'; its branches are main,"),
        (["--at", "tomorrow"], "expected an RFC 3339 time"),
        (["--at", "2026-02-30T00:00:00Z"], "a time that exists"),
        (["--ledger", "/nowhere"], "--allowed-signers: is missing"),
        (["--directory", "/nowhere"], "the directory file cannot be read"),
    ],
    ids=["no branch", "no time", "no such day", "a ledger alone", "no directory"],
)
def test_what_cannot_be_checked_is_wrong_usage(dvo: Dvo, clone: Clone, more: list[str], told: str) -> None:
    said = check(dvo, clone, *more)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_without_people_nothing_is_judged(dvo: Dvo, clone: Clone) -> None:
    said = dvo("check", "--repo", str(clone.folder))
    assert said.code == 2
    assert "--directory: expected a file of people, got none; there is no " in said.err
    assert "Entra ID is not asked from here" in said.err


def test_people_are_those_of_the_clone_when_no_others_are_named(dvo: Dvo, clone: Clone) -> None:
    (clone.folder / "people.yaml").write_text((clone.home / "people.yaml").read_text())
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    place = ("check", "--repo", str(clone.folder), "--json")
    assert json.loads(dvo(*place).out)["author"] == "github:1001"
    others = clone.home / "others.yaml"
    others.write_text("people:\n  - {login: dana, github_id: 7, emails: [dana@example.com], groups: [], mfa: true}\n")
    assert json.loads(dvo(*place, "--directory", str(others)).out)["author"] == "github:7"
    assert json.loads(dvo(*place, more={"DVO_DIRECTORY_FILE": str(others)}).out)["author"] == "github:7"


def test_a_clone_without_a_commit_is_said_to_have_none(dvo: Dvo, home: Path, tmp_path: Path) -> None:
    empty = Clone(tmp_path, home)
    empty.git("init", "--quiet")
    said = dvo("check", "--repo", str(tmp_path), "--directory", str(home / "people.yaml"))
    assert said.code == 2
    assert "got 'HEAD'; it has no commit yet" in said.err


def test_a_dead_policy_engine_is_unreachable_and_admits_nothing(dvo: Dvo, clone: Clone, tmp_path: Path) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    opa = tmp_path / "opa"
    opa.write_text("#!/bin/sh\nexit 7\n")
    opa.chmod(0o755)
    people = str(clone.home / "people.yaml")
    said = dvo("check", "--repo", str(clone.folder), "--directory", people, "--json", more={"OPA_BIN": str(opa)})
    assert said.code == 3
    assert json.loads(said.out)["verdict"] == "refused"


def test_a_broken_policy_refuses(dvo: Dvo, clone: Clone) -> None:
    clone.git("checkout", "--quiet", "main")
    clone.write("policies/rego/broken.rego", "package dvo\n\nnonsense {\n")
    clone.git("checkout", "--quiet", "-b", "next")
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    said = check(dvo, clone, "--json")
    assert said.code == 1
    assert json.loads(said.out)["reasons"][0]["cause"] == "policy_broken"
