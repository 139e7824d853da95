"""No green check outlives its facts: each that goes away turns it red at the next sweep, with every webhook lost.

The sweep is that of each minute, which looks only at what changed; a minute before, it found nothing to do.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.change.facts import PullRequestState
from controller.errors import UnavailableError
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production
from tests.workflow.world import World

SWEEP = timedelta(seconds=60)


def become(world: World, who: str = "rita-release", **changed: object) -> None:
    """Change what the directory says of somebody: of the one who approved, when nobody else is named."""
    people = world.directory.people
    place = next(index for index, person in enumerate(people) if person.login == who)
    people[place] = replace(people[place], **changed)  # type: ignore[arg-type]  # the fields are named by each case


def leave_group(world: World) -> None:
    become(world, groups=frozenset({"DVO-Developers"}))


def leave_every_group(world: World) -> None:
    become(world, groups=frozenset())


def proposer_leaves_group(world: World) -> None:
    become(world, "omar-ops", groups=frozenset({"DVO-Developers"}))


def lose_second_factor(world: World) -> None:
    become(world, mfa=None)


def leave_team(world: World) -> None:
    world.host.team("acme-agents", "release-managers", world.account("ravi-release"))


def lose_write_access(world: World) -> None:
    world.host.powerless.add("@acme-agents/release-managers")


def secret_team(world: World) -> None:
    world.host.secret_teams.add("@acme-agents/release-managers")


def dismissal(world: World) -> None:
    number = world.host.open_pull_requests()[0].number
    world.host.dismiss(number, world.host.reviews(number)[-1].id)


def other_head(world: World) -> None:
    world.host.push("prod", {PRODUCTION: edited(world.file(PRODUCTION), replicas=5)}, by=world.account("omar-ops"))


def refused_on_main(world: World) -> None:
    """Somebody pushes to the same manifest, past everything, and main is followed."""
    content = edited(world.file(PRODUCTION), replicas=7)
    world.host.push_main({PRODUCTION: content}, by=world.account("ada-admin"))


def other_owners(world: World) -> None:
    path = ".github/CODEOWNERS"
    content = world.file(path) + b"\n/environments/production/ @ada-admin\n"
    world.host.push_main({path: content}, by=world.account("ada-admin"))


def other_policy(world: World) -> None:
    path = "policies/rego/dvo/parameters/data.yaml"
    content = world.file(path).replace(b"expiry_hours: 72", b"expiry_hours: 1")
    world.host.push_main({path: content}, by=world.account("ada-admin"))


def role_from_another_group(world: World) -> None:
    """The group that gave the role gives it no more; everybody keeps their groups."""
    path = "policies/rego/dvo/parameters/data.yaml"
    content = world.file(path).replace(b"release_manager: [DVO-ReleaseManagers]", b"release_manager: [DVO-Managers]")
    assert content != world.file(path)
    world.host.push_main({path: content}, by=world.account("ada-admin"))


def directory_away(world: World) -> None:
    world.directory.broken = "it is away"


FACTS = [
    *(leave_group, leave_every_group, proposer_leaves_group, role_from_another_group, lose_second_factor),
    *(leave_team, lose_write_access, dismissal, other_head, refused_on_main, other_owners, other_policy),
    *(secret_team, directory_away),
]


@pytest.mark.parametrize("lose", FACTS, ids=lambda lose: lose.__name__)
def test_a_fact_that_goes_away_turns_the_check_red_within_a_sweep(
    world: World, lose: Callable[[World], None], record_property: Callable[[str, object], None]
) -> None:
    """ATTACKS 057."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    world.travel(world.host.now + timedelta(hours=2))
    world.look("sweep")
    assert world.conclusions(number) == ("success", "success")
    world.look("changes")
    lose(world)
    lost = world.clock.moment
    world.travel(lost + SWEEP)
    world.look("changes")
    assert world.conclusions(number)[1] != "success"
    record_property("seconds_until_red", (world.clock.moment - lost).total_seconds())


def test_how_long_the_oldest_green_check_was_not_verified_is_told(world: World) -> None:
    """Looks that fail let it age; so does the death of whoever sweeps."""
    age = world.workflows.green_checks.oldest_age_seconds
    waits = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), replicas=3)})
    green = [
        world.propose("dana-dev", f"dev-{replicas}", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=replicas)})
        for replicas in (3, 4)
    ]
    world.look("changes")
    assert age() == 0
    world.travel(world.clock.moment + timedelta(seconds=40))
    assert age() == 40
    world.look(f"pull/{green[0]}", f"pull/{waits}")
    assert age() == 40
    world.look(f"pull/{green[1]}")
    assert age() == 0
    world.host.trouble["compare"] = UnavailableError("down", component="github")
    for minute in range(1, 4):
        world.travel(world.clock.moment + SWEEP)
        world.look("changes")
        assert age() == minute * 60
    world.host.trouble.clear()
    for _ in range(30):
        world.travel(world.clock.moment + SWEEP)
        world.look("changes")
        assert age() <= 900
    for number in green:
        world.host.edit(number, state=PullRequestState.CLOSED)
    world.look("changes")
    assert age() == 0
