"""Who is asked to review, told on a world in memory: as few as satisfy, each once for an effect."""

from collections.abc import Set
from dataclasses import replace

import pytest

from controller.change.facts import Account, AccountKind, ReviewState
from controller.change.names import Login, RepoPath
from controller.errors import InputError
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.test_owners import with_owners
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


PRODUCTION_OF = "/environments/production/ "


def asked_with_owners(world: World, line: str) -> Set[str]:
    """Return who is asked to review a change of production whose owners `line` names."""
    fields = ready_for_production(world)
    with_owners(world, PRODUCTION_OF + line)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    return world.host.requested.get(number, set())


def test_a_person_whom_the_line_names_is_asked(world: World) -> None:
    assert asked_with_owners(world, "@Rita-Release") == {"rita-release"}


def test_the_person_behind_an_address_is_asked(world: World) -> None:
    assert asked_with_owners(world, "Rita-Release@example.com") == {"rita-release"}


@pytest.mark.parametrize("owner", ["@rita-release", "rita-release@example.com"])
def test_who_took_a_login_over_is_not_asked_in_the_place_of_the_person_it_meant(world: World, owner: str) -> None:
    """ATTACKS 024: the directory still gives the login to rita, who is another account by now."""
    world.directory.people = [
        replace(one, github_id=4711) if one.login == "rita-release" else one for one in world.directory.people
    ]
    assert asked_with_owners(world, owner) == set()


def test_who_may_not_approve_is_not_asked_whoever_names_them(world: World) -> None:
    """Omar proposes, dana may not write, vera is no release manager; ravi is left."""
    world.host.powerless.add("@dana-dev")
    line = "@omar-ops @dana-dev dana-dev@example.com @vera-view @ravi-release"
    assert asked_with_owners(world, line) == {"ravi-release"}


def test_of_two_accounts_of_a_person_the_one_that_owns_is_asked(world: World) -> None:
    """The other one, which only commented, may have no write access, and GitHub would refuse the request."""
    fields = ready_for_production(world)
    with_owners(world, PRODUCTION_OF + "@rita-release")
    number = world.host.open_pull_request(
        "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)}, by=world.account("omar-ops")
    )
    older = Account(3, Login("rita-before"), AccountKind.USER)
    world.directory.people = [
        replace(one, other_ids=frozenset({older.id})) if one.login == "rita-release" else one
        for one in world.directory.people
    ]
    world.host.review(number, older, ReviewState.COMMENTED)
    world.look(f"pull/{number}")
    assert world.host.requested[number] == {"rita-release"}


def test_who_is_asked_already_is_enough(world: World) -> None:
    """Whoever asked: GitHub itself asks those whom a line names, and people ask each other."""
    fields = ready_for_production(world)
    number = world.host.open_pull_request(
        "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)}, by=world.account("omar-ops")
    )
    world.host.waited_for[number] = {Login("rita-release")}
    world.look(f"pull/{number}")
    assert world.host.waited_for[number] == {"rita-release"}
