"""Every rule says what it is about, or the policy is at fault at a named place."""

import copy
from typing import Any

import pytest

from controller.errors import PolicyError
from controller.policy.company import CompanyRule
from controller.policy.rule_note import Severity, company_test_packages, note_problems, read_notes


def annotation(package: str, rule: str, **custom: object) -> dict[str, Any]:
    path = [{"type": "var", "value": "data"}, *({"type": "string", "value": part} for part in package.split("."))]
    return {
        "annotations": {
            "scope": "package",
            "title": "A title",
            "description": "Two\nlines.\n",
            "custom": {"id": rule, "owner": "security", "severity": "high", "remedy": "Ask."} | custom,
        },
        "location": {"file": f"policies/rego/{rule}.rego", "row": 7, "col": 1},
        "path": path,
    }


def inspected(*annotations: dict[str, Any], **namespaces: list[str]) -> dict[str, Any]:
    spaces = {
        "data." + ".".join(part["value"] for part in each["path"][1:]): [each["location"]["file"]]
        for each in annotations
    }
    return {"annotations": list(annotations), "namespaces": spaces | namespaces}


OWN = annotation("dvo.company.two_regions", "acme-two-regions")
DEFAULT = annotation("dvo.rules.mc_x", "mc-x")


def test_default_rules_come_before_those_of_the_company() -> None:
    first, second = read_notes(inspected(OWN, DEFAULT))
    assert (first.id, first.is_company, second.id, second.is_company) == ("mc-x", False, "acme-two-regions", True)
    assert (first.severity, first.description, first.line) == (Severity.HIGH, "Two lines.", 7)
    assert (first.package, first.path, first.owner) == ("dvo.rules.mc_x", "policies/rego/mc-x.rego", "security")


def test_packages_that_are_no_rules_need_no_note() -> None:
    told = inspected(DEFAULT, annotation("dvo.calendar", "calendar"))
    told["namespaces"]["data.dvo_test.mc_x"] = ["policies/rego/rules/mc_x_test.rego"]
    assert [note.id for note in read_notes(told)] == ["mc-x"]


def test_the_companys_tests_are_those_below_its_folder() -> None:
    told = inspected(DEFAULT, OWN)
    told["namespaces"] |= {
        "data.dvo_test.mc_x": ["policies/rego/rules/mc_x_test.rego"],
        "data.dvo_test.own": ["policies/rego/company/deep/own_test.rego", "policies/rego/elsewhere_test.rego"],
        "data.company.shared": ["policies/rego/company/shared.rego"],
    }
    assert company_test_packages(told) == {"dvo_test.own"}


def test_a_note_that_tells_another_id_than_the_findings_carry_is_named() -> None:
    notes = read_notes(inspected(DEFAULT, OWN))
    same, other = (CompanyRule(name, "acme-two-regions.rego", 12) for name in ("acme-two-regions", "acme-three"))
    assert note_problems(notes, [same, CompanyRule("acme-new", "company/new.rego", 1)]) == ()
    (told,) = note_problems(notes, [other])
    expected = "expected acme-three as id in the note, as line 12 says, got acme-two-regions"
    assert str(told) == f"policies/rego/acme-two-regions.rego:7:1: {expected}"


def test_a_note_on_one_sentence_of_a_rule_is_not_the_rules_own() -> None:
    inner = copy.deepcopy(DEFAULT)
    inner["annotations"]["scope"] = "rule"
    with pytest.raises(PolicyError, match=r"policies/rego/mc-x\.rego:1: expected a note .* on data\.dvo\.rules\.mc_x"):
        read_notes(inspected(inner))


@pytest.mark.parametrize("files", [[], ["policies/rego/company/x.rego"]])
def test_a_rule_without_a_note_is_named(files: list[str]) -> None:
    with pytest.raises(PolicyError, match=r"^\S+:1: expected a note"):
        read_notes({"annotations": None, "namespaces": {"data.dvo.company.x": files}})


@pytest.mark.parametrize("part", ["id", "owner", "severity", "remedy"])
@pytest.mark.parametrize("value", [None, 1, "", "\u202eX", [], {}])
def test_a_note_that_is_incomplete_is_told_at_its_place(part: str, value: object) -> None:
    with pytest.raises(PolicyError, match=rf"policies/rego/mc-x\.rego:7: custom\.{part}"):
        read_notes(inspected(annotation("dvo.rules.mc_x", "mc-x", **{part: value})))


@pytest.mark.parametrize("part", ["title", "description", "custom"])
def test_a_part_that_is_missing_is_told_at_its_place(part: str) -> None:
    told = copy.deepcopy(DEFAULT)
    del told["annotations"][part]
    with pytest.raises(PolicyError, match=rf"policies/rego/mc-x\.rego:7: {part}"):
        read_notes(inspected(told))


def test_two_rules_cannot_have_one_id() -> None:
    shadow = annotation("dvo.company.quiet", "mc-x")
    shadow["location"]["file"] = "policies/rego/company/quiet.rego"
    with pytest.raises(
        PolicyError, match=r"quiet\.rego:7: expected an id of its own, got mc-x of policies/rego/mc-x\.rego"
    ):
        read_notes(inspected(DEFAULT, shadow))


@pytest.mark.parametrize("told", [None, [], {}, {"namespaces": []}])
def test_anything_but_an_inspection_is_refused(told: object) -> None:
    with pytest.raises(PolicyError):
        read_notes(told)
