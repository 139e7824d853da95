"""A clock that was ahead and is set right again holds nothing up."""

from datetime import timedelta

from controller.errors import UnavailableError
from controller.ledger.event import EventType
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.test_refusals import BrokenEngine
from tests.workflow.world import TUESDAY, World


def test_a_push_first_seen_by_a_clock_a_day_ahead_is_refused_in_time(world: World) -> None:
    """ATTACKS 046: main is followed on, half a minute after the clock was set right."""
    world.travel(TUESDAY + timedelta(days=1))
    pushed = world.host.push_main(
        {PRODUCTION: edited(world.file(PRODUCTION), replicas=9)}, by=world.account("ada-admin")
    )
    world.look("main")
    for seconds in (0, 36):
        world.travel(TUESDAY + timedelta(seconds=seconds))
        world.look("main")
    assert len(world.events(EventType.DEPLOY_REFUSED, f"commit/{pushed}")) == 1


def test_a_merge_found_by_a_clock_a_day_ahead_is_refused_where_its_approval_is_gone(world: World) -> None:
    """ATTACKS 046: whether an approval may still be told late is asked of the clock that is right now."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    engine, world.engine = world.engine, BrokenEngine(UnavailableError("it is down", component="opa"))  # type: ignore[assignment]
    world.workflows = world.wired()
    world.clock.moment = TUESDAY + timedelta(days=1)
    merge = world.merge("omar-ops", number)
    world.engine, world.clock.moment = engine, TUESDAY
    world.workflows = world.wired()
    world.host.dismiss(number, world.host.reviews(number)[0].id)
    world.look(f"merge/{merge}")
    assert len(world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")) == 1
