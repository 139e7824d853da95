"""CODEOWNERS of main through the whole gate: what GitHub would ignore lets nobody approve, and the check says why."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.workflow.steps import PRODUCTION, as_read, edited, ready_for_production
from tests.workflow.world import World

CODEOWNERS = ".github/CODEOWNERS"
MANAGERS = "@acme-agents/release-managers"


def waiting_for_production(world: World) -> int:
    """Propose a production change that rita, who holds the role, has approved."""
    return proposed_and_approved(world, ready_for_production(world))


def proposed_and_approved(world: World, fields: Mapping[str, object]) -> int:
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    return number


def with_owners(world: World, line: str) -> None:
    """Add a line to CODEOWNERS, properly: its owners approve."""
    number = world.propose("omar-ops", "owners", {CODEOWNERS: world.file(CODEOWNERS).decode() + line + "\n"})
    world.approve("ada-admin", number)
    world.merge("ada-admin", number)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/environments/production/", ":22 names no owners"),
        ("/environments/production/ @rita-release rita", ":22:41: expected @user"),
        ("!/environments/staging/ @rita-release", ":22:1: negation"),
        ("/environments/production/[a]* @rita-release", ":22:1: ranges"),
        ("/environments/production/ @nobody-knows", "@nobody-knows (.github/CODEOWNERS:22) counts for nobody"),
        ("/environments/production/ @acme-agents/gone", "@acme-agents/gone (.github/CODEOWNERS:22) counts for nobody"),
        ("/environments/production/ gone@example.com", "gone@example.com (.github/CODEOWNERS:22) counts for nobody"),
    ],
)
def test_a_defect_of_codeowners_lets_nobody_approve_production_and_is_told_with_its_line(
    world: World, line: str, said: str
) -> None:
    """ATTACKS 022."""
    line_number = world.file(CODEOWNERS).count(b"\n") + 1
    fields = ready_for_production(world)
    with_owners(world, line)
    number = proposed_and_approved(world, fields)
    assert world.conclusions(number)[1] == "action_required"
    check = world.check(number, "dvo/approval")
    assert "nobody can give" in check.title
    assert said.replace(":22", f":{line_number}") in as_read(check.summary)


def test_an_owner_without_write_access_approves_nothing_until_it_has_it(world: World) -> None:
    """ATTACKS 022: GitHub ignores such an owner; that its members may write by other ways is not enough."""
    world.host.powerless.add(MANAGERS)
    number = waiting_for_production(world)
    assert world.conclusions(number)[1] == "action_required"
    assert "counts for nobody" in world.check(number, "dvo/approval").summary
    world.host.powerless.clear()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def test_a_secret_team_owns_nothing_until_it_is_visible(world: World) -> None:
    """ATTACKS 022: GitHub asks that a team which owns be visible, whatever it may write."""
    world.host.secret_teams.add(MANAGERS)
    number = waiting_for_production(world)
    assert world.conclusions(number)[1] == "action_required"
    assert "be a visible team with write access of its own" in as_read(world.check(number, "dvo/approval").summary)
    world.host.secret_teams.clear()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def test_write_access_lost_between_approval_and_merge_stops_the_deployment(world: World) -> None:
    """ATTACKS 022, 057."""
    number = waiting_for_production(world)
    assert world.conclusions(number) == ("success", "success")
    world.host.powerless.add(MANAGERS)
    merge = world.merge("omar-ops", number)
    assert world.check(merge, "dvo/deploy").conclusion is None
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.settle()
    check = world.check(merge, "dvo/deploy")
    assert check.conclusion is not None
    assert check.conclusion.value == "failure"


def test_the_codeowners_a_pull_request_brings_do_not_judge_it(world: World) -> None:
    """ATTACKS 088: whoever makes themselves an owner is still judged by the owners of main."""
    mine = world.file(CODEOWNERS).decode() + "* @dana-dev @omar-ops\n"
    number = world.propose("dana-dev", "mine", {CODEOWNERS: mine})
    world.approve("omar-ops", number)
    assert world.conclusions(number)[1] == "action_required"
    assert "ada-admin" in world.check(number, "dvo/approval").title


def test_a_rename_needs_the_owners_of_both_places(world: World) -> None:
    """ATTACKS 091: an agent's file that moves answers to whoever owns where it was and where it will be."""
    with_owners(world, "/agents/anl/kb/ @ada-admin\n/agents/anl/instructions/ @vera-view")
    moved = world.file("agents/anl/kb/significance.md")
    files = {
        "agents/anl/kb/significance.md": None,
        "agents/anl/instructions/significance.md": moved,
        "agents/anl/agent.yaml": edited(world.file("agents/anl/agent.yaml"), version="1.1.0"),
    }
    number = world.propose("dana-dev", "move", files)
    world.approve("omar-ops", number)
    world.approve("vera-view", number)
    summary = world.check(number, "dvo/approval").summary
    assert world.conclusions(number)[1] == "action_required"
    assert "agents/anl/kb/significance.md" in summary
    world.approve("ada-admin", number)
    assert world.conclusions(number)[1] == "success"
