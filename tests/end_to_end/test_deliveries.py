"""Webhooks lost, doubled and shuffled: the same end as if each had come once and in order."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from controller.ledger.event import EventType
from controller.sandbox.deliveries import Outbox
from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World

GHA = "environments/development/gha.yaml"
_REPLICAS = itertools.cycle(range(2, 11))
"""As many as policy allows in development; each differs from the one before."""


def _as_sent(_: Outbox) -> None:
    """Leave the deliveries alone."""


def _lost(outbox: Outbox) -> None:
    outbox.lose(10_000)


def _doubled(outbox: Outbox) -> None:
    outbox.repeat(3)


def _shuffled(outbox: Outbox) -> None:
    outbox.hold()


@pytest.fixture
def outbox(company: World) -> Iterator[Outbox]:
    """The deliveries of the shared world; whatever a test does to them ends with it."""
    outbox = company.sandbox.outbox
    yield outbox
    outbox.lose(0)
    outbox.repeat(1)
    outbox.release()


@pytest.mark.parametrize("trouble", [_as_sent, _lost, _doubled, _shuffled])
def test_whatever_becomes_of_webhooks_two_changes_end_the_same(
    company: World, outbox: Outbox, trouble: Callable[[Outbox], None]
) -> None:
    """ATTACKS 029: one of each event and one instance, with lost, doubled and shuffled deliveries."""
    trouble(outbox)
    first = company.propose("dana-dev", {DEVELOPMENT: edited(company.file(DEVELOPMENT), replicas=next(_REPLICAS))})
    second = company.propose("dana-dev", {GHA: edited(company.file(GHA), replicas=next(_REPLICAS))})
    outbox.release(shuffled=True)
    for number in (first, second):
        company.green(number)
    if trouble is _shuffled:
        outbox.hold()
    merges = [company.merge("dana-dev", number) for number in (first, second)]
    outbox.release(shuffled=True)
    for merge in merges:
        company.deployed(merge)
    for number, merge, key in zip((first, second), merges, ("development/ANL", "development/GHA"), strict=True):
        assert company.deployed(merge).title.startswith(f"{key} completed: ")
        until(partial(_is_sealed, company, number, merge, key), "the completion to be sealed")
        told = company.told(number, merge, key)
        # A pull request is judged again while main moves, and that is told whenever it says something new.
        assert told.pop("policy.evaluated pull") >= 1
        assert set(told.values()) == {1}, told
        assert len(told) == 5
        assert len(company.instances(key.lower())) == 1
    company.assert_ledger_holds()


def _is_sealed(world: World, number: int, merge: str, key: str) -> bool:
    return world.told(number, merge, key)[f"{EventType.DEPLOY_COMPLETED.value} development"] > 0
