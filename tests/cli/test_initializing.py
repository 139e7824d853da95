"""`dvo init` makes a repository that its own checks accept, and overwrites nothing."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from controller.policy.library import RECORD
from tests.cli.conftest import ROOT, Clone, Dvo


@pytest.fixture
def made(dvo: Dvo, home: Path, tmp_path: Path) -> Clone:
    """A repository as `dvo init` makes it, committed on main."""
    folder = tmp_path / "new"
    said = dvo("init", str(folder))
    assert said.code == 0, said.err
    clone = Clone(folder, home)
    clone.git("init", "--quiet", "--initial-branch=main")
    (home / ".gitconfig").write_text("[user]\n\tname = Dana\n\temail = dana@example.com\n")
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--message", "begin")
    return clone


def test_an_empty_folder_becomes_a_governed_repository(dvo: Dvo, made: Clone) -> None:
    for path in (
        ".github/CODEOWNERS",
        ".github/workflows/dvo-check.yml",
        "agents/anl/agent.yaml",
        "environments/development/anl.yaml",
        "environments/production/environment.yaml",
        "people.yaml",
        "policies/rego/decision.rego",
        "policies/rego/company/README.md",
        "policies/tests/production.yaml",
        "schemas/policy-input.json",
        RECORD,
    ):
        assert (made.folder / path).is_file(), path
    made.git("checkout", "--quiet", "-b", "topic")
    made.edit("environments/development/anl.yaml", "replicas: 1", "replicas: 2")
    said = dvo("check", "--repo", str(made.folder), "--as", "dana-dev", "--directory", str(made.folder / "people.yaml"))
    assert said.code == 0, said.out + said.err


def test_its_policies_are_those_of_this_project(made: Clone) -> None:
    ours, theirs = ROOT / "policies", made.folder / "policies"
    for file in ours.rglob("*"):
        if file.is_file() and "company" not in file.parts:
            assert (theirs / file.relative_to(ours)).read_bytes() == file.read_bytes()


def test_the_workflow_pins_its_actions_and_says_what_to_replace(made: Clone) -> None:
    text = (made.folder / ".github/workflows/dvo-check.yml").read_text()
    workflow = yaml.safe_load(text)
    uses = [step["uses"] for step in workflow["jobs"]["check"]["steps"] if "uses" in step]
    own = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert len(uses) == 2
    assert all(use in own for use in uses)
    assert "REPLACE" in workflow["jobs"]["check"]["env"]["DVO_PACKAGE"]
    assert all("${{" not in step.get("run", "") for step in workflow["jobs"]["check"]["steps"])
    assert workflow["permissions"] == {"contents": "read"}


def test_nothing_that_is_there_is_overwritten(dvo: Dvo, tmp_path: Path) -> None:
    (tmp_path / "policies" / "rego").mkdir(parents=True)
    (tmp_path / "policies" / "rego" / "roles.rego").write_text("mine")
    (tmp_path / "people.yaml").symlink_to(tmp_path / "nowhere")
    said = dvo("init", str(tmp_path), "--json")
    assert json.loads(said.out)["kept"] == ["people.yaml", "policies/rego/roles.rego"]
    assert (tmp_path / "policies" / "rego" / "roles.rego").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    again = dvo("init", str(tmp_path))
    assert "✓ 0 files written" in again.out
    assert len(again.out.splitlines()) == 7, "what was there is counted, not listed"


@pytest.mark.parametrize("name", ["file", "file/below", "closed/below"])
def test_a_place_that_cannot_be_written_is_wrong_usage(dvo: Dvo, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "closed").symlink_to("/proc/nowhere")
    said = dvo("init", str(tmp_path / name))
    assert (said.code, said.out) == (2, "")
    assert f"expected a folder to write into: {tmp_path / name}/" in said.err


def test_an_upgrade_is_a_commit_on_a_branch_that_leaves_the_companys_own(dvo: Dvo, made: Clone) -> None:
    rules = made.folder / "policies/rego/rules"
    told = json.loads((made.folder / RECORD).read_text())
    (rules / "mc_bounds.rego").write_text("package dvo.rules.mc_bounds\n")
    (rules / "mc_old.rego").write_text("package dvo.rules.mc_old\n")
    for name in ("mc_bounds", "mc_old"):
        told["files"][f"policies/rego/rules/{name}.rego"] = _sha256((rules / f"{name}.rego").read_bytes())
    told["files"]["policies/rego/dvo/parameters/data.yaml"] = "0" * 64
    made.write(RECORD, json.dumps(told))
    made.write("policies/rego/dvo/parameters/data.yaml", "mine: true\n")
    made.write("policies/rego/company/own.rego", "package company.own\n")
    before = made.git("rev-parse", "HEAD")
    said = dvo("init", str(made.folder), "--upgrade")
    assert said.code == 0, said.err
    assert "changed: policies/rego/rules/mc_bounds.rego" in said.out
    assert "removed: policies/rego/rules/mc_old.rego" in said.out
    assert "kept:    policies/rego/dvo/parameters/data.yaml (you changed it" in said.out
    branch = made.git("branch", "--list", "dvo-library-*", "--format=%(refname:short)")
    changed = made.git("diff", "--name-only", f"main...{branch}").splitlines()
    assert changed == [RECORD, "policies/rego/rules/mc_bounds.rego", "policies/rego/rules/mc_old.rego"]
    assert (made.git("rev-parse", "HEAD"), made.git("status", "--porcelain")) == (before, "")
    again = dvo("init", str(made.folder), "--upgrade")
    assert again.code == 2
    assert "git refused" in again.err


def test_a_library_that_is_current_is_left_alone(dvo: Dvo, made: Clone) -> None:
    said = dvo("init", str(made.folder), "--upgrade", "--json")
    assert (said.code, json.loads(said.out)["branch"]) == (0, None)
    assert "already" in dvo("init", str(made.folder), "--upgrade").out


def test_a_repository_without_a_record_cannot_be_upgraded(dvo: Dvo, clone: Clone) -> None:
    said = dvo("init", str(clone.folder), "--upgrade")
    assert said.code == 2
    assert RECORD in said.err


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
