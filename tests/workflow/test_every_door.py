"""Whoever is let in at a door, and whoever is not, is in the ledger: at every door there is."""

from collections.abc import Callable
from pathlib import Path

import pytest

import controller
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.identity.principal import Principal
from controller.ledger.event import EventType
from controller.workflow.simulating import Supposed
from tests.fakes.directory import Person
from tests.workflow.steps import DEVELOPMENT, edited
from tests.workflow.test_break_glass import approved
from tests.workflow.world import World

ANSWERS = (EventType.AUTHZ_GRANTED, EventType.AUTHZ_DENIED)


def proposed(world: World) -> int:
    return world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})


def by_comment(world: World, who: str) -> None:
    number = proposed(world)
    world.look(f"comment/{number}/{world.host.say(number, world.account(who), '/dvo recheck')}")


def by_button(world: World, who: str) -> None:
    world.look(f"button/{proposed(world)}/recheck/{world.account(who).id}")


def known(world: World, who: str) -> Principal:
    found = world.directory.look_up(frozenset(), frozenset(), frozenset({who})).by_login[who]
    assert found is not None
    return found


def by_listing_policies(world: World, who: str) -> None:
    world.workflows.simulating.policies(known(world, who))


def by_evaluating(world: World, who: str) -> None:
    supposed = Supposed(Key(EnvironmentName("development"), AgentCode("ANL")), world.file(DEVELOPMENT), None, None)
    world.workflows.simulating.simulate(known(world, who), supposed)


def by_asking_about_another(world: World, who: str) -> None:
    key = Key(EnvironmentName("development"), AgentCode("ANL"))
    world.workflows.simulating.simulate(known(world, who), Supposed(key, world.file(DEVELOPMENT), "omar-ops", None))


def by_closing_a_review(world: World, who: str) -> None:
    merge = world.merge("omar-ops", approved(world))
    world.settle()
    world.look("sweep", f"review/{merge}")
    world.issues.close(101, world.account(who))
    world.look("issue/101")


Door = Callable[[World, str], None]
DOORS: dict[Door, tuple[str, str, str]] = {
    by_comment: ("comment", "dana-dev", "vera-view"),
    by_button: ("button", "dana-dev", "vera-view"),
    by_listing_policies: ("api", "vera-view", "no-group"),
    by_evaluating: ("api", "dana-dev", "vera-view"),
    by_asking_about_another: ("api", "omar-ops", "no-group"),
    by_closing_a_review: ("review issue", "ada-admin", "dana-dev"),
}
"""How one comes to a door; what it is called in events, who may, and who may not."""


@pytest.fixture
def peopled(world: World) -> World:
    """A world in which somebody is in no group."""
    world.directory.people.append(Person("no-group", 1099, ("n@example.com",)))
    return world


def answers(world: World, door: Door) -> list[tuple[EventType, str]]:
    """Return what the ledger holds of answers at a door, and to whom."""
    name, *_ = DOORS[door]
    sealed = [entry.event for entry in world.ledger.entries()]
    return [(one.type, one.actor) for one in sealed if one.type in ANSWERS and one.details["door"] == name]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_who_is_let_in_is_in_the_ledger(peopled: World, door: Door) -> None:
    _, who, _ = DOORS[door]
    door(peopled, who)
    peopled.settle()
    assert set(answers(peopled, door)) == {(EventType.AUTHZ_GRANTED, known(peopled, who).id)}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_who_is_not_let_in_is_in_the_ledger(peopled: World, door: Door) -> None:
    _, _, who = DOORS[door]
    door(peopled, who)
    peopled.settle()
    assert answers(peopled, door) == [(EventType.AUTHZ_DENIED, known(peopled, who).id)]


@pytest.mark.parametrize("door", [by_comment, by_button], ids=lambda door: door.__name__)
def test_a_stranger_is_in_the_ledger(world: World, door: Door) -> None:
    """At `/v1` a stranger is refused before anything is asked: `auth.failed`."""
    door(world, "mallory")
    world.settle()
    assert answers(world, door) == [(EventType.AUTHZ_DENIED, "stranger")]


def test_no_door_is_missing_here() -> None:
    files = (file for file in Path(controller.__file__).parent.rglob("*.py"))
    asking = {file.name for file in files if "authorizing.may(" in file.read_text()}
    assert asking == {"commands.py", "reviews.py", "simulating.py"}
