"""The journal of the running controller keeps every promise and counts uses of break-glass."""

import pytest

from controller.compose.counting_journal import CountingJournal
from controller.ledger.event import EventType
from controller.web.metrics import Metrics
from tests.contracts.journal import JournalContract, Waiting
from tests.fakes.events import event
from tests.fakes.journal import MemoryJournal, MemoryQueue


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue()


@pytest.fixture
def journal(queue: MemoryQueue) -> CountingJournal:
    return CountingJournal(MemoryJournal(queue), Metrics("1"))


@pytest.fixture
def waiting(queue: MemoryQueue) -> Waiting:
    return lambda: tuple(queue.waiting)


class TestCountingJournal(JournalContract):
    """The contract, with the count on top."""


def test_each_stage_is_counted_from_zero_and_its_review_is_not() -> None:
    metrics = Metrics("1")
    counting = CountingJournal(MemoryJournal(), metrics)
    assert b'dvo_break_glass_total{stage="asked"} 0.0' in metrics.exposition()
    for number, stage in enumerate(["asked", "asked", "deployed", "review_opened"], 1):
        counting.record([event(number, type=EventType.BREAKGLASS_USED, details={"stage": stage})])
    counting.record([event(9)])
    told = metrics.exposition()
    assert b'dvo_break_glass_total{stage="asked"} 2.0' in told
    assert b'dvo_break_glass_total{stage="admitted"} 0.0' in told
    assert b'dvo_break_glass_total{stage="deployed"} 1.0' in told
    assert b"review" not in told
