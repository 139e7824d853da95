"""The fakes that stand for journal, queue, index and ledger keep the same promises as the real ones."""

import pytest

from tests.contracts.journal import IndexContract, JournalContract, Waiting, WorkQueueContract
from tests.contracts.ledger_store import LedgerStoreContract
from tests.fakes.journal import MemoryIndex, MemoryJournal, MemoryQueue
from tests.fakes.ledger import MemoryLedger


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue()


@pytest.fixture
def waiting(queue: MemoryQueue) -> Waiting:
    return lambda: list(queue.waiting)


@pytest.fixture
def journal(queue: MemoryQueue) -> MemoryJournal:
    return MemoryJournal(queue)


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


class TestMemoryJournal(JournalContract):
    """See the fixtures above."""


class TestMemoryQueue(WorkQueueContract):
    """See the fixtures above."""


class TestMemoryIndex(IndexContract):
    """See the fixtures above."""


class TestMemoryLedger(LedgerStoreContract):
    """See the fixtures above."""
