"""A merge queue over HTTP: what is queued deploys; one with another effect neither merges nor takes others along."""

from pathlib import Path

from controller.compose.demo import REPOSITORY
from controller.ledger.event import EventType
from controller.sandbox.records import Protection, Repository, RequiredCheck
from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World
from tests.end_to_end.world import world as new_world

GHA = "environments/development/gha.yaml"


def test_two_in_the_queue_deploy_and_one_whose_groups_effect_differs_is_thrown_out(tmp_path: Path) -> None:
    """ATTACKS 074, 075."""
    with new_world(tmp_path) as company:
        queued(company)


def test_where_github_asks_for_no_more_than_a_green_last_group_nothing_green_stands_on_a_red_one(
    tmp_path: Path,
) -> None:
    """ATTACKS 021, 074: with `HEADGREEN` GitHub would merge the red one too, below the green one behind it."""
    with new_world(tmp_path) as company:
        held_up(company)


def queue_three(world: World, *, checks_every_entry: bool) -> tuple[Repository, tuple[int, int, int]]:
    """Put three into the queue: the second has another effect there than was admitted, the others have not."""
    checks = [RequiredCheck(name, world.app.app_id) for name in ("dvo/policy", "dvo/approval")]
    protection = Protection(required_checks=checks, merge_queue="merge", checks_every_entry=checks_every_entry)
    world.sandbox.seeds.protect(REPOSITORY, protection)
    more, other = edited(world.file(DEVELOPMENT), replicas=2), edited(world.file(GHA), replicas=2)
    one, two = world.propose("dana-dev", {DEVELOPMENT: more}), world.propose("dana-dev", {GHA: other})
    both = world.propose("dana-dev", {DEVELOPMENT: more, GHA: edited(world.file(GHA), replicas=2)})
    for number in (one, two, both):
        world.green(number)
    pulls = world.sandbox.world.repository(*REPOSITORY.split("/"))
    world.sandbox.outbox.hold()  # so that all three stand in the queue before the first is judged
    for number in (one, both, two):
        world.person("dana-dev").enqueue(number)
    return pulls, (one, both, two)


def held_up(world: World) -> None:
    """Play it."""
    pulls, (one, both, two) = queue_three(world, checks_every_entry=False)
    red, behind = (entry.head for entry in pulls.queue[1:])
    world.sandbox.outbox.release()
    world.check(red, "dvo/policy", "failure")
    until(lambda: "dvo/approval" in world.checks(behind), lambda: f"the last to wait; {world.tail()}")
    assert {name: check.conclusion for name, check in world.checks(behind).items()} == {
        "dvo/policy": None,
        "dvo/approval": None,
    }
    until(lambda: pulls.pulls[one].merged_at, "what is green in front to merge")
    assert [entry.pull.issue.number for entry in pulls.queue] == [both, two]
    world.person("dana-dev").call("PATCH", f"/pulls/{both}", {"state": "closed"})
    until(lambda: pulls.pulls[two].merged_at, lambda: f"the last to merge; {world.tail()}")
    assert pulls.pulls[both].merged_at is None
    for number in (one, two):
        world.deployed(str(pulls.pulls[number].merge_commit_sha))
    assert not world.events(EventType.DEPLOY_REFUSED)
    world.assert_ledger_holds()


def queued(world: World) -> None:
    """Play it."""
    pulls, (one, both, two) = queue_three(world, checks_every_entry=True)
    group = pulls.queue[1].head
    world.sandbox.outbox.release()
    until(lambda: not pulls.queue, lambda: f"the queue to be empty; {world.tail()}")
    assert (pulls.pulls[one].merged_at, pulls.pulls[two].merged_at) != (None, None)
    assert pulls.pulls[both].merged_at is None
    assert "another effect" in world.checks(group)["dvo/policy"].summary
    for number in (one, two):
        world.deployed(str(pulls.pulls[number].merge_commit_sha))
    admitted = [event.details["pull"] for event in world.events(EventType.DEPLOY_VALIDATED)]
    assert sorted(map(str, admitted)) == sorted(map(str, (one, two)))
    world.assert_ledger_holds()
