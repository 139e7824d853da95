"""Proofs are bounded, and an engine that gives no answer proves nothing. A real OPA is asked."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.adapters.opa import OpaServers
from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.policy.green_path import GreenPath, Proof, Together
from controller.policy.situation import ORDINARY
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.proving import Proving

POLICY = """package dvo

decision := {
	"schema": "dvo.decision/1",
	"rules": {
		"acme", "mc-audit-all", "mc-business-hours", "mc-deny-direct-prod", "mc-prod-approval", "mc-weekend-block",
	},
	"findings": {denial(number) | some number in numbers.range(1, DENIALS); count(input.deployments) > 0},
	"roles": {},
}

denial(number) := {
	"rule": "acme", "action": "deny", "message": sprintf("No %d.", [number]), "remediation": "Go.",
	"environment": null, "agent": null, "path": null, "line": null, "until": null,
	"params": {"remedy": [{"kind": "REMEDY"}]},
}
"""


def policies(denials: int, remedy: str = "withdraw") -> PolicyBundle:
    text = POLICY.replace("DENIALS", str(denials)).replace("REMEDY", remedy)
    return policy_bundle({"decision.rego": text.encode()})


@dataclass
class Counting:
    """A policy engine that remembers what it was asked."""

    engine: PolicyEngine
    asked: list[Mapping[str, object]] = field(default_factory=list)

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        self.asked.append(document)
        return self.engine.decide(bundle, document)

    def authorize(self, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
        return self.engine.authorize(bundle, document)

    def standing(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
        return self.engine.standing(bundle, document)


def proven(engine: OpaServers, bundle: PolicyBundle, deployments: int = 1) -> tuple[GreenPath, int]:
    """Return the path to green of a change of so many deployments, and how many questions it took."""
    asked = {**ORDINARY, "deployments": [{}] * deployments}
    counting = Counting(engine)
    return Proving(counting).path(bundle, asked, engine.decide(bundle, asked)), len(counting.asked)


def test_what_needs_no_proof_costs_no_question(engine: OpaServers) -> None:
    path, questions = proven(engine, policies(2, "repair"))
    assert ([way.proof for way in path.ways], path.together, questions) == ([Proof.OUTSIDE] * 2, None, 0)


def test_every_remedy_is_tried_alone_and_all_together(engine: OpaServers) -> None:
    path, questions = proven(engine, policies(2))
    assert [way.proof for way in path.ways] == [Proof.PROVEN, Proof.PROVEN]
    assert (path.together, questions) == (Together((), ()), 3)


def test_a_remedy_that_does_not_work_is_found(engine: OpaServers) -> None:
    path, _ = proven(engine, policies(1, "unlabel"))
    assert [way.proof for way in path.ways] == [Proof.FAILS]
    assert path.together is not None
    assert [finding.message for finding in path.together.denials] == ["No 1."]


@pytest.mark.parametrize(("deployments", "questions"), [(1, 21), (25, 21), (50, 11), (500, 2), (1000, 1)])
def test_the_number_of_questions_is_bounded_by_the_size_of_the_change(
    engine: OpaServers, deployments: int, questions: int
) -> None:
    path, asked = proven(engine, policies(40), deployments)
    assert asked == questions
    assert sum(way.proof is Proof.UNTRIED for way in path.ways) == 40 - (questions - 1)


def test_an_engine_that_is_gone_proves_nothing(engine: OpaServers, tmp_path: Path) -> None:
    dead = tmp_path / "opa"
    dead.write_text("#!/bin/sh\nexit 7\n")
    dead.chmod(0o755)
    bundle = policies(1)
    with OpaServers(dead) as gone:
        path = Proving(gone).path(bundle, ORDINARY, engine.decide(bundle, ORDINARY))
    assert [way.proof for way in path.ways] == [Proof.UNTRIED]
    assert path.together is None
    assert path.failure


def test_policies_that_fail_on_the_changed_question_prove_nothing(engine: OpaServers) -> None:
    text = POLICY.replace("DENIALS", "1").replace("REMEDY", "withdraw")
    failing = policy_bundle({"decision.rego": text.replace('"roles": {}', '"roles": input.purpose').encode()})
    path = Proving(engine).path(failing, ORDINARY, engine.decide(policies(1), ORDINARY))
    assert (path.together, path.failure) == (None, "expected an object at roles, got a string")


@pytest.mark.parametrize(("denials", "remedy"), [(9, "withdraw"), (9, "unlabel"), (0, "withdraw")])
def test_asked_at_once_the_path_is_that_of_one_question_after_another(
    engine: OpaServers, denials: int, remedy: str
) -> None:
    bundle = policies(denials, remedy)
    answer = engine.decide(bundle, ORDINARY)
    with ThreadPoolExecutor(8) as pool:
        assert Proving(engine, pool).path(bundle, ORDINARY, answer) == Proving(engine).path(bundle, ORDINARY, answer)


def test_after_an_answer_that_fails_no_more_than_a_few_are_asked(engine: OpaServers) -> None:
    text = POLICY.replace("DENIALS", "20").replace("REMEDY", "withdraw")
    failing = policy_bundle({"decision.rego": text.replace('"roles": {}', '"roles": input.purpose').encode()})
    counting = Counting(engine)
    with ThreadPoolExecutor(8) as pool:
        path = Proving(counting, pool).path(failing, ORDINARY, engine.decide(policies(20), ORDINARY))
    assert path.failure == "expected an object at roles, got a string"
    assert len(counting.asked) <= 4
