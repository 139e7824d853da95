"""The request for approval, told on a world in memory: it waits, reminds, expires and is asked again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from controller.change.facts import PullRequestState, ReviewState
from controller.change.names import RepoPath
from controller.ledger.event import Event, EventType
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.world import TUESDAY, World

REQUESTED, EXPIRED = EventType.APPROVAL_REQUESTED, EventType.APPROVAL_EXPIRED


@pytest.fixture
def asked(world: World) -> int:
    """A pull request to production that waits for its first approval."""
    fields = ready_for_production(world)
    return world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})


def ask_again(world: World, number: int) -> None:
    """Press *Re-evaluate* as somebody who may."""
    world.workflows.commands.press(number, "recheck", world.account("ada-admin").id)
    world.settle()


def comment(world: World, number: int, who: str = "dana-dev") -> None:
    """Say `/dvo recheck` below the pull request."""
    said = world.host.say(number, world.account(who), "/dvo recheck")
    world.look(f"comment/{number}/{said}")


def wait(world: World, hours: float) -> None:
    """Let time pass until so many hours after the beginning; only timers are due, no sweep and no webhook."""
    world.travel(TUESDAY + timedelta(hours=hours))
    world.settle()


def kinds(world: World, number: int, *types: EventType) -> list[object]:
    events = world.journal.find(
        frozenset(types or (REQUESTED, EXPIRED, EventType.APPROVAL_CANCELLED)), f"pull/{number}"
    )
    return [event.details["kind"] for event in events]


def newest(world: World, kind: EventType, number: int) -> Event:
    return world.events(kind, f"pull/{number}")[-1]


def test_timers_alone_remind_escalate_and_expire_each_once(world: World, asked: int) -> None:
    for hours in (11, 12, 13, 20, 22):
        wait(world, hours)
        assert world.conclusions(asked) == ("success", "action_required")
    assert kinds(world, asked) == ["asked", "reminder", "escalation"]
    assert newest(world, REQUESTED, asked).details["escalated_to"] == ["@acme-agents/admins"]
    wait(world, 24)
    for _ in range(3):
        world.look("sweep")
    assert kinds(world, asked) == ["asked", "reminder", "escalation", "expired"]
    assert world.check(asked, "dvo/approval").title == "Expired: ask again"


def test_people_are_reminded_in_the_one_comment_that_stands_already(world: World, asked: int) -> None:
    before = world.host.comments[asked]
    wait(world, 12)
    assert "A reminder" not in before
    assert "A reminder" in world.host.comments[asked]
    writes = world.host.writes
    wait(world, 13)
    world.look("sweep")
    assert world.host.writes == writes


@pytest.mark.parametrize("ask", [ask_again, comment])
def test_an_approval_after_the_request_expired_admits_nothing_until_somebody_asks_again(
    world: World, asked: int, ask: Callable[[World, int], None]
) -> None:
    """ATTACKS 025."""
    wait(world, 24)
    world.approve("rita-release", asked)
    assert world.conclusions(asked) == ("success", "action_required")
    ask(world, asked)
    assert world.conclusions(asked) == ("success", "success")


@pytest.mark.parametrize("ask", [ask_again, comment])
def test_an_expired_request_that_is_renewed_waits_as_long_as_the_first(
    world: World, asked: int, ask: Callable[[World, int], None]
) -> None:
    wait(world, 30)
    ask(world, asked)
    assert world.check(asked, "dvo/approval").title.startswith("Waiting for 1 approval")
    assert newest(world, REQUESTED, asked).details["kind"] == "asked"
    for hours in (42, 50, 53):
        wait(world, hours)
    assert kinds(world, asked)[-3:] == ["asked", "reminder", "escalation"]
    wait(world, 54)
    assert kinds(world, asked)[-1] == "expired"
    assert world.check(asked, "dvo/approval").title == "Expired: ask again"


def test_a_renewed_request_takes_the_approval_that_is_young_enough_and_no_older_one(world: World, asked: int) -> None:
    """ATTACKS 025: the approval is given after the request expired, and lives its 72 hours and no more."""
    wait(world, 24)
    world.approve("rita-release", asked)
    wait(world, 95)
    comment(world, asked)
    assert world.conclusions(asked) == ("success", "success")
    wait(world, 97)
    assert world.conclusions(asked) == ("success", "action_required")
    comment(world, asked)
    assert world.conclusions(asked) == ("success", "action_required")


def test_who_may_not_ask_renews_nothing(world: World, asked: int) -> None:
    wait(world, 24)
    world.approve("rita-release", asked)
    comment(world, asked, "vera-view")
    assert world.conclusions(asked) == ("success", "action_required")
    assert kinds(world, asked)[-1] == "expired"


def test_a_merge_past_an_expired_request_is_refused(world: World, asked: int) -> None:
    wait(world, 24)
    world.approve("rita-release", asked)
    merge = world.merge("omar-ops", asked)
    assert len(world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")) == 1


def test_after_the_merge_the_request_does_not_age(world: World, asked: int) -> None:
    world.approve("rita-release", asked)
    merge = world.host.merge(asked, by=world.account("omar-ops"))
    wait(world, 100)
    world.look("main")
    assert world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}") == ()
    assert EXPIRED not in {event.type for event in world.journal.find(frozenset({EXPIRED}), f"pull/{asked}")}


def test_a_push_of_another_effect_cancels_the_request_and_asks_anew(world: World, asked: int) -> None:
    """ATTACKS 014."""
    wait(world, 23)
    commit = world.host.objects.commits[world.host.pull_request(asked).head]
    blob = world.host.objects.trees[commit.tree][RepoPath(PRODUCTION)].blob
    content = edited(world.host.objects.blobs[blob], replicas=3)
    world.host.push("prod", {PRODUCTION: content}, by=world.account("omar-ops"))
    world.look(f"pull/{asked}")
    assert kinds(world, asked)[-2:] == ["cancelled", "asked"]
    assert "another effect" in str(newest(world, EventType.APPROVAL_CANCELLED, asked).details["reason"])
    wait(world, 25)
    assert EXPIRED not in {event.type for event in world.journal.find(frozenset({EXPIRED}), f"pull/{asked}")}


def test_closing_cancels_the_request_once_and_an_objection_is_told_once(world: World, asked: int) -> None:
    world.host.review(asked, world.account("rita-release"), ReviewState.CHANGES_REQUESTED)
    for _ in range(2):
        world.look(f"pull/{asked}")
    [denied] = world.events(EventType.APPROVAL_DENIED, f"pull/{asked}")
    assert denied.actor == "github:1003"
    world.host.edit(asked, state=PullRequestState.CLOSED)
    for _ in range(2):
        world.look(f"pull/{asked}")
    assert kinds(world, asked) == ["asked", "cancelled"]


def test_the_request_of_what_merged_without_it_is_cancelled(world: World, asked: int) -> None:
    world.merge("ada-admin", asked)
    world.look(f"pull/{asked}")
    assert kinds(world, asked) == ["asked", "cancelled"]


def test_an_approval_that_becomes_too_old_turns_green_to_red_by_its_timer(world: World, asked: int) -> None:
    """ATTACKS 025."""
    world.approve("rita-release", asked)
    wait(world, 72)
    assert world.conclusions(asked) == ("success", "success")
    wait(world, 72.01)
    assert world.conclusions(asked) == ("success", "action_required")
    assert sorted(map(str, kinds(world, asked))) == ["asked", "asked", "outlived"]


def test_a_clock_set_back_makes_no_approval_young_and_no_request_pending_again(world: World, asked: int) -> None:
    """ATTACKS 046."""
    world.approve("rita-release", asked)
    wait(world, 73)
    world.clock.moment = TUESDAY + timedelta(hours=1)
    world.look("sweep")
    assert world.conclusions(asked) == ("success", "action_required")


def test_a_clock_that_jumps_ahead_and_back_expires_for_good(world: World, asked: int) -> None:
    """ATTACKS 046."""
    world.clock.moment = TUESDAY + timedelta(days=2)
    world.settle()
    assert world.check(asked, "dvo/approval").title == "Expired: ask again"
    world.clock.moment = TUESDAY + timedelta(hours=1)
    world.approve("rita-release", asked)
    assert world.check(asked, "dvo/approval").title == "Expired: ask again"
    ask_again(world, asked)
    assert world.conclusions(asked) == ("success", "success")


def test_after_a_lost_database_the_sweep_sets_the_timers_again(world: World, asked: int) -> None:
    world.workflows.sealer.seal()
    wait(world, 12)
    world.workflows.sealer.seal()
    world.lose_database()
    world.look("sweep")
    assert kinds(world, asked) == ["asked", "reminder"]
    wait(world, 20)
    wait(world, 24)
    assert kinds(world, asked) == ["asked", "reminder", "escalation", "expired"]


def test_while_the_directory_is_away_no_request_expires_and_then_it_does(world: World, asked: int) -> None:
    world.directory.broken = "it is away"
    wait(world, 24)
    assert world.conclusions(asked) == ("failure", "failure")
    assert kinds(world, asked) == ["asked"]
    world.directory.broken = None
    world.look("sweep")
    assert kinds(world, asked)[-1] == "expired"
