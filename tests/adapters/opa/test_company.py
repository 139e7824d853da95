"""A company's rules add and never take away: whatever else one tries is red, at its file and line."""

from collections.abc import Mapping

import pytest

from controller.adapters.opa import OpaServers
from controller.errors import PolicyError
from controller.policy.answer import Action
from controller.policy.bundle import PolicyBundle, policy_bundle

HEAD = 'package dvo.company.own\n\nid := "acme-own"\n\n'


def with_rule(library: PolicyBundle, text: str) -> PolicyBundle:
    return policy_bundle({**library.files, "company/own.rego": text.encode()})


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('package dvo\n\ndecision := "mine"\n', 1, "expected a package below"),
        ('package dvo\n\nevaluated contains "acme-x"\n', 1, "expected a package below"),
        ("package dvo.rules.mc_deny_direct_prod\n\nis_validated(_) if true\n", 1, "expected a package below"),
        ("package dvo.calendar\n\nis_open(_, _) := true\n", 1, "expected a package below"),
        ("package dvo.parameters\n\nweekend := []\n", 1, "expected a package below"),
        ("package dvo.company\n\nown := 1\n", 1, "expected a package below"),
        ('package dvo.company.own\n\nid := "mc-prod-approval"\n', 3, "of a default rule"),
        ("package dvo.company.own\n\nfindings := set()\n", 1, "expected one id of the rule, got 0"),
        ('package dvo.company.own\n\nid := "a"\n\nid := "b"\n', 5, "expected one id of the rule, got 2"),
        ('package dvo.company.own\n\nid := "a" if input.x\n', 3, "expected the id as text"),
        (HEAD + "findings := data.dvo.decision\n", 5, "rego_recursion_error"),
        (HEAD + "findings contains x\n", 5, "rego_unsafe_var_error"),
        (HEAD + "findings if {\n", 6, "rego_parse_error"),
        (HEAD + "findings contains http.send({})\n", 5, "undefined function http.send"),
        (HEAD + "findings contains x if {\n\tx := 1\n}\n\nfindings := set()\n", 5, "conflicting rules"),
    ],
)
def test_what_is_no_rule_is_told_at_its_line_and_judges_nothing(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object], text: str, line: int, told: str
) -> None:
    bundle = with_rule(library, text)
    found = [str(problem) for problem in servers.check(bundle)]
    assert any(f"company/own.rego:{line}:" in problem and told in problem for problem in found), found
    with pytest.raises(PolicyError, match="own.rego"):
        servers.decide(bundle, document)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("findings contains 1\n", "expected an object at findings"),
        ('findings contains {"rule": id, "action": "allow"}\n', "expected"),
        ('findings contains {"rule": "acme-other"}\n', "expected"),
        (
            "x := 1\n\nx := 2 if input.now\n\nfindings contains x\n",
            r"multiple outputs \(/policies/rego/company/own\.rego:\d+\)",
        ),
        ('findings contains to_number("x")\n', r"to_number.*\(/policies/rego/company/own\.rego:5\)"),
    ],
)
def test_a_rule_that_answers_nonsense_admits_nothing(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object], rule: str, told: str
) -> None:
    with pytest.raises(PolicyError, match=told):
        servers.decide(with_rule(library, HEAD + rule), document)


@pytest.mark.parametrize("rule", ["", 'findings := "x"\n', "findings := []\n", "findings := {} if input.nothing\n"])
def test_a_rule_whose_findings_are_undefined_or_no_set_is_denied(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object], rule: str
) -> None:
    answer = servers.decide(with_rule(library, HEAD + rule), document)
    assert {finding.rule for finding in answer.findings if finding.action is Action.DENY} == {"mc-company"}


def test_an_id_inside_of_a_text_is_no_id(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    text = 'package dvo.company.own\n\nx := `\nid := "acme-own"\n`\n\nfindings := set()\n'
    answer = servers.decide(with_rule(library, text), document)
    assert "mc-company" in {finding.rule for finding in answer.findings if finding.action is Action.DENY}
