"""A week of decisions asked again: exact with the same policies, told with others."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.adapters.opa.servers import OpaServers
from controller.ledger.event import EventType
from controller.policy.answer import Answer
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.policy.recorded import Recorded
from controller.policy.replay import Direction
from controller.workflow.replaying import Replaying, recorded_decisions
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited
from tests.workflow.world import ROOT, SATURDAY, World


def policies(**replaced: tuple[str, str]) -> PolicyBundle:
    """Return main's policies, with text replaced in the files named (``__`` is a slash)."""
    folder = ROOT / "policies" / "rego"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name, (before, after) in replaced.items():
        path = next(path for path in files if Path(path).stem == name)
        assert before.encode() in files[path]
        files[path] = files[path].replace(before.encode(), after.encode())
    return policy_bundle(files)


@pytest.fixture
def decisions(world: World) -> tuple[Recorded, ...]:
    """Dana changes development, and then production, which she may not; Omar may, with approval, later on."""
    world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    world.propose("dana-dev", "prod", {PRODUCTION: edited(world.file(PRODUCTION), replicas=2)})
    world.travel(SATURDAY)
    world.propose("omar-ops", "weekend", {PRODUCTION: edited(world.file(PRODUCTION), replicas=2)})
    return tuple(recorded_decisions(world.events(EventType.POLICY_EVALUATED)))


def test_the_same_policies_reproduce_every_decision(
    world: World, engine: OpaServers, decisions: tuple[Recorded, ...]
) -> None:
    told: list[int] = []
    outcome = Replaying(engine, world.pool, told.append).reproduce(decisions, {policies().digest: policies()})
    assert (len(decisions), outcome.replayed, outcome.is_exact, told) == (3, 3, True, [1, 2, 3])


def test_a_decision_that_does_not_come_out_the_same_is_named(
    world: World, engine: OpaServers, decisions: tuple[Recorded, ...]
) -> None:
    first = decisions[0]
    forged = replace(first, answer=replace(first.answer, findings=()))
    outcome = Replaying(engine, world.pool).reproduce((forged, *decisions[1:]), {policies().digest: policies()})
    assert not outcome.is_exact
    assert [one.decision.entry for one in outcome.differing] == [first.entry]
    assert any("mc-audit-all finds now" in said for said in outcome.differing[0].differences)


def test_a_decision_whose_policy_nobody_has_is_not_called_reproduced(
    world: World, engine: OpaServers, decisions: tuple[Recorded, ...]
) -> None:
    outcome = Replaying(engine, world.pool).reproduce(decisions, {})
    assert (outcome.replayed, outcome.is_exact) == (0, False)
    assert outcome.unknown == {policies().digest: decisions}


def test_a_looser_policy_is_told_with_the_decision_it_would_let_through(
    world: World, engine: OpaServers, decisions: tuple[Recorded, ...]
) -> None:
    looser = policies(
        data=("production_proposers: [operator]", "production_proposers: [developer]"),
        mc_deny_direct_prod=("deployment.after != null", "false"),
    )
    comparison = Replaying(engine, world.pool).compare(decisions, looser)
    assert comparison.replayed == 3
    told = [(flip.decision.subject, flip.is_deny_to_allow) for flip in comparison.flips]
    assert told == [(decisions[2].subject, True), (decisions[1].subject, True)]
    assert "mc-prod-approval" in {finding.rule for finding in comparison.flips[1].gone}


def test_a_policy_that_denies_everything_tightens(
    world: World, engine: OpaServers, decisions: tuple[Recorded, ...]
) -> None:
    stricter = policies(mc_permission=("not change.proposer", "true"))
    flips = Replaying(engine, world.pool).compare(decisions, stricter).flips
    assert {flip.direction for flip in flips} == {Direction.TIGHTENED}
    assert [flip.decision.subject for flip in flips] == [decisions[0].subject]


def test_a_policy_that_does_not_compile_gives_no_answers(
    world: World, engine: OpaServers, decisions: tuple[Recorded, ...]
) -> None:
    broken = policies(mc_permission=("not change.proposer", "not nowhere"))
    flips = Replaying(engine, world.pool).compare(decisions, broken).flips
    assert [flip.after for flip in flips] == [None]
    assert "mc_permission.rego" in (flips[0].failure or "")
    said = Replaying(engine, world.pool).reproduce(decisions, {policies().digest: broken})
    assert len(said.differing) == 3
    assert isinstance(decisions[0].answer, Answer)
