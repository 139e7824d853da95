"""Which approvals a change needs."""

from datetime import UTC, datetime

import pytest

from controller.approval.approvals import Requirement
from controller.approval.requirements import LOOSENING, MENDING, changed_paths, requirements_of
from controller.change.names import Digest, ObjectId, RepoPath
from controller.desired_state.difference import Difference, Kind
from controller.desired_state.effect import Effect, FileEffect
from controller.desired_state.manifest import (
    AgentCode,
    EnvironmentName,
    Key,
    Manifest,
    Platform,
    Rollout,
    RolloutStrategy,
    Version,
)
from controller.desired_state.plan import Plan
from controller.desired_state.proposal import Proposal
from controller.desired_state.release import Release
from controller.desired_state.state import DesiredState
from controller.errors import PolicyError
from controller.policy.answer import Action, Answer, ApprovalTerms, Finding
from controller.policy.preview import PolicyPreview
from controller.policy.recorded import Recorded
from controller.policy.replay import flip_of

DIGEST = Digest("sha256:" + "0" * 64)
ANL, ORC = RepoPath("environments/production/anl.yaml"), RepoPath("environments/production/orc.yaml")
POLICY, AGENT = RepoPath("policies/rego/roles.rego"), RepoPath("agents/anl/agent.yaml")
TERMS = ApprovalTerms(frozenset({"release_manager"}), 1, 24)
STRICTER = ApprovalTerms(frozenset({"release_manager"}), 2, 24)


def plan(path: RepoPath) -> Plan:
    code = AgentCode(path[-8:-5].upper())
    rollout = Rollout(RolloutStrategy.ALL_AT_ONCE, 120, auto_rollback=True)
    manifest = Manifest(
        Key(EnvironmentName("production"), code),
        path,
        Version("1.0.0"),
        DIGEST,
        Platform.FASTAPI,
        1,
        (),
        None,
        {},
        {},
        rollout,
        {},
    )
    return Plan(manifest, Release(code, Version("1.0.0"), DIGEST, ObjectId("0" * 40)), Platform.FASTAPI, 1, ())


def added(path: RepoPath) -> Difference:
    return Difference(plan(path).key, None, plan(path), (Kind.ADDED,))


def removed(path: RepoPath) -> Difference:
    return Difference(plan(path).key, plan(path), None, (Kind.REMOVED,))


def proposal(*differences: Difference, files: tuple[RepoPath, ...] = ()) -> Proposal:
    state = DesiredState({}, {}, {}, ())
    return Proposal(state, state, differences, Effect((), tuple(FileEffect(path, None, DIGEST) for path in files)), ())


def finding(
    rule: str,
    path: RepoPath | None,
    terms: ApprovalTerms | None = TERMS,
    action: Action = Action.REQUIRE_APPROVAL,
) -> Finding:
    until = datetime(2026, 11, 23, tzinfo=UTC)
    return Finding(rule, action, "m", "r", None, None, path, None, until, terms)


def answer(*findings: Finding) -> Answer:
    return Answer(frozenset(), findings, {}, "revision", "id")


def test_findings_of_one_rule_with_the_same_terms_are_one_requirement() -> None:
    asked = answer(finding("mc", ORC), finding("mc", ANL), finding("mc", ANL))

    assert requirements_of(asked, proposal(added(ANL), added(ORC))) == (
        Requirement("mc", frozenset({"release_manager"}), 1, 24, (ANL, ORC)),
    )


def test_other_rules_and_other_terms_stay_apart() -> None:
    asked = answer(finding("z", ANL), finding("mc", ANL, STRICTER), finding("mc", ORC))
    found = requirements_of(asked, proposal(added(ANL)))

    assert [(one.reason, one.minimum, one.paths) for one in found] == [
        ("mc", 1, (ORC,)),
        ("mc", 2, (ANL,)),
        ("z", 1, (ANL,)),
    ]


def test_a_finding_without_a_place_asks_for_every_changed_path() -> None:
    found = requirements_of(answer(finding("mc", None)), proposal(added(ANL), removed(ORC), files=(AGENT,)))

    assert found[0].paths == (AGENT, ANL, ORC)


def test_a_change_of_policy_that_loosens_takes_an_administrator_who_owns_it() -> None:
    """ATTACKS 025."""
    document = {"schema": "dvo.policy-input/1", "now": "2026-11-21T11:00:00Z"}
    denied = Recorded("1", "pull/7", datetime(2026, 11, 21, tzinfo=UTC), document, answer(_denial()))
    flip = flip_of(denied, answer())
    assert flip is not None
    for flips, expected in (((flip,), {LOOSENING, "codeowners"}), ((), {"codeowners"})):
        preview = PolicyPreview(DIGEST, 1, flips)
        found = requirements_of(answer(), proposal(files=(POLICY, AGENT)), preview)
        assert {one.reason for one in found} == expected
    loosening = requirements_of(answer(), proposal(files=(POLICY, AGENT)), PolicyPreview(DIGEST, 1, (flip,)))[-1]
    assert loosening == Requirement(LOOSENING, frozenset({"admin"}), 1, None, (POLICY,))


def _denial() -> Finding:
    return Finding("mc", Action.DENY, "m", "r", None, None, None, None, None, None)


def test_governance_and_agents_always_need_their_owners() -> None:
    """ATTACKS 088: whatever the policy says, of a change that changes the policy."""
    found = requirements_of(answer(), proposal(files=(POLICY, AGENT)))

    assert found == (Requirement("codeowners", frozenset(), 1, None, (AGENT, POLICY)),)


@pytest.mark.parametrize("action", [Action.DENY, Action.WARN, Action.AUDIT_ONLY])
def test_only_a_finding_that_requires_approval_does(action: Action) -> None:
    assert requirements_of(answer(finding("mc", ANL, None, action)), proposal(added(ANL))) == ()


def test_a_finding_that_names_no_terms_is_no_answer() -> None:
    with pytest.raises(PolicyError, match="rule mc requires approval"):
        requirements_of(answer(finding("mc", ANL, None)), proposal(added(ANL)))


def test_a_removed_manifest_is_a_changed_path() -> None:
    """ATTACKS 091: both sides of a move count."""
    assert changed_paths(proposal(removed(ANL), added(ORC))) == (ANL, ORC)


def test_what_mends_policies_that_answer_nothing_takes_two_administrators_beside_all_else() -> None:
    asked = answer(finding("mc", POLICY))
    usual = requirements_of(asked, proposal(files=(POLICY,)))
    found = requirements_of(asked, proposal(files=(POLICY,)), is_mending=True)
    assert found == (*usual, Requirement(MENDING, frozenset({"admin"}), 2, None, (POLICY,)))
