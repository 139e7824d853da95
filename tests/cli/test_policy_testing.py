"""`dvo policy test` on the library, and on what somebody broke."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Clone, Dvo

ENDLESS = "a if { some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a * b < 0 }"
QUICK = "policies/rego/rules/mc_bounds_test.rego"
QUIET = """\
# METADATA
# title: Quiet
# description: Nothing happens.
# custom:
#   id: acme-quiet
#   owner: security
#   severity: low
#   remedy: Wait.
package dvo.company.quiet

id := "acme-quiet"
"""


@pytest.fixture
def small(clone: Clone) -> Clone:
    """A clone with few Rego tests, so that running them takes no time."""
    for file in (clone.folder / "policies" / "rego").rglob("*_test.rego"):
        if file.name not in ("mc_bounds_test.rego", "examples_test.rego"):
            file.unlink()
    return clone


def test_the_library_passes_its_own_tests(dvo: Dvo) -> None:
    said = dvo("policy", "test", "--repo", str(ROOT), "--json")
    told = json.loads(said.out)
    assert (said.code, told["passed"], told["faults"]) == (0, True, [])
    assert len(told["rego"]) > 300
    assert len(told["situations"]) > 20


def test_a_situation_that_turns_out_otherwise_is_told_at_its_place(dvo: Dvo, small: Clone) -> None:
    small.edit(
        "policies/tests/production.yaml",
        "expect: {require_approval: [mc-prod-approval]}\n\n  - name: a dev",
        "expect: {warn: [mc-x]}\n\n  - name: a dev",
    )
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert "policies/tests/production.yaml:7: failed: an operator proposes a tried release" in said.out
    assert "require_approval: expected none, got mc-prod-approval" in said.out
    assert "→ If that is meant, write: expect: {require_approval: [mc-prod-approval]}" in said.out
    assert "✗ 22 of 23 situations" in said.out


def test_a_rego_test_that_fails_is_told_at_its_place(dvo: Dvo, small: Clone) -> None:
    small.edit(QUICK, '"most_regions": 2', '"most_regions": 3')
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert f"{QUICK}:" in said.out
    assert "failed: dvo_test.mc_bounds.test_regions_are_counted: it does not hold\n    policies/rego/" in said.out


OWN_TEST = """\
package dvo_test.quiet

test_holds if 1 == 1

test_cases[name] if {
	some name, number in {"one": 1, "two": 2}
	number < 2
}

todo_test_later if false
"""


def test_a_test_that_fails_shows_the_values_and_one_put_off_has_not_passed(dvo: Dvo, small: Clone) -> None:
    small.write("policies/rego/company/quiet_test.rego", OWN_TEST)
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    place = "policies/rego/company/quiet_test.rego"
    assert f"{place}:5: failed: dvo_test.quiet.test_cases[two]: it does not hold\n    two: FAIL\n" in said.out
    assert "number < 2 | 2 " in " ".join(said.out.split())
    assert f"{place}:10: failed: dvo_test.quiet.todo_test_later: it was not run" in said.out


def test_only_the_companys_tests_run_while_the_library_is_as_it_came(dvo: Dvo, tmp_path: Path, home: Path) -> None:
    """Neither another number nor a rule of the company's own can break a test of the library."""
    made = Clone(tmp_path / "new", home)
    assert dvo("init", str(made.folder)).code == 0
    rules = made.folder / "policies" / "rego"
    (rules / "company" / "quiet.rego").write_text(QUIET + "\nfindings := set()\n")
    (rules / "company" / "quiet_test.rego").write_text("package dvo_test.quiet\n\ntest_holds if 1 == 1\n")
    numbers = rules / "dvo" / "parameters" / "data.yaml"
    numbers.write_text(numbers.read_text().replace("{opens: 9, closes: 17}", "{opens: 8, closes: 18}"))
    said = dvo("policy", "test", "--repo", str(made.folder))
    assert said.code == 0, said.out + said.err
    assert "✓ 1 of 1 Rego tests of company/ hold" in said.out
    assert "as they came: their tests are not run" in said.out
    bounds = rules / "rules" / "mc_bounds.rego"
    bounds.write_text(bounds.read_text().replace("mc-bounds", "mc-other"))
    told = json.loads(dvo("policy", "test", "--repo", str(made.folder), "--json").out)
    assert (told["passed"], told["library_as_it_came"], len(told["rego"]) > 300) == (False, False, True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("package dvo.company.quiet\n\nx if {\n", "policies/rego/company/quiet.rego:"),
        (QUIET + "\nx := time.now_ns()\n", "company/quiet.rego:13:6: rego_type_error: undefined function time.now_ns"),
    ],
)
def test_policies_that_do_not_compile_are_told_and_not_tested(dvo: Dvo, small: Clone, content: str, told: str) -> None:
    small.write("policies/rego/company/quiet.rego", content)
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert told in said.out
    assert "nothing was tested" in said.out


def test_a_test_that_reaches_outside_does_not_run(dvo: Dvo, small: Clone) -> None:
    """ATTACKS 083."""
    small.write("policies/rego/company/quiet_test.rego", "package dvo_test.quiet\n\ntest_x if time.now_ns() > 0\n")
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert "undefined function time.now_ns" in said.err


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('findings contains "no"', "expected an object at findings[0], got a string"),
        (f"findings contains {ENDLESS}", "OPA gives no answer: ReadTimeout"),
    ],
    ids=["malformed", "slow"],
)
def test_a_rule_without_an_answer_is_told_once_and_by_name(dvo: Dvo, small: Clone, body: str, told: str) -> None:
    """ATTACKS 084, 090."""
    small.write("policies/rego/company/early.rego", QUIET.replace("quiet", "early") + "\nfindings := set()\n")
    small.write("policies/rego/company/quiet.rego", f"{QUIET}\n{body}\n")
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert said.out.count(told) == 1
    assert "policies/rego/company/quiet.rego:11: without this rule, acme-quiet, there is an answer" in said.out
    assert "✗ 0 of" in said.out
    blamed = json.loads(dvo("policy", "test", "--repo", str(small.folder), "--json").out)["to_blame"]
    assert blamed == {"rule": "acme-quiet", "path": "policies/rego/company/quiet.rego", "line": 11}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{opens: 9, closes: 17}", "{opens: 19, closes: 17}", "mc-parameters: "),
        ("{opens: 9, closes: 17}", "[", "policies/rego/dvo/parameters/data.yaml:1:1: "),
    ],
    ids=["a wrong value", "no YAML"],
)
def test_what_is_wrong_with_the_parameters_is_told_once_and_in_full(
    dvo: Dvo, small: Clone, before: str, after: str, told: str
) -> None:
    small.edit("policies/rego/dvo/parameters/data.yaml", before, after)
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert said.out.count(told) == 1
    assert "If that is meant" not in said.out


def test_what_an_unexpected_rule_says_is_told_the_first_time(dvo: Dvo, small: Clone) -> None:
    finding = 'data.dvo.finding.warn(id, data.dvo.finding.nowhere, "Quiet, please.", "Hush.")'
    small.write("policies/rego/company/quiet.rego", f"{QUIET}\nfindings contains {finding}\n")
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.out.count("acme-quiet says: Quiet, please.") == 1
    assert said.out.count("warn: [acme-quiet]") > 1


def test_a_note_with_a_fault_is_told_with_what_belongs_into_it(dvo: Dvo, small: Clone) -> None:
    small.write("policies/rego/company/quiet.rego", QUIET.replace("low", "lowish") + "\nfindings := set()\n")
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert (said.code, said.out) == (1, "")
    assert "policies/rego/company/quiet.rego:9: custom.severity, got 'lowish'" in said.err
    assert "→ Write above its package, after `# METADATA`: title, description," in said.err
    small.write("policies/rego/company/quiet.rego", QUIET.replace("id: acme", "id: other") + "\nfindings := set()\n")
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 1
    assert "quiet.rego:9:1: expected acme-quiet as id in the note, as line 11 says, got other-quiet\n  → " in said.out


def test_a_fixture_with_a_fault_is_wrong_usage_with_file_and_line(dvo: Dvo, small: Clone) -> None:
    small.write("policies/tests/own.yaml", "apiVersion: dvo/v1\nkind: PolicyTests\nsituation: []\n")
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert said.code == 2
    assert "policies/tests/own.yaml:3:1" in said.err


def test_a_fixture_that_cannot_be_read_is_wrong_usage(dvo: Dvo, small: Clone) -> None:
    (small.folder / "policies" / "tests" / "folder.yaml").mkdir()
    said = dvo("policy", "test", "--repo", str(small.folder))
    assert (said.code, said.out) == (2, "")
    assert "policies/tests/folder.yaml: cannot be read: Is a directory" in said.err


def test_policies_without_any_test_have_passed_none(dvo: Dvo, small: Clone) -> None:
    for file in (*small.folder.glob("policies/tests/*"), *small.folder.rglob("*_test.rego")):
        file.unlink()
    assert dvo("policy", "test", "--repo", str(small.folder)).code == 1


def test_without_an_opa_that_runs_nothing_is_tested(dvo: Dvo, tmp_path: Path) -> None:
    assert dvo("policy", "test", "--repo", str(ROOT), more={"OPA_BIN": str(tmp_path / "none")}).code == 3
