"""The controller killed with SIGKILL at named points, and the same end as if it had lived."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World

POINTS = {
    "a webhook is marked, its answer not given": ("after queue.mark", "pull/"),
    "the judgement is recorded, neither sealed nor shown": ("after journal.record", "policy.evaluated", "pull/"),
    "the judgement is sealed, no check written": ("before writer.write_check", "dvo/policy"),
    "one of two checks is written": ("after writer.write_check", "dvo/policy", "SUCCESS"),
    "main is followed, the merge not judged": ("after journal.mark_sealed", "deploy.initiated"),
    "the merge is validated, nothing rolled out": ("after journal.mark_sealed", "deploy.validated"),
    "the start is recorded, not sealed": ("after journal.record", "deploy.started"),
    "the start is announced and sealed, nothing started": ("before deployer.start",),
    "the candidate runs beside what ran": ("after deployer.start",),
    "the candidate took over, nothing tells of it": ("after deployer.switch",),
    "the completion is in the ledger, the journal does not know": ("after ledger.append", "deploy.completed"),
    "half of the request for the last check is sent": ("during http.client.send", "dvo/deploy", "success"),
    "the last check is written": ("after writer.write_check", "dvo/deploy", "SUCCESS"),
}
_REPLICAS = itertools.cycle(range(2, 11))
"""As many as policy allows in development; each differs from the one before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a change ended, in terms that do not differ from one to the next."""

    checks: dict[str, str | None]
    events: Counter[str]
    instances: int


def rescale(world: World) -> tuple[int, str]:
    """Change the analyst in development; return the pull request and its merge."""
    manifest = edited(world.file(DEVELOPMENT), replicas=next(_REPLICAS))
    number = world.propose("dana-dev", {DEVELOPMENT: manifest}, "Another number of replicas")
    world.green(number)
    return number, world.merge("dana-dev", number)


def outcome(world: World, number: int, merge: str) -> Outcome:
    """Wait until a change is deployed, sealed and shown, and tell how it ended."""
    world.deployed(merge)
    until(lambda: world.told(number, merge)["deploy.completed development"], "the completion to be sealed")
    checks = {**world.checks(world.head(number)), **world.checks(merge)}
    shown = {name: check.conclusion for name, check in checks.items()}
    return Outcome(shown, world.told(number, merge), len(world.instances()))


@pytest.fixture(scope="module")
def undisturbed(company: World) -> Outcome:
    return outcome(company, *rescale(company))


@pytest.fixture
def unharmed(company: World) -> Iterator[World]:
    """The shared world; whatever a test that failed left is put right."""
    yield company
    company.places.point.unlink(missing_ok=True)
    if company.running.has_ended:
        company.start()


def test_a_change_that_nothing_disturbs_leaves_one_of_each(undisturbed: Outcome) -> None:
    assert undisturbed == Outcome(
        {"dvo/policy": "success", "dvo/approval": "success", "dvo/deploy": "success"},
        Counter(
            {
                "policy.evaluated pull": 1,
                "deploy.initiated merge": 1,
                "policy.evaluated merge": 1,
                "deploy.validated development": 1,
                "deploy.started development": 1,
                "deploy.completed development": 1,
            }
        ),
        instances=1,
    )


@pytest.mark.parametrize("point", POINTS)
def test_a_controller_killed_at_a_point_ends_where_an_undisturbed_one_does(
    unharmed: World, undisturbed: Outcome, point: str
) -> None:
    """ATTACKS 028, 030: one deployment, one of each event, one instance, and a ledger that holds."""
    world, moment = unharmed, POINTS[point]
    world.die_at(*moment)
    dies_before_the_merge = any(word in str(moment) for word in ("queue.mark", "pull/", "dvo/policy"))
    manifest = edited(world.file(DEVELOPMENT), replicas=next(_REPLICAS))
    number = world.propose("dana-dev", {DEVELOPMENT: manifest}, f"Dies when {point}")
    if dies_before_the_merge:
        world.reborn()
    world.green(number)
    merge = world.merge("dana-dev", number)
    if not dies_before_the_merge:
        world.reborn()
    assert outcome(world, number, merge) == undisturbed
    world.assert_ledger_holds()
