"""The body of `POST /v1/policies/evaluate`, read strictly, and its answer.

Every fault is a sentence that names the field. What is asked stays in this process and the policy
engine: nothing of it enters a file or a log, and no value that might be a secret is told back.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.change.strict_json import strict_json
from controller.decision.path_document import path_document
from controller.decision.remedy_words import asking
from controller.decision.verdict import Cause, Refused
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.desired_state.names import is_agent_code, is_environment_name
from controller.desired_state.problem import Problem
from controller.errors import PolicyError
from controller.policy.answer import Action
from controller.policy.json_value import instant
from controller.workflow.simulating import Simulation, Supposed

SCHEMA = "dvo.policy-evaluation/1"
FIELDS = ("agent_id", "environment", "deployment_config", "as", "at")
"""Everything a body may hold; the first three it must."""
_OURS = ("apiVersion", "kind", "agent")
_HEAD = {"apiVersion": "dvo/v1", "kind": "AgentDeployment"}
_YEARS = range(2000, 2200)
_LOGIN = 100


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a body, in sentences that name the field."""

    sentences: tuple[str, ...]


def read_body(body: bytes) -> Supposed | Faults:
    """Return what `body` supposes, or everything that is wrong with its form."""
    try:
        asked = strict_json(body)
    except (ValueError, RecursionError):
        return Faults(("Expected a body in JSON, with each key once.",))
    if not isinstance(asked, dict):
        return Faults(("Expected an object with agent_id, environment and deployment_config.",))
    faults = (*_unknown(asked), *_malformed(asked))
    if faults:
        return Faults(faults)
    agent = asked["agent_id"]
    manifest = {**_HEAD, "agent": agent, **asked["deployment_config"]}
    # JSON is YAML too, and one value on each line keeps within the reader's lines.
    text = json.dumps(manifest, indent=1).encode()
    at = None if asked.get("at") is None else instant(asked["at"], "at")
    return Supposed(Key(EnvironmentName(asked["environment"]), AgentCode(agent)), text, asked.get("as"), at)


def faults_of(problems: tuple[Problem, ...]) -> Faults:
    """Return what is wrong with the manifest that a body supposes."""
    return Faults(tuple(f"deployment_config: {problem.message}. {problem.remedy}" for problem in problems))


def evaluation_document(supposed: Supposed, simulation: Simulation) -> Mapping[str, object]:
    """Return the answer to what was supposed; it is always marked as a simulation."""
    judgement = simulation.judgement
    reasons = judgement.verdict.reasons if isinstance(judgement.verdict, Refused) else ()
    others = [reason for reason in reasons if reason.cause is not Cause.POLICY_FINDING]
    held = judgement.held_until
    path = path_document(judgement, lambda way: asking(way.finding, judgement.approvals))
    return {
        "schema": SCHEMA,
        "simulation": True,
        "agent_id": supposed.key.agent,
        "environment": supposed.key.environment,
        "as": simulation.author and simulation.author.id,
        "at": simulation.at.isoformat(),
        "allowed": not reasons and held is None,
        "requires_approval": any(one.action is Action.REQUIRE_APPROVAL for one in simulation.answer.findings),
        "action": "deny" if reasons or held else _strictest(simulation),
        "held_until": held.isoformat() if held else None,
        "changes": [kind.value for one in judgement.proposal.differences for kind in one.kinds],
        "problems": [{"message": one.message, "remedy": one.remedy} for one in others],
        **path,
        "policy_revision": simulation.answer.revision,
        "rules": sorted(simulation.answer.rules),
    }


def _strictest(simulation: Simulation) -> str:
    actions = {one.action for one in simulation.answer.findings}
    return next((action.value for action in Action if action in actions), "allow")


def _unknown(asked: Mapping[str, object]) -> Iterator[str]:
    unknown = len(asked.keys() - set(FIELDS))
    if unknown:
        yield f"Expected only the fields {', '.join(FIELDS)}, got {unknown} more."


def _malformed(asked: Mapping[str, object]) -> Iterator[str]:
    agent, environment, config = (asked.get(name) for name in FIELDS[:3])
    if not isinstance(agent, str) or not is_agent_code(agent):
        yield "agent_id: expected an agent code of 2 to 16 upper-case letters and digits, such as ANL."
    if not isinstance(environment, str) or not is_environment_name(environment):
        yield "environment: expected a name of 2 to 40 lower-case letters, digits and hyphens, such as production."
    if not isinstance(config, dict):
        yield "deployment_config: expected an object, with the keys of a manifest."
    else:
        yield from (f"deployment_config.{name}: leave it out; it is set here." for name in _OURS if name in config)
    login = asked.get("as")
    if login is not None and not (isinstance(login, str) and 0 < len(login) <= _LOGIN and login.isprintable()):
        yield f"as: expected the login of a person, of at most {_LOGIN} characters."
    if asked.get("at") is not None and _moment(asked["at"]) is None:
        yield "at: expected an RFC 3339 time from 2000 to 2199, such as 2026-11-23T09:00:00+01:00."


def _moment(text: object) -> datetime | None:
    try:
        moment = instant(text, "at")
    except PolicyError:
        return None
    return moment if moment.year in _YEARS else None
