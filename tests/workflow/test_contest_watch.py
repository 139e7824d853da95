"""Several people claim one account: nobody has it, and the ledger tells an administrator once, and once it is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.ledger.event import Event, EventType, Severity
from tests.adapters.entra.conftest import Tenancy, tenancy_in
from tests.workflow.steps import DEVELOPMENT, edited
from tests.workflow.test_entra_people import GROUPS, object_id
from tests.workflow.world import PEOPLE, World


@pytest.fixture
def tenancy(world: World, tmp_path: Path) -> Iterator[Tenancy]:
    """Everybody of the world as a member of a tenant, and the world asking it."""
    with tenancy_in(tmp_path, *GROUPS) as made:
        for login, (number, groups) in PEOPLE.items():
            made.add(login, number, *groups, extensionAttribute2=login, mfa=True)
        world.directory = made.directory  # type: ignore[assignment] # another directory than the one in memory
        world.workflows = world.wired()
        yield made


def told(world: World) -> list[Event]:
    return [one for one in world.events(EventType.CONFIG_CHANGED) if one.subject.startswith("identity/")]


def test_a_contradiction_is_told_once_by_whoever_looks_first_and_told_again_when_it_is_mended(
    world: World, tenancy: Tenancy
) -> None:
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    assert world.conclusions(number) == ("success", "success")
    assert told(world) == []
    tenancy.add("impostor", PEOPLE["dana-dev"][0])
    tenancy.later()
    for _ in range(2):
        world.workflows = world.wired()
        for _ in range(2):
            world.look(f"pull/{number}")
    assert "success" not in world.conclusions(number)
    [event] = told(world)
    assert (event.subject, event.severity) == ("identity/account/1001", Severity.WARNING)
    people = sorted(f"entra:{object_id(tenancy, name)}" for name in ("dana-dev", "impostor"))
    assert event.details == {"contested": True, "claims": {"Entra ID": people}}
    tenancy.running.tenant.remove_user(object_id(tenancy, "impostor"))
    tenancy.later()
    world.look(f"pull/{number}")
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")
    _, over = told(world)
    assert (over.subject, over.severity) == ("identity/account/1001", Severity.INFO)
    assert over.details == {"contested": False, "claims": {}}


def test_an_address_is_told_of_without_its_text(world: World, tenancy: Tenancy) -> None:
    tenancy.add("namesake", None, proxyAddresses=["smtp:dana-dev@example.com"])
    tenancy.later()
    world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    [event] = told(world)
    assert event.subject.startswith("identity/address/")
    assert "@" not in str(event)


def test_what_is_contested_again_is_told_again(world: World, tenancy: Tenancy) -> None:
    for _ in range(2):
        impostor = tenancy.add("impostor", PEOPLE["dana-dev"][0])
        tenancy.later()
        world.propose("dana-dev", impostor, {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
        tenancy.running.tenant.remove_user(impostor)
        tenancy.later()
        world.settle()
        world.workflows.sweep.look()
        world.settle()
    assert [event.details["contested"] for event in told(world)] == [True, False, True, False]
