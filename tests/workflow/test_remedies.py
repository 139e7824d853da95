"""Every rule's remedy does what it says: a real OPA judges again with it, and the finding is gone.

A new rule without a case here fails, and so does a new finding of an old rule.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from controller.adapters.opa import OpaServers
from controller.change.names import RepoPath
from controller.policy.answer import Action, Answer
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.policy.green_path import GreenPath, Proof, Way
from controller.policy.situation import ORDINARY, Situation, read_situations
from controller.workflow.proving import Proving
from tests.workflow.world import ROOT

RULES = ROOT / "policies" / "rego" / "rules"
PARAMETERS = "dvo/parameters/data.yaml"
PLACE = "/deployments/0"
IN_STAGING = {f"{PLACE}/environment": "staging", f"{PLACE}/tier": "staging"}
ASKED = {"effect": "sha256:" + "a" * 64, "since": "2026-11-18T10:00:00Z", "as_of": "2026-11-18T11:00:00Z"}
SILENT = b'package dvo.company.silent\n\nid := "acme-silent"\n\nfindings := []\n'
RECORDS = {"mc-audit-all"}
"""The rules that stop nothing and ask for nothing: they have no remedy because there is nothing to turn green."""
OUTSIDE = {"mc-company", "mc-input", "mc-parameters"}
"""The rules where nothing in a change helps; `MENDED` proves what does."""


@dataclass(frozen=True)
class Case:
    """A change that a rule finds something in, by the values at some places of the ordinary one."""

    rule: str
    given: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    twice: int = 1
    """How many deployments like the first there are, each of an agent of its own."""


def frozen(start: str, end: str) -> dict[str, object]:
    return {"name": "year end", "start": start, "end": end}


NOW = frozen("2026-11-18T00:00:00Z", "2026-11-19T08:00:00Z")
REVIEW = {"environment": "production", "agent": "ANL", "due": "2026-11-18T10:00:00Z", "issue": 7}
BOUND = {"replicas": 4, "fewest_regions": 2, "most_regions": 2, "regions": ["westeurope", "eu-*"]}
GOVERNANCE = {"path": "policies/rego/roles.rego", "kind": "governance", "before": None, "after": None}
AGENT = {"path": "agents/anl/agent.yaml", "kind": "agent", "before": None, "after": None}

CASES = [
    Case("mc-audit-all"),
    Case("mc-bounds", {f"{PLACE}/after/replicas": 101}),
    Case("mc-bounds", {f"{PLACE}/after/replicas": {"min": 2, "max": 101}}),
    Case("mc-bounds", {f"{PLACE}/after/regions": ["eu-a"]}, {"bounds/tiers/production": BOUND}),
    Case("mc-bounds", {f"{PLACE}/after/regions": ["eu-a", "eu-b", "eu-c"]}, {"bounds/tiers/production": BOUND}),
    Case("mc-bounds", {f"{PLACE}/after/regions": ["eastus", "eu-b"]}, {"bounds/tiers/production": BOUND}),
    Case("mc-break-glass", {"/break_glass": ASKED}),
    Case("mc-break-glass", {"/break_glass": ASKED, "/now": "2026-11-21T11:00:00Z"}),
    Case("mc-break-glass", {"/break_glass": {**ASKED, "since": "2026-11-17T10:00:00Z"}}),
    Case("mc-break-glass", {"/break_glass": ASKED, "/change/author": "developer"}),
    Case("mc-break-glass", {"/break_glass": ASKED, "/files": [GOVERNANCE]}),
    Case("mc-break-glass", {"/break_glass": ASKED}, twice=3),
    Case("mc-break-glass-review", {"/reviews": [REVIEW]}),
    Case("mc-break-glass-review", {"/reviews": [{**REVIEW, "due": "2026-11-20T10:00:00Z"}]}),
    Case("mc-business-hours", {"/now": "2026-11-18T22:00:00Z"}),
    Case("mc-change-size", {"/files": [AGENT]}, {"change_size": {"deployments": 2, "production": 3}}, twice=5),
    Case("mc-change-size", {}, {"change_size": {"deployments": 3, "production": 2}}, twice=5),
    Case("mc-company", files={"company/silent.rego": SILENT}),
    Case("mc-deny-direct-prod", {"/evidence": []}),
    Case("mc-freeze-window", {"/environments/production/after/freeze_windows": [NOW]}),
    Case("mc-freeze-window", {}, {"freeze_calendar": [{**NOW, "tiers": ["production"]}]}),
    Case("mc-governance", {"/deployments": [], "/files": [GOVERNANCE]}),
    Case("mc-input", {"/reviews": None}),
    Case("mc-models", {f"{PLACE}/after/model": {"provider": "garage", "name": "gpt-4o", "temperature": 0.1}}),
    Case("mc-models", {f"{PLACE}/after/model": {"provider": "x", "name": "y"}, f"{PLACE}/before/model": None}),
    Case("mc-parameters", {}, {"weekend": "Sunday"}),
    Case("mc-permission", {"/change/author": None}),
    Case("mc-permission", {"/change/author": "robot"}),
    Case("mc-permission", {"/change/author": "robot", "/change/restores": True}),
    Case("mc-permission", {"/change/author": "developer", **IN_STAGING}),
    Case("mc-pinned-digest", {f"{PLACE}/after/pinned": False}),
    Case("mc-process-runtime", {"/environments/production/before/platforms/fastapi": "process"}),
    Case("mc-prod-approval"),
    Case("mc-prod-approval", {"/change/author": "developer"}),
    Case("mc-protected-agents", {}, {"protected/agents": ["ANL"]}),
    Case("mc-protected-agents", {"/deployments": [], "/files": [AGENT]}, {"protected/agents": ["ANL"]}),
    Case("mc-secrets", {f"{PLACE}/after/secrets/API_KEY": "hunter2"}),
    Case("mc-secrets", {f"{PLACE}/after/variables/DB_PASSWORD": "swordfish"}),
    Case("mc-versions", {f"{PLACE}/kinds": ["downgraded"], f"{PLACE}/after/version": "0.9.0"}),
    Case("mc-versions", {f"{PLACE}/after/version": "2.0.0-rc.1"}),
    Case("mc-weekend-block", {"/now": "2026-11-21T11:00:00Z"}),
    Case("mc-widening", {f"{PLACE}/abilities/after/tools": ["shell"]}),
    Case("mc-widening", {f"{PLACE}/abilities/after/tools": ["shell"], **IN_STAGING}),
]


def put(within: object, pointer: str, value: object) -> None:
    *parents, last = pointer.strip("/").split("/")
    for part in parents:
        within = within[int(part)] if isinstance(within, list) else within[part]  # type: ignore[index] # ours
    within[last] = value  # type: ignore[index] # ours


def document(case: Case) -> dict[str, object]:
    asked = copy.deepcopy(ORDINARY)
    people = asked["people"]
    assert isinstance(people, dict)
    people["second-release-manager"] = people["release-manager"]
    for pointer, value in case.given.items():
        put(asked, pointer, copy.deepcopy(value))
    deployments, evidence = asked["deployments"], asked["evidence"]
    assert isinstance(deployments, list)
    assert isinstance(evidence, list)
    for number in range(1, case.twice):
        deployments.append({**deployments[0], "agent": f"AG{number}"})
        evidence.append({**evidence[0], "agent": f"AG{number}"})
    return asked


def bundle(case: Case) -> PolicyBundle:
    folder = RULES.parent
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    parameters = yaml.safe_load(files[PARAMETERS])
    for pointer, value in case.parameters.items():
        put(parameters, pointer, value)
    return policy_bundle({**files, **case.files, PARAMETERS: yaml.safe_dump(parameters).encode()})


def proven(engine: OpaServers, case: Case) -> tuple[Answer, GreenPath]:
    asked, policies = document(case), bundle(case)
    answer = engine.decide(policies, asked)
    return answer, Proving(engine).path(policies, asked, answer)


def name(case: Case) -> str:
    return f"{case.rule}-{CASES.index(case)}"


def rules() -> dict[str, Path]:
    return {path.stem.replace("_", "-"): path for path in RULES.glob("*.rego") if not path.stem.endswith("_test")}


@pytest.mark.parametrize("case", CASES, ids=name)
def test_the_remedy_of_every_finding_is_proven(engine: OpaServers, case: Case) -> None:
    answer, path = proven(engine, case)
    assert case.rule in {finding.rule for finding in answer.findings}
    assert path.failure is None
    for way in path.ways:
        assert way.proof in {Proof.PROVEN, Proof.APPROVAL, Proof.NOT_NEEDED, Proof.OUTSIDE}, way
        assert (way.proof is Proof.OUTSIDE) == (way.finding.rule in OUTSIDE)
        assert way.proof is not Proof.NOT_NEEDED or way.finding.action is Action.WARN
        assert way.proof is not Proof.APPROVAL or is_able_to_approve(answer, way)


def is_able_to_approve(answer: Answer, way: Way) -> bool:
    """Return whether OPA gives enough people of the change the roles that are asked for."""
    terms = way.finding.terms
    assert terms is not None
    able = [person for person, roles in answer.roles.items() if roles & terms.required_roles]
    return len(able) >= terms.min_approvals


@pytest.mark.parametrize("case", [case for case in CASES if case.rule not in OUTSIDE], ids=name)
def test_all_remedies_together_turn_the_change_green(engine: OpaServers, case: Case) -> None:
    _, path = proven(engine, case)
    remaining = {finding.rule for finding in path.together.denials} if path.together else set()
    # A version that is yet to be published has run nowhere.
    assert remaining == ({"mc-deny-direct-prod"} if case.given.get(f"{PLACE}/after/version") == "2.0.0-rc.1" else set())


MENDED = {"mc-company": Case("mc-company"), "mc-input": Case("mc-input"), "mc-parameters": Case("mc-parameters")}


@pytest.mark.parametrize("rule", sorted(OUTSIDE))
def test_where_nothing_in_the_change_helps_mending_what_is_broken_does(engine: OpaServers, rule: str) -> None:
    assert rule not in {finding.rule for finding in proven(engine, MENDED[rule])[0].findings}


@pytest.mark.parametrize("rule", sorted(rules()))
def test_every_finding_of_every_rule_has_a_case(engine: OpaServers, rule: str) -> None:
    heads = len(re.findall(r"^findings contains", rules()[rule].read_text(), re.MULTILINE))
    found = {
        (finding.action, re.sub(r"\d+", "", finding.message))
        for case in CASES
        if case.rule == rule
        for finding in proven(engine, case)[0].findings
        if finding.rule == rule
    }
    assert len(found) >= heads > 0
    assert rule in RECORDS or any(action is not Action.AUDIT_ONLY for action, _ in found)


def situations() -> list[Situation]:
    found: list[Situation] = []
    for file in sorted((ROOT / "policies" / "tests").glob("*.yaml")):
        reading = read_situations(RepoPath(file.relative_to(ROOT).as_posix()), file.read_bytes())
        found += reading.accepted or ()
    return found


@pytest.mark.parametrize("situation", situations(), ids=lambda situation: situation.name)
def test_the_remedies_of_every_situation_are_proven(engine: OpaServers, situation: Situation) -> None:
    policies = bundle(Case("any"))
    answer = engine.decide(policies, situation.document)
    path = Proving(engine).path(policies, situation.document, answer)
    failing = [way for way in path.ways if way.proof in {Proof.FAILS, Proof.UNDECLARED, Proof.UNTRIED}]
    assert not failing
