"""The database deleted while the controller was stopped: ledger, Git and the target bring all of it back."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.ledger.event import EventType
from tests.end_to_end.edits import DEVELOPMENT, PRODUCTION, STAGING, edited, moved, new_release
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world

SATURDAY = datetime(2027, 3, 13, 10, 0, tzinfo=UTC)
MONDAY = datetime(2027, 3, 15, 8, 0, 5, tzinfo=UTC)
EFFECTS = frozenset({EventType.DEPLOY_STARTED, EventType.DEPLOY_COMPLETED})


@pytest.fixture
def weekend(tmp_path: Path) -> Iterator[World]:
    """A world in which something runs in development and staging, and a change of production is held on a Saturday."""
    with world(tmp_path) as made:
        files, pin = new_release("1.1.0")
        number = made.propose("dana-dev", files)
        made.check(number, "dvo/approval", "action_required")
        made.person("omar-ops").approve(number)
        made.green(number)
        made.check(made.merge("omar-ops", number), "dvo/deploy", "success")
        for login, path in (("dana-dev", DEVELOPMENT), ("omar-ops", STAGING)):
            made.deployed_after_merge(login, made.propose(login, {path: moved(made.file(path), pin)}))
        made.clock.move(SATURDAY)
        number = made.propose("omar-ops", {PRODUCTION: moved(made.file(PRODUCTION), pin)})
        made.check(number, "dvo/approval", "action_required")
        made.person("rita-release").approve(number)
        made.green(number)
        made.check(made.merge("omar-ops", number), "dvo/deploy", None, "held")
        until(lambda: made.events(EventType.DEPLOY_HELD), "the hold to be sealed")
        yield made


def test_a_deleted_database_loses_nothing_and_repeats_nothing(weekend: World) -> None:
    still_open = weekend.propose("dana-dev", {DEVELOPMENT: edited(weekend.file(DEVELOPMENT), replicas=3)})
    weekend.green(still_open)
    before = _standing(weekend)

    assert weekend.stop() == 0
    shutil.rmtree(weekend.home / "postgres")
    weekend.start()
    weekend.after_a_sweep()
    assert _standing(weekend) == before

    [held] = weekend.events(EventType.DEPLOY_HELD)
    weekend.clock.move(MONDAY)
    merge = held.subject.partition("/")[2]
    weekend.deployed(merge)
    weekend.deployed_after_merge("dana-dev", still_open)
    until(lambda: len(_effects(weekend)) == 8, "everything to be sealed")
    assert set(_effects(weekend).values()) == {1}
    weekend.assert_ledger_holds()


def _standing(weekend: World) -> tuple[object, ...]:
    """Return everything that must not change: every check by id, what runs, and every effect."""
    keys = ("development/anl", "staging/anl", "production/anl")
    return weekend.all_checks(), [weekend.instances(key) for key in keys], _effects(weekend)


def _effects(weekend: World) -> Counter[str]:
    return Counter(
        f"{event.type.value} {event.details['commit']}" for event in weekend.events() if event.type in EFFECTS
    )
