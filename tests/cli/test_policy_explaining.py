"""`dvo policy explain` on a real clone with a real OPA: the facts, what to do, and what that is worth."""

import json

import pytest

from tests.cli.conftest import Clone, Dvo, Said

DEVELOPMENT = "environments/development/anl.yaml"
PRODUCTION = "environments/production/anl.yaml"
MONDAY = "2026-11-23T10:00:00+01:00"
SATURDAY = "2026-11-21T10:00:00Z"


def explain(dvo: Dvo, clone: Clone, *more: str, at: str = MONDAY, columns: int = 100) -> Said:
    people = str(clone.home / "people.yaml")
    place = ("--repo", str(clone.folder), "--directory", people, "--at", at)
    return dvo("policy", "explain", *place, *more, more={"COLUMNS": str(columns), "NO_COLOR": "1"})


def explain_rule(dvo: Dvo, clone: Clone, rule: str, *more: str, columns: int = 100) -> Said:
    return dvo("policy", "explain", rule, "--repo", str(clone.folder), *more, more={"COLUMNS": str(columns)})


def words(said: Said) -> str:
    return " ".join(said.out.split())


def test_every_finding_comes_with_its_facts_what_to_do_and_a_proof(dvo: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 101")
    said = explain(dvo, clone)
    assert said.code == 1
    told = words(said)
    assert "mc-bounds denies production/ANL: production takes at most 100 instances of one agent." in told
    assert "because production/ANL is of the production tier: rescaled, version 1.0.0 replicas is 101" in told
    assert f"to do in `{PRODUCTION}:8`: write `replicas: 100`" in told
    assert "it is proposed by dana-dev, who is a developer and a viewer" in told
    assert "have the same change proposed by an operator (a member of DVO-Operators)" in told
    assert "let this release run healthy in a staging environment first" in told
    assert told.count("proof ✓ judged again with this, and the rule is satisfied") == 4
    assert "With all of this applied, policy lets it pass, once what `mc-prod-approval` asks for is approved." in told


def test_whom_to_ask_is_named_by_codeowners(dvo: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    told = words(explain(dvo, clone, "--as", "omar-ops"))
    assert "ask for 1 approval by @acme-agents/release-managers, who is a release manager" in told
    assert "A simulation: as if omar-ops proposed it on 2026-11-23 10:00+01:00." in told


def test_a_time_to_wait_for_is_proven(dvo: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    document = json.loads(explain(dvo, clone, "--as", "omar-ops", "--json", at=SATURDAY).out)
    held = next(finding for finding in document["findings"] if finding["rule"] == "mc-weekend-block")
    assert held["to_do"] == ["wait until 2026-11-23 08:00 UTC"]
    assert (held["proof"], held["instead"]) == ("proven", [])


def test_as_json_it_is_the_check_with_its_path_to_green(dvo: Dvo, clone: Clone) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    said = explain(dvo, clone, "--as", "omar-ops", "--json")
    document = json.loads(said.out)
    assert (said.code, document["schema"], document["verdict"]) == (1, "dvo.policy-explain/1", "refused")
    assert document["simulation"] is True
    assert document["together"] == {"green": True, "remaining": [], "approvals": ["mc-prod-approval"]}
    found = {finding["rule"]: finding for finding in document["findings"]}
    assert found["mc-deny-direct-prod"]["params"]["remedy"] == [{"kind": "promote", "tier": "staging"}]
    assert found["mc-deny-direct-prod"]["proof"] == "proven"
    assert found["mc-prod-approval"]["proof"] == "approval"
    assert document["unproven"] is None


def test_what_no_rule_found_is_told_too(dvo: Dvo, clone: Clone) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: two")
    said = explain(dvo, clone)
    assert said.code == 1
    assert f"{DEVELOPMENT}:7: " in said.out
    assert "to do" in said.out


def test_a_green_branch_has_nothing_to_explain(dvo: Dvo, clone: Clone) -> None:
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    said = explain(dvo, clone)
    assert (said.code, said.err) == (0, "")
    assert "No rule found anything that stops it or is worth a warning." in words(said)
    assert json.loads(explain(dvo, clone, "--json").out)["together"] is None


def test_broken_policies_are_explained_by_what_is_wrong_with_them(dvo: Dvo, clone: Clone) -> None:
    clone.git("checkout", "--quiet", "main")
    clone.write("policies/rego/broken.rego", "package dvo\n\nnonsense {\n")
    clone.git("checkout", "--quiet", "-b", "next")
    clone.edit(DEVELOPMENT, "replicas: 1", "replicas: 2")
    said = explain(dvo, clone)
    assert said.code == 1
    assert "nonsense {" in words(said)
    assert "No rule found" not in said.out


def test_a_remedy_that_does_not_work_is_said_to_fail(dvo: Dvo, clone: Clone) -> None:
    clone.git("checkout", "--quiet", "main")
    rule = (clone.folder / "policies" / "rego" / "company" / "README.md").read_text()
    text = rule.partition("```rego\n")[2].partition("```")[0]
    text = text.replace("finding.deny(id, place, message, remediation) if {", "finding.with_remedy(denial, steps) if {")
    text = text.rstrip().removesuffix("}") + (
        '\tdenial := finding.deny(id, place, message, remediation)\n\tsteps := [{"kind": "unlabel"}]\n}\n'
    )
    clone.write("policies/rego/company/sober_models.rego", text)
    clone.git("checkout", "--quiet", "-b", "next")
    model = "model: {provider: azure_openai, name: gpt-4o, temperature: 0.4}"
    clone.edit(PRODUCTION, "replicas: 1", f"replicas: 1\n{model}")
    told = words(explain(dvo, clone, "--as", "omar-ops"))
    assert "proof ✗ judged again with this, and the rule still stands: tell its owner" in told
    assert "With all of this applied, there remains: acme-sober-models (Models in production answer soberly." in told


@pytest.mark.parametrize("columns", [40, 60])
def test_it_fits_a_narrow_terminal_and_has_no_colour_where_none_is_wanted(dvo: Dvo, clone: Clone, columns: int) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 101")
    said = explain(dvo, clone, columns=columns)
    assert max(map(len, said.out.splitlines())) <= columns
    assert "\x1b" not in said.out
    assert max(map(len, explain_rule(dvo, clone, "mc-bounds", columns=columns).out.splitlines())) <= columns


def test_a_rule_is_told_by_its_note(dvo: Dvo, clone: Clone) -> None:
    said = explain_rule(dvo, clone, "mc-weekend-block")
    assert said.code == 0
    assert said.out.startswith("mc-weekend-block: Production rests at the weekend.\n")
    assert "→ Nothing to do; the change goes out by itself when the working week begins." in words(said)
    assert "severity medium; answered for by release management" in said.out
    assert "policies/rego/rules/mc_weekend_block.rego:" in said.out
    document = json.loads(explain_rule(dvo, clone, "mc-weekend-block", "--json").out)
    assert (document["schema"], document["id"]) == ("dvo.policy-rule/1", "mc-weekend-block")


@pytest.mark.parametrize("more", [("--as", "dana-dev"), ("--at", MONDAY)])
def test_a_rule_is_about_nobody_and_no_time(dvo: Dvo, clone: Clone, more: tuple[str, str]) -> None:
    said = dvo("policy", "explain", "mc-bounds", "--repo", str(clone.folder), *more)
    assert (said.code, said.out) == (2, "")
    assert "leave out --as and --at" in said.err


def test_a_rule_there_is_none_of_is_wrong_usage(dvo: Dvo, clone: Clone) -> None:
    said = explain_rule(dvo, clone, "mc-nonsense\x1b[2J")
    assert (said.code, said.out) == (2, "")
    assert "expected the id of a rule" in said.err
    assert "did you mean mc-weekend-block?" in explain_rule(dvo, clone, "mc-weekends").err
    assert "\x1b" not in said.err
