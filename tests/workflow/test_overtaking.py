"""Break-glass on top of a merge of the same agent that is held: both go out, and nothing else does."""

from datetime import timedelta

from controller.decision.check import Conclusion
from controller.ledger.event import EventType
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.test_break_glass import ANL_PRODUCTION, ask, used
from tests.workflow.world import MONDAY, SATURDAY, World

OTHER = "environments/production/gha.yaml"


def held(world: World, more: dict[str, bytes | None] | None = None) -> tuple[int, str]:
    """Merge an approved change to production on a Saturday, where it waits for Monday."""
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    files = {PRODUCTION: edited(world.file(PRODUCTION), **fields), **(more or {})}
    number = world.propose("omar-ops", "prod", files)
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    merge = world.merge("omar-ops", number)
    assert world.check(merge, "dvo/deploy").conclusion is None
    assert world.events(EventType.DEPLOY_HELD, f"merge/{merge}")
    return number, merge


def broken_glass(world: World, approvers: tuple[str, ...] = ("rita-release", "ravi-release")) -> str:
    """Merge an emergency of the same agent on top, with the approvals it takes."""
    number = world.propose("omar-ops", "fix", {PRODUCTION: edited(world.file(PRODUCTION), replicas=4)})
    ask(world, number)
    for login in approvers:
        world.approve(login, number)
    assert world.conclusions(number) == ("success", "success")
    return world.merge("omar-ops", number)


def test_break_glass_takes_along_what_of_its_agent_is_held_below_it(world: World) -> None:
    _, below = held(world)
    merge = broken_glass(world)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    live = world.target.live(ANL_PRODUCTION)
    [_, newest] = world.events(EventType.DEPLOY_VALIDATED, str(ANL_PRODUCTION))
    assert live is not None
    assert (newest.details["commit"], newest.details["plan"]) == (merge, live.plan)
    [told] = world.events(EventType.POLICY_EVALUATED, f"merge/{below}")
    assert (told.details["outcome"], told.details["released_by"]) == ("admitted", merge)
    assert "superseded" in world.check(below, "dvo/deploy").summary
    assert len(used(world, "admitted")) == len(used(world, "deployed")) == 1
    effects = list(world.target.effects)
    world.travel(MONDAY)
    world.look("sweep", f"merge/{below}", f"merge/{merge}")
    assert world.target.effects == effects


def test_an_ordinary_change_on_top_waits_with_it(world: World) -> None:
    held(world)
    number = world.propose("omar-ops", "more", {PRODUCTION: edited(world.file(PRODUCTION), replicas=4)})
    world.approve("rita-release", number)
    merge = world.merge("omar-ops", number)
    world.look("sweep")
    assert world.target.live(ANL_PRODUCTION) is None
    assert world.check(merge, "dvo/deploy").conclusion is None


def test_what_holds_other_agents_too_is_not_released(world: World) -> None:
    """ATTACKS 025: a waiver is for what it names."""
    _, below = held(world, {OTHER: None})
    merge = broken_glass(world)
    world.look("sweep")
    assert world.target.live(ANL_PRODUCTION) is None
    assert world.check(merge, "dvo/deploy").conclusion is None
    world.travel(MONDAY)
    world.settle()
    for one in (below, merge):
        assert world.check(one, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_what_lost_its_approval_while_held_is_not_released(world: World) -> None:
    """ATTACKS 057."""
    number, below = held(world)
    [review] = world.host.reviews(number)
    world.host.dismiss(number, review.id)
    merge = broken_glass(world)
    assert world.target.live(ANL_PRODUCTION) is None
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("sweep")
    assert world.target.live(ANL_PRODUCTION) is None
    for one in (below, merge):
        assert world.check(one, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_break_glass_merged_too_late_or_unapproved_releases_nothing(world: World) -> None:
    """ATTACKS 021: without all it takes, it is an ordinary merge that waits for its turn."""
    held(world)
    number = world.propose("omar-ops", "fix", {PRODUCTION: edited(world.file(PRODUCTION), replicas=4)})
    ask(world, number)
    world.approve("rita-release", number)
    assert world.conclusions(number)[1] == "action_required"
    world.merge("omar-ops", number)
    world.look("sweep")
    assert world.target.live(ANL_PRODUCTION) is None
