"""Who is asked to review, told on a world in memory: as few as satisfy, each once for an effect."""

import pytest

from controller.change.names import RepoPath
from controller.errors import InputError
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.world import World


@pytest.fixture
def asked(world: World) -> int:
    """A pull request to production that waits for its first approval."""
    fields = ready_for_production(world)
    return world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})


def test_one_who_would_satisfy_is_asked_once_and_never_the_author(world: World, asked: int) -> None:
    assert world.host.requested[asked] == {"ravi-release"}
    writes = world.host.writes
    world.look("sweep", f"pull/{asked}")
    assert world.host.writes == writes


def test_a_request_the_host_refuses_keeps_no_check_from_being_shown(world: World) -> None:
    fields = ready_for_production(world)
    world.host.trouble["request_reviews"] = InputError("Reviews may only be requested from collaborators.")
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    assert world.conclusions(number) == ("success", "action_required")
    assert number not in world.host.requested
    world.host.trouble.clear()
    world.look(f"pull/{number}")
    assert world.host.requested[number] == {"ravi-release"}


def test_who_approved_is_asked_again_once_when_a_push_voids_it(world: World, asked: int) -> None:
    world.approve("ravi-release", asked)
    objects = world.host.objects
    tree = objects.trees[objects.commits[world.host.branches["prod"]].tree]
    proposed = objects.blobs[tree[RepoPath(PRODUCTION)].blob]
    world.host.push("prod", {PRODUCTION: edited(proposed, replicas=3)}, by=world.account("omar-ops"))
    world.look(f"pull/{asked}")
    world.look(f"pull/{asked}")
    occasions = [names for (number, _), names in world.host.asked_for.items() if number == asked]
    assert occasions == [{"ravi-release"}, {"ravi-release"}]


def test_nobody_is_asked_to_review_a_draft(world: World, asked: int) -> None:
    world.host.edit(asked, is_draft=True)
    writes = world.host.calls.count("request_reviews")
    world.look(f"pull/{asked}")
    assert world.host.calls.count("request_reviews") == writes
