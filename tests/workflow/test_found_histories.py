"""Histories that random ones found, each told alone."""

from datetime import timedelta

from controller.decision.check import Conclusion
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.world import World

ANL_STAGING = Key(EnvironmentName("staging"), AgentCode("ANL"))


def push_past_everybody(world: World, content: bytes) -> None:
    """Push a manifest of production straight to main, and let time pass until that is certain."""
    pushed = world.host.push_main({PRODUCTION: content}, by=world.account("ada-admin"))
    world.look("main")
    world.travel(world.host.now + timedelta(seconds=31))
    world.look("main")
    assert world.check(pushed, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_what_was_pushed_past_the_gate_and_pushed_back_stands_in_nobodys_way(world: World) -> None:
    fields = ready_for_production(world)
    admitted = world.file(PRODUCTION)
    push_past_everybody(world, edited(admitted, replicas=9))
    push_past_everybody(world, admitted)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(admitted, **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")


def test_a_remark_that_merges_admits_nothing_that_was_pushed_past_the_gate(world: World) -> None:
    """A remark needs no approval; it must not turn what lies below it into what was approved."""
    fields = ready_for_production(world)
    push_past_everybody(world, edited(world.file(PRODUCTION), replicas=9))
    remark = world.propose("dana-dev", "remark", {PRODUCTION: world.file(PRODUCTION) + b"# a remark\n"})
    world.merge("dana-dev", remark)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number)[0] == "failure"


def test_what_died_and_was_restored_is_told_as_completed_at_once(world: World) -> None:
    ready_for_production(world)
    world.target.mute.add("ANL")
    world.target.crash(ANL_STAGING)
    world.look("sweep")
    world.target.mute.clear()
    world.look("sweep")
    writes = world.host.writes
    world.look("sweep")
    assert world.host.writes == writes
