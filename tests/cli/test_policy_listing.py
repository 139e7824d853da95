"""`dvo policy list` and the reference page tell what the rules say of themselves."""

import json
from pathlib import Path

import pytest

from controller.compose.policies import rule_notes
from controller.policy.answer import DEFAULT_RULES
from tests.cli.conftest import ROOT, Clone, Dvo
from tests.opa import opa_binary
from tools.policy_page import PAGE, page

COMPANY_RULE = """\
# METADATA
# title: Two regions
# description: Production runs in two regions.
# custom:
#   id: acme-two-regions
#   owner: reliability
#   severity: medium
#   remedy: Name a second region.
package dvo.company.two_regions

id := "acme-two-regions"
"""


def test_every_rule_is_listed_with_owner_severity_and_remedy(dvo: Dvo) -> None:
    said = dvo("policy", "list", "--repo", str(ROOT), "--json")
    assert said.code == 0
    listed = json.loads(said.out)
    assert listed["schema"] == "dvo.policy-list/1"
    assert {rule["id"] for rule in listed["rules"]} >= DEFAULT_RULES
    assert all(rule["owner"] and rule["remedy"] and rule["severity"] for rule in listed["rules"])


@pytest.mark.parametrize("columns", [30, 80])
def test_the_list_fits_the_terminal(dvo: Dvo, columns: int) -> None:
    said = dvo("policy", "list", "--repo", str(ROOT), more={"COLUMNS": str(columns)})
    assert "mc-prod-approval (high," in said.out
    assert max(map(len, said.out.splitlines())) <= columns


def test_a_company_rule_is_listed_as_one(dvo: Dvo, clone: Clone) -> None:
    clone.write("policies/rego/company/two_regions.rego", COMPANY_RULE)
    said = dvo("policy", "list", "--repo", str(clone.folder))
    assert "acme-two-regions (company, medium, reliability)" in said.out


def test_a_rule_without_a_note_is_named_at_its_file(dvo: Dvo, clone: Clone) -> None:
    clone.write("policies/rego/company/quiet.rego", 'package dvo.company.quiet\n\nid := "acme-quiet"\n')
    said = dvo("policy", "list", "--repo", str(clone.folder))
    assert said.code == 1
    assert "policies/rego/company/quiet.rego:1: expected a note" in said.err


def test_policies_that_do_not_parse_are_told(dvo: Dvo, clone: Clone) -> None:
    clone.write("policies/rego/company/quiet.rego", "package dvo.company.quiet\n\nx if {\n")
    said = dvo("policy", "list", "--repo", str(clone.folder))
    assert said.code == 1
    assert "company/quiet.rego:" in said.err


def test_a_folder_without_policies_is_wrong_usage(dvo: Dvo, tmp_path: Path) -> None:
    said = dvo("policy", "list", "--repo", str(tmp_path))
    assert said.code == 2
    assert "expected a governed repository" in said.err


def test_without_an_opa_that_runs_nothing_is_listed(dvo: Dvo, tmp_path: Path) -> None:
    said = dvo("policy", "list", "--repo", str(ROOT), more={"OPA_BIN": str(tmp_path / "none")})
    assert said.code == 3


@pytest.mark.parametrize("says", ["nothing", ""])
def test_an_opa_that_tells_nonsense_is_out_of_order(dvo: Dvo, tmp_path: Path, says: str) -> None:
    script = tmp_path / "opa"
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o755)
    assert dvo("policy", "list", "--repo", str(ROOT), more={"OPA_BIN": str(script)}).code == 3


def test_the_reference_page_is_current() -> None:
    current = page(rule_notes(ROOT, opa_binary()))
    assert PAGE.read_text() == current, "run `.venv/bin/python -m tools.policy_page`"
