"""An approval covers what its author saw, with main as it was then: a merge base that moves adds nothing to it."""

from datetime import timedelta

from controller.decision.check import Conclusion
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production
from tests.workflow.world import World


def approved(world: World, branch: str, files: dict[str, bytes | str | None]) -> int:
    number = world.propose("omar-ops", branch, files)
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    return number


def mended_and_undone(world: World) -> tuple[int, int]:
    """Propose five replicas, and on top of that a change which takes them back: nobody who looks at it sees either."""
    fields = ready_for_production(world)
    running = edited(world.file(PRODUCTION), **fields)
    world.merge("omar-ops", approved(world, "prod", {PRODUCTION: running}))
    mend = approved(world, "mend", {PRODUCTION: edited(running, replicas=5)})
    world.host.move("innocent", world.host.pull_request(mend).head, by=world.account("omar-ops"))
    harmless = edited(world.file(DEVELOPMENT), replicas=3)
    innocent = approved(world, "innocent", {PRODUCTION: running, DEVELOPMENT: harmless})
    assert "production" not in world.check(innocent, "dvo/policy").summary
    return mend, innocent


def test_an_approval_does_not_grow_into_a_revert_when_what_its_branch_was_made_of_merges(world: World) -> None:
    """ATTACKS 014, 074."""
    mend, innocent = mended_and_undone(world)
    world.merge("omar-ops", mend)
    world.look("sweep")
    assert world.conclusions(innocent) == ("success", "action_required")
    assert "approved another effect" in world.check(innocent, "dvo/approval").summary
    world.approve("rita-release", innocent)
    assert world.conclusions(innocent) == ("success", "success"), "now it was seen"


def test_a_revert_that_nobody_saw_is_not_deployed_when_both_merge_before_anybody_looks(world: World) -> None:
    """ATTACKS 014, 071."""
    mend, innocent = mended_and_undone(world)
    world.host.merge(mend, by=world.account("omar-ops"))
    world.look(f"pull/{innocent}")
    merge = world.merge("omar-ops", innocent)
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("sweep")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE
    assert b"replicas: 1" in world.file(PRODUCTION), "that is what main holds, and five what runs"


def test_an_update_from_main_keeps_the_approval_given_after_it(world: World) -> None:
    """ATTACKS 014: main moved on before the review, whether or not the controller had seen that."""
    mend, _ = mended_and_undone(world)
    world.host.merge(mend, by=world.account("omar-ops"))
    files: dict[str, bytes | str | None] = {PRODUCTION: edited(world.file(PRODUCTION), replicas=7)}
    later = world.propose("omar-ops", "later", files)
    world.approve("rita-release", later)
    for _ in range(2):
        assert world.conclusions(later) == ("success", "success")
        world.look("main", f"pull/{later}")
