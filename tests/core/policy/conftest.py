"""A question about three deployments, and the answer a policy would give."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.change.names import Digest, ObjectId, RepoPath
from controller.desired_state.difference import Difference, Kind
from controller.desired_state.effect import Effect, FileEffect
from controller.desired_state.environment import DriftMode, Environment, FreezeWindow, Tier
from controller.desired_state.manifest import (
    AgentCode,
    Autoscaling,
    EnvironmentName,
    Key,
    Manifest,
    Model,
    Platform,
    Rollout,
    RolloutStrategy,
    Version,
)
from controller.desired_state.plan import Plan
from controller.desired_state.proposal import Proposal
from controller.desired_state.release import Release
from controller.desired_state.state import DesiredState
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.policy.question import Evidence, Purpose, Question

DIGEST = Digest("sha256:" + "a" * 64)
OTHER_DIGEST = Digest("sha256:" + "b" * 64)
DANA = PrincipalId("github:1001")


def environment(name: str, tier: Tier, *windows: FreezeWindow) -> Environment:
    return Environment(
        name=EnvironmentName(name),
        path=RepoPath(f"environments/{name}/environment.yaml"),
        tier=tier,
        time_zone="Europe/Berlin",
        platforms={Platform.LANGCHAIN: "kubernetes", Platform.FASTAPI: "process"},
        freeze_windows=windows,
        drift=DriftMode.HEAL,
        lines={"tier": 3},
    )


def plan(name: str, agent: str, version: str = "1.0.0", *, replicas: int | Autoscaling = 2) -> Plan:
    manifest = Manifest(
        key=Key(EnvironmentName(name), AgentCode(agent)),
        path=RepoPath(f"environments/{name}/{agent.lower()}.yaml"),
        version=Version(version),
        digest=None,
        platform=Platform.FASTAPI,
        replicas=replicas,
        regions=("eastus",),
        model=Model("azure_openai", "gpt-4o", 0.1),
        variables={"LOG_LEVEL": "INFO"},
        secrets={"OPENAI_API_KEY": "keyvault://dvo-prod/openai-key"},
        rollout=Rollout(RolloutStrategy.ALL_AT_ONCE, 120, auto_rollback=True),
        lines={"version": 5, "agent": 4, "model.name": 11},
    )
    release = Release(AgentCode(agent), Version(version), DIGEST, ObjectId("c" * 40))
    return Plan(manifest, release, Platform.FASTAPI, replicas, ("eastus",))


def state(*environments: Environment) -> DesiredState:
    return DesiredState({found.name: found for found in environments}, {}, {}, ())


def difference(before: Plan | None, after: Plan | None, *kinds: Kind) -> Difference:
    stated = after or before
    assert stated is not None
    return Difference(stated.key, before, after, kinds)


@pytest.fixture
def question() -> Question:
    window = FreezeWindow("year-end", datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 3, 12, 30, tzinfo=UTC))
    before = state(environment("development", Tier.DEVELOPMENT), environment("production", Tier.PRODUCTION, window))
    after = state(environment("production", Tier.PRODUCTION, window), environment("staging", Tier.STAGING))
    differences = (
        difference(None, plan("staging", "GHA", replicas=Autoscaling(2, 10)), Kind.ADDED),
        difference(plan("production", "ORC"), None, Kind.REMOVED),
        difference(plan("production", "ANL"), plan("production", "ANL", "1.1.0"), Kind.UPGRADED, Kind.RESCALED),
    )
    files = (
        FileEffect(RepoPath("agents/anl/agent.yaml"), DIGEST, OTHER_DIGEST),
        FileEffect(RepoPath("CODEOWNERS"), None, DIGEST),
    )
    key = Key(EnvironmentName("staging"), AgentCode("ANL"))
    return Question(
        purpose=Purpose.PULL_REQUEST,
        now=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        author=DANA,
        requester=None,
        people={DANA: Principal(DANA, PrincipalKind.PERSON, "dana-dev", frozenset({"DVO-Developers", "All"}), None)},
        proposal=Proposal(before, after, differences, Effect((), files), ()),
        evidence=(
            Evidence(key, Tier.STAGING, OTHER_DIGEST, datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
            Evidence(key, Tier.STAGING, DIGEST, datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        ),
    )


@pytest.fixture
def schema_file() -> Path:
    return Path(__file__).parents[3] / "schemas" / "policy-input.json"


def answer(**members: object) -> dict[str, object]:
    """Return a well-formed answer with `members` replaced."""
    rules = ["mc-audit-all", "mc-business-hours", "mc-deny-direct-prod", "mc-prod-approval", "mc-weekend-block"]
    roles = {"github:1001": ["viewer", "developer"]}
    return {"schema": "dvo.decision/1", "rules": rules, "findings": [], "roles": roles} | members


def finding(**members: object) -> dict[str, object]:
    """Return a well-formed deny with `members` replaced."""
    return {
        "rule": "mc-deny-direct-prod",
        "action": "deny",
        "message": "Not in staging yet.",
        "remediation": "Promote it first.",
        "environment": "production",
        "agent": "ANL",
        "path": "environments/production/anl.yaml",
        "line": 5,
        "until": None,
        "params": {},
    } | members


def approval(**terms: object) -> dict[str, object]:
    """Return a well-formed request for approval with `terms` replaced."""
    params: Mapping[str, object] = {"required_roles": ["release_manager"], "min_approvals": 1, "expiry_hours": 72}
    return finding(rule="mc-prod-approval", action="require_approval", params={**params, **terms})


def with_tiers(question: Question, before: Tier, after: Tier) -> Question:
    """Return `question` with production of one tier before and another after."""
    proposal = replace(
        question.proposal,
        before=state(environment("production", before)),
        after=state(environment("production", after)),
    )
    return replace(question, proposal=proposal)
