"""Changes judged with people from Entra ID: what happens in the tenant meanwhile counts, and its silence refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.adapters.entra.directory import WHOLE_SECONDS
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.ledger.event import EventType
from tests.adapters.entra.conftest import Tenancy, tenancy_in
from tests.fakes.entra.https import Answer, Fault
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production
from tests.workflow.world import MONDAY, PEOPLE, SATURDAY, World

GROUPS = ("DVO-Admins", "DVO-ReleaseManagers", "DVO-Operators", "DVO-Developers", "DVO-Viewers")


@pytest.fixture
def tenancy(world: World, tmp_path: Path) -> Iterator[Tenancy]:
    """Everybody of the world as a member of a tenant, and the world asking it."""
    with tenancy_in(tmp_path, *GROUPS) as made:
        for login, (number, groups) in PEOPLE.items():
            made.add(login, number, *groups, extensionAttribute2=login, mfa=True)
        world.directory = made.directory  # type: ignore[assignment] # another directory than the one in memory
        world.workflows = world.wired()
        yield made


def object_id(tenancy: Tenancy, login: str) -> str:
    users = tenancy.running.tenant.users.values()
    return next(user.id for user in users if user.properties["displayName"] == login)


def test_a_silent_tenant_turns_nothing_green_until_it_answers_again(world: World, tenancy: Tenancy) -> None:
    """ATTACKS 044."""
    tenancy.running.graph_server.fail(Fault("/", Answer({}, 500), times=1000))
    tenancy.later()
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    assert "success" not in world.conclusions(number)
    tenancy.running.graph_server.heal()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


@pytest.mark.parametrize("change", ["disabled", "guest", "left the group", "no second factor", "gone"])
def test_an_approver_who_changed_in_the_tenant_before_the_deployment_does_not_count(
    world: World, tenancy: Tenancy, change: str
) -> None:
    """ATTACKS 057: approved and merged on a Saturday, judged again on Monday with the facts of then."""
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    merge = world.merge("omar-ops", number)
    rita, tenant = object_id(tenancy, "rita-release"), tenancy.running.tenant
    match change:
        case "disabled":
            tenant.update_user(rita, accountEnabled=False)
        case "guest":
            tenant.update_user(rita, userType="Guest")
        case "left the group":
            tenant.leave(tenancy.groups["DVO-ReleaseManagers"], rita)
        case "no second factor":
            tenant.users[rita].report = {"isMfaCapable": False}
        case _:
            tenant.remove_user(rita)
    world.travel(MONDAY)
    tenancy.later(WHOLE_SECONDS)
    world.settle()
    assert world.target.live(Key(EnvironmentName("production"), AgentCode("ANL"))) is None
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert "approvals" in str(refused.details["reason"])
