"""Policies of main that answer nothing any more: what stands still, and the ways back."""

from datetime import timedelta

from controller.ledger.event import EventType
from tests.workflow.steps import DEVELOPMENT, edited
from tests.workflow.world import World

RULE = "policies/rego/company/late.rego"
LATE = """# METADATA
# title: Late
# description: It fails when it is too late.
# custom: {id: acme-late, owner: us, severity: low, remedy: Wait.}
package dvo.company.late

id := "acme-late"

findings contains {"rule": id, "action": "deny"} if count(input.deployments) > 0
"""
"""It compiles, and answers whatever governs; a question about a deployment gets a malformed answer."""


def proposed(world: World, branch: str, replicas: int = 3) -> int:
    return world.propose("dana-dev", branch, {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=replicas)})


def govern(world: World, branch: str, content: str | None) -> str:
    """Change the rule through a pull request of one administrator that another approves."""
    world.host.team("acme-agents", "admins", world.account("ada-admin"), world.account("rita-release"))
    number = world.propose("ada-admin", branch, {RULE: content})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    return world.merge("ada-admin", number)


def test_an_admitted_policy_that_judges_no_deployment_is_taken_back_by_its_owners(world: World) -> None:
    govern(world, "late", LATE)
    number = proposed(world, "dev")
    assert world.conclusions(number)[0] == "failure"
    assert "gives no valid answer" in world.check(number, "dvo/policy").summary
    govern(world, "mend", None)
    world.look("sweep")
    assert world.conclusions(number) == ("success", "success")


def test_a_broken_policy_that_was_pushed_is_mended_by_pushing_the_admitted_files_back(world: World) -> None:
    """Whoever pushed it owns the bypass; the same bypass takes it back, and both are on record."""
    number = proposed(world, "dev")
    admin = world.account("ada-admin")
    broken = world.host.push_main({RULE: LATE.replace("count(input.deployments) > 0", "true")}, by=admin)
    world.look("main", "sweep")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("main", "sweep")
    assert world.conclusions(number)[0] == "failure"
    back = world.host.push_main({RULE: None}, by=admin)
    world.look("main", "sweep")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("main", "sweep")
    assert world.conclusions(number) == ("success", "success")
    told = {event.subject for event in world.events(EventType.DEPLOY_REFUSED)}
    assert told == {f"commit/{broken}", f"commit/{back}"}


def test_an_admitted_policy_that_answers_nothing_at_all_gives_way_to_no_push(world: World) -> None:
    """What was pushed past everybody admits nothing, whatever it replaces; what mends it is a pull request."""
    govern(world, "late", LATE.replace("count(input.deployments) > 0", 'input.now >= "2027-03-10"'))
    number = proposed(world, "dev")
    world.travel(world.clock.moment + timedelta(days=2))
    world.look("main", "sweep")
    assert world.conclusions(number)[0] == "failure"
    world.host.push_main({RULE: None}, by=world.account("ada-admin"))
    world.look("main", "sweep")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("main", "sweep")
    assert world.conclusions(number)[0] == "failure"
    assert "which was refused" in world.check(number, "dvo/policy").summary
