"""Values that decisions are made of, with only what a test is about spelled out."""

from dataclasses import replace
from datetime import UTC, datetime

from controller.approval.approvals import (
    Approvals,
    Counted,
    Discount,
    Discounted,
    Missing,
    Requirement,
)
from controller.change.facts import Account, AccountKind, Review, ReviewState
from controller.change.names import CommitSha, Digest, ObjectId, RepoPath, login
from controller.decision.deciding import Case
from controller.decision.verdict import Cause, Unanswered
from controller.desired_state.difference import Difference, Kind
from controller.desired_state.effect import Effect, FileEffect, PlanEffect
from controller.desired_state.environment import DriftMode, Environment, Tier
from controller.desired_state.manifest import (
    AgentCode,
    Autoscaling,
    EnvironmentName,
    Key,
    Manifest,
    Platform,
    Rollout,
    RolloutStrategy,
    Version,
)
from controller.desired_state.plan import Plan
from controller.desired_state.problem import Problem
from controller.desired_state.proposal import Proposal
from controller.desired_state.release import Release
from controller.desired_state.state import DesiredState
from controller.identity.participants import Participants
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.policy.answer import Action, Answer, ApprovalTerms, Finding

NOW = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
COMMIT = CommitSha("c" * 40)
PATH = RepoPath("environments/production/anl.yaml")
PRODUCTION = EnvironmentName("production")
DIGEST = Digest("sha256:" + "d" * 64)


def person(name: str, number: int = 1001) -> Principal:
    return Principal(PrincipalId(f"github:{number}"), PrincipalKind.PERSON, name, frozenset(), mfa=True)


RITA = person("rita-release", 1003)
DANA = person("dana-dev", 1001)


def plan(version: str = "1.0.0", replicas: int | Autoscaling = 2, environment: EnvironmentName = PRODUCTION) -> Plan:
    key = Key(environment, AgentCode("ANL"))
    rollout = Rollout(RolloutStrategy.ALL_AT_ONCE, 60, auto_rollback=True)
    manifest = Manifest(
        key, PATH, Version(version), DIGEST, Platform.FASTAPI, replicas, (), None, {}, {}, rollout, {"version": 6}
    )
    release = Release(key.agent, Version(version), DIGEST, ObjectId("e" * 40))
    return Plan(manifest, release, Platform.FASTAPI, replicas, ())


def difference(before: Plan | None, after: Plan | None, *kinds: Kind) -> Difference:
    known = after or before
    assert known is not None
    return Difference(known.key, before, after, kinds)


def environment(name: EnvironmentName = PRODUCTION, time_zone: str = "Europe/Berlin") -> Environment:
    path = RepoPath(f"environments/{name}/environment.yaml")
    return Environment(name, path, Tier.PRODUCTION, time_zone, {}, (), DriftMode.REPORT, {})


def proposal(
    *differences: Difference,
    files: tuple[FileEffect, ...] = (),
    problems: tuple[Problem, ...] = (),
    environments: tuple[Environment, ...] = (environment(),),
) -> Proposal:
    plans = tuple(
        PlanEffect(one.key, one.before.digest if one.before else None, one.after.digest if one.after else None)
        for one in differences
    )
    state = DesiredState({one.name: one for one in environments}, {}, {}, ())
    return Proposal(state, state, differences, Effect(plans, files), problems)


UPGRADE = proposal(difference(plan(), plan("1.1.0"), Kind.UPGRADED))


def finding(action: Action, *, until: datetime | None = None, path: RepoPath | None = PATH) -> Finding:
    asks = action is Action.REQUIRE_APPROVAL
    return Finding(
        rule=f"rule-{action.value}",
        action=action,
        message=f"{action.value} says the rule",
        remediation="do the right thing",
        environment="production",
        agent="ANL",
        path=path,
        line=6 if path else None,
        until=until,
        terms=ApprovalTerms(frozenset({"release_manager"}), 1, 72) if asks else None,
    )


def answer(*findings: Finding) -> Answer:
    return Answer(frozenset({"mc-audit-all"}), findings, {}, "sha256:revision", "decision-1")


def review(by: str = "rita-release") -> Review:
    account = Account(1003, login(by), AccountKind.USER)
    return Review(7, account, ReviewState.APPROVED, COMMIT, NOW)


REQUIREMENT = Requirement("mc-prod-approval", frozenset({"release_manager"}), 1, 72, (PATH,))
NONE_NEEDED = Approvals((), (), (), ())
GIVEN = Approvals((Counted(RITA, review(), ("mc-prod-approval",)),), (), (), ())
LACKING = Approvals((), (), (Missing(REQUIREMENT, 1, (PATH,), (RITA,)),), ())
NOBODY_CAN = Approvals((), (), (Missing(replace(REQUIREMENT, roles=frozenset()), 2, (), ()),), ())
OBJECTED = Approvals((), (), (), (RITA,))
VOIDED = replace(
    LACKING,
    discounted=(
        Discounted(review(), RITA, Discount.OTHER_EFFECT, "approved another effect"),
        Discounted(replace(review(), author=None), None, Discount.UNKNOWN_PERSON, "nobody knows who this is"),
    ),
)
KNOWN = Participants(DANA.id, None, {DANA.id: "author"}, (), pusher_is_known=True)
CASE = Case(
    commit=COMMIT,
    is_draft=False,
    proposal=UPGRADE,
    conflicts=(),
    participants=KNOWN,
    document={"schema": "dvo.policy-input/1"},
    answer=answer(),
    approvals=NONE_NEEDED,
    now=NOW,
)
SILENT = Unanswered(Cause.POLICY_UNAVAILABLE, "The policy engine gave no answer: it is down")
