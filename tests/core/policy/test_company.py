"""Below company/ there are rules in packages of their own, and nothing that reaches into others."""

import pytest

from controller.policy.company import CompanyRule, company_problems, company_rules

RULE = b'# METADATA\n# title: x\npackage dvo.company.own\n\nid := "acme-own"\n'


def test_rules_are_told_by_their_id_and_where_they_name_it() -> None:
    files = {"company/own.rego": RULE, "company/shared.rego": b"package company.shared\n", "rules/mc_x.rego": RULE}
    (rule,) = company_rules(files)
    assert rule == CompanyRule("acme-own", "company/own.rego", 5)
    assert rule.path == "policies/rego/company/own.rego"


def told(content: bytes, path: str = "company/own.rego") -> list[str]:
    return [str(problem) for problem in company_problems({path: content})]


@pytest.mark.parametrize(
    "content",
    [RULE, b"package company.shared\n\nx := 1\n", b'package dvo.company.own # mine\nid := "acme-own" # mine\n'],
)
def test_a_rule_and_what_rules_share_are_fine(content: bytes) -> None:
    assert told(content) == []


@pytest.mark.parametrize(
    ("package", "line"),
    [
        (b"package dvo", 1),
        (b"package dvo.rules.mc_prod_approval", 1),
        (b"package dvo.calendar", 1),
        (b"package dvo.company", 1),
        (b"package dvo.company.a.b", 1),
        (b'package dvo["rules"].mc_secrets', 1),
        (b'package dvo.company["own"]', 1),
        (b"package dvo.company.own; x := 1", 1),
        (b"\n# package dvo.company.own\npackage dvo.rules.mc_x", 3),
        (b"# a comment\rpackage dvo.company.own\npackage dvo.rules.mc_x", 2),
        (b"\xef\xbb\xbfpackage dvo.company.own", 1),
        (b"package\ndvo.rules.mc_x", 1),
        (b"import data.x\npackage dvo.company.own", 1),
        ("package dvo.cоmpany.own".encode(), 1),
        (b"", 1),
    ],
)
def test_no_module_reaches_into_a_package_of_the_library(package: bytes, line: int) -> None:
    (problem,) = told(package + b"\n")
    assert problem.startswith(f"policies/rego/company/own.rego:{line}:1: expected a package below")


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (b"", 1, "expected one id of the rule, got 0"),
        (b'id := "a"\nid := "b"\n', 3, "expected one id of the rule, got 2"),
        (b'id := "mc-prod-approval"\n', 2, "an id that begins with mc- is of a default rule"),
        (b"id := 7\n", 2, "expected the id as text"),
        (b'id := "ACME"\n', 2, "expected the id as text"),
        (b'id := "acme" if input.x\n', 2, "expected the id as text"),
        (b"id := x\n", 2, "expected the id as text"),
        (b'default id := "acme"\n', 2, "expected the id as text"),
    ],
)
def test_a_rule_has_one_id_of_its_own(lines: bytes, line: int, message: str) -> None:
    (problem,) = told(b"package dvo.company.own\n" + lines)
    assert problem.startswith(f"policies/rego/company/own.rego:{line}:1: {message}")


def test_two_rules_have_two_ids() -> None:
    (problem,) = company_problems({"company/a.rego": RULE, "company/b.rego": RULE})
    assert str(problem) == "policies/rego/company/b.rego:5:1: acme-own is the id of company/a.rego too"


def test_other_files_are_no_modules_of_the_company() -> None:
    files = {"rules/mc_x.rego": b"package dvo.rules.mc_x\n", "company/README.md": b"", "company/data.yaml": b"a: 1\n"}
    assert company_problems(files) == ()
