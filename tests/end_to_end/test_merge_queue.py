"""A merge queue over HTTP: two pull requests are queued and both deploy; one with another effect is thrown out."""

from pathlib import Path

from controller.compose.demo import REPOSITORY
from controller.ledger.event import EventType
from controller.sandbox.records import Protection, RequiredCheck
from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World
from tests.end_to_end.world import world as new_world

GHA = "environments/development/gha.yaml"


def test_two_in_the_queue_deploy_and_one_whose_groups_effect_differs_is_thrown_out(tmp_path: Path) -> None:
    """ATTACKS 074, 075."""
    with new_world(tmp_path) as company:
        queued(company)


def queued(world: World) -> None:
    """Play it."""
    checks = [RequiredCheck(name, world.app.app_id) for name in ("dvo/policy", "dvo/approval")]
    world.sandbox.seeds.protect(REPOSITORY, Protection(required_checks=checks, merge_queue="merge"))
    more, other = edited(world.file(DEVELOPMENT), replicas=2), edited(world.file(GHA), replicas=2)
    one, two = world.propose("dana-dev", {DEVELOPMENT: more}), world.propose("dana-dev", {GHA: other})
    both = world.propose("dana-dev", {DEVELOPMENT: more, GHA: edited(world.file(GHA), replicas=2)})
    for number in (one, two, both):
        world.green(number)
    pulls = world.sandbox.world.repository(*REPOSITORY.split("/"))
    world.sandbox.outbox.hold()  # so that all three stand in the queue before the first is judged
    for number in (one, both, two):
        world.person("dana-dev").enqueue(number)
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
