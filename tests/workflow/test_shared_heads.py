"""Two open pull requests with one head commit: neither is judged until they differ."""

import re

import pytest

from controller.change.facts import PullRequestState
from controller.ledger.event import EventType
from tests.workflow.steps import DEVELOPMENT, edited
from tests.workflow.world import World


def two_alike(world: World) -> tuple[int, int]:
    """Return two open pull requests whose branches are at one commit."""
    one = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(one) == ("success", "success")
    world.host.move("other", world.host.branches["one"], by=world.account("omar-ops"))
    other = world.host.open_pull_request("other", by=world.account("omar-ops"))
    world.look(f"pull/{other}")
    return one, other


def outcome(world: World, number: int) -> object:
    return world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1].details["outcome"]


def test_two_open_pull_requests_with_one_head_are_both_refused_and_told_what_to_do(world: World) -> None:
    """ATTACKS 012, 078: the green check of one would show on the other."""
    one, other = two_alike(world)
    assert world.conclusions(one) == world.conclusions(other) == ("failure", "failure")
    assert outcome(world, one) == outcome(world, other) == "refused"
    summary = re.sub(r"\\", "", world.check(one, "dvo/policy").summary)
    assert f"The pull requests {one}, {other} have the same head commit" in summary
    assert "git commit --allow-empty" in summary
    before = world.host.writes
    events = len(world.events(EventType.POLICY_EVALUATED))
    world.look(f"pull/{one}", f"pull/{other}", "sweep")
    assert len(world.events(EventType.POLICY_EVALUATED)) == events
    world.workflows = world.wired()
    world.look(f"pull/{one}")
    assert world.conclusions(one) == ("failure", "failure")
    assert world.host.writes == before


@pytest.mark.parametrize("way", ["push", "close"])
@pytest.mark.parametrize("which", [0, 1])
def test_once_they_differ_each_is_judged_for_itself(world: World, way: str, which: int) -> None:
    numbers = two_alike(world)
    moving, staying = numbers[which], numbers[1 - which]
    if way == "push":
        branch = ("one", "other")[which]
        world.host.push(branch, {"README.md": "nothing governed"}, by=world.account("omar-ops"))
    else:
        world.host.edit(moving, state=PullRequestState.CLOSED)
    world.look(f"pull/{moving}")
    assert world.conclusions(staying) == ("success", "success")
    if way == "push":
        assert world.conclusions(moving) == ("success", "success")
    else:
        world.host.edit(moving, state=PullRequestState.OPEN)
        world.look(f"pull/{moving}")
        assert world.conclusions(staying) == world.conclusions(moving) == ("failure", "failure")


def test_pull_requests_elsewhere_or_gone_share_nothing(world: World) -> None:
    world.host.branches["release"] = world.host.branches["main"]
    one = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    world.host.move("other", world.host.branches["one"], by=world.account("omar-ops"))
    elsewhere = world.host.open_pull_request("other", by=world.account("omar-ops"), base="release")
    fork = world.host.open_pull_request("other", by=world.account("omar-ops"), is_fork=True)
    world.look(f"pull/{elsewhere}", f"pull/{fork}", f"pull/{one}")
    assert world.conclusions(one) == ("success", "success")


def test_one_of_three_that_leaves_frees_none_of_the_two_left(world: World) -> None:
    one, other = two_alike(world)
    world.host.move("third", world.host.branches["one"], by=world.account("omar-ops"))
    third = world.host.open_pull_request("third", by=world.account("omar-ops"))
    world.look(f"pull/{third}")
    assert outcome(world, third) == "refused"
    world.host.edit(third, state=PullRequestState.CLOSED)
    world.look(f"pull/{third}")
    assert world.conclusions(one) == world.conclusions(other) == ("failure", "failure")


def test_a_note_that_was_lost_is_made_again(world: World) -> None:
    one, other = two_alike(world)
    world.index.facts.clear()
    world.lose_database()
    world.look(f"pull/{one}", f"pull/{other}", f"pull/{one}")
    assert outcome(world, one) == outcome(world, other) == "refused"
