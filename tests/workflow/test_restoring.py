"""What was refused on main is proposed to be put back, once, and a person decides."""

from datetime import timedelta

import pytest

from controller.change.facts import PullRequestState
from controller.errors import UnavailableError
from controller.identity.principal import PrincipalKind
from controller.ledger.event import EventType
from tests.fakes.directory import Person
from tests.fakes.proposer import BOT
from tests.workflow.steps import DEVELOPMENT, STAGING, edited
from tests.workflow.world import World


@pytest.fixture
def known(world: World) -> World:
    """A world whose directory knows the controller's own bot."""
    bot = world.host.person(BOT, id=9001)
    world.directory.people.append(
        Person(BOT, bot.id, ("dvo@example.com",), frozenset(), mfa=None, kind=PrincipalKind.BOT)
    )
    return world


def push(world: World, path: str = STAGING, replicas: int = 3) -> str:
    """Push straight to main, and let the patience of the controller run out."""
    made = world.host.push_main({path: edited(world.file(path), replicas=replicas)}, by=world.account("ada-admin"))
    world.look("main")
    for _ in range(2):
        world.travel(world.clock.moment + timedelta(seconds=40))
        world.look("main")
    return made


def proposals(world: World) -> list[int]:
    return sorted(world.proposer.opened.values())


def test_a_direct_push_is_proposed_to_be_put_back_approved_and_main_is_clean_again(known: World) -> None:
    """ATTACKS 079."""
    world, before = known, known.file(STAGING)
    push(world)
    (number,) = proposals(world)
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "action_required")
    world.approve("omar-ops", number)
    assert world.conclusions(number)[1] == "action_required"
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    world.merge("rita-release", number)
    assert world.file(STAGING) == before
    assert [event.details["position"] for event in world.events(EventType.CONFIG_CHANGED, "main/clean")]
    world.look("sweep")
    assert proposals(world) == [number]


def test_none_is_opened_twice_and_one_that_was_closed_stays_closed(known: World) -> None:
    push(known)
    (number,) = proposals(known)
    known.host.edit(number, state=PullRequestState.CLOSED)
    known.look("sweep", "restore")
    assert proposals(known) == [number]
    assert known.host.calls.count("propose") == 1


def test_none_is_opened_where_somebody_puts_it_back_already(known: World) -> None:
    before = known.file(STAGING)
    known.host.push_main({STAGING: edited(before, replicas=3)}, by=known.account("ada-admin"))
    mine = known.host.open_pull_request("mine", {STAGING: before}, by=known.account("omar-ops"))
    known.look("main")
    for _ in range(2):
        known.travel(known.clock.moment + timedelta(seconds=40))
        known.look("main")
    assert proposals(known) == []
    known.host.edit(mine, state=PullRequestState.CLOSED)
    known.look("sweep")
    assert len(proposals(known)) == 1


def test_a_proposal_that_failed_is_opened_when_the_host_is_back(known: World) -> None:
    known.host.trouble["propose"] = UnavailableError("502", component="github")
    push(known)
    assert proposals(known) == []
    known.host.trouble.clear()
    known.look("restore")
    assert len(proposals(known)) == 1


def test_a_machine_that_does_more_than_put_back_is_denied(known: World) -> None:
    """ATTACKS 003."""
    push(known)
    (number,) = proposals(known)
    branch = next(iter(known.proposer.opened))
    known.host.push(branch, {DEVELOPMENT: edited(known.file(DEVELOPMENT), replicas=9)}, by=known.account(BOT))
    known.look(f"pull/{number}")
    assert known.conclusions(number)[0] == "failure"
    assert "Nobody knows which person" in known.check(number, "dvo/policy").summary


def test_what_governs_is_put_back_first_and_takes_an_admin(known: World) -> None:
    rule = "policies/rego/company/README.md"
    files = {rule: b"Anything goes.\n", STAGING: edited(known.file(STAGING), replicas=3)}
    known.host.push_main(files, by=known.account("ada-admin"))
    known.look("main")
    for _ in range(2):
        known.travel(known.clock.moment + timedelta(seconds=40))
        known.look("main")
    (first,) = proposals(known)
    known.look(f"pull/{first}")
    known.approve("rita-release", first)
    assert known.conclusions(first) == ("success", "action_required")
    known.approve("ada-admin", first)
    assert known.conclusions(first) == ("success", "success")
    known.merge("ada-admin", first)
    known.look("sweep")
    assert len(proposals(known)) == 2


def test_nobody_knows_beforehand_from_which_branch_the_controller_will_propose(known: World) -> None:
    """ATTACKS 003: what somebody put there would be proposed by the controller, with its word for what it does."""
    known.host.trouble["propose"] = UnavailableError("502", component="github")
    push(known)
    assert proposals(known) == []
    known.host.trouble.clear()
    known.look("restore")
    assert len(proposals(known)) == 1
    [event] = [one for one in known.events(EventType.CONFIG_CHANGED) if one.details["kind"] == "proposing"]
    [branch] = known.proposer.opened
    assert branch == f"dvo/{event.subject.replace('/', '-')}-{event.id[:8]}"
