"""The queue and the index in PostgreSQL."""

from datetime import UTC, datetime

import pytest

from controller.adapters.postgres import Database, PostgresIndex, PostgresWorkQueue
from controller.ports.journal import Mark
from tests.contracts.journal import IndexContract, WorkQueueContract


@pytest.fixture
def queue(database: Database) -> PostgresWorkQueue:
    return PostgresWorkQueue(database)


@pytest.fixture
def index(database: Database) -> PostgresIndex:
    return PostgresIndex(database)


class TestPostgresWorkQueue(WorkQueueContract):
    """See the fixtures above and in conftest.py."""


class TestPostgresIndex(IndexContract):
    """See the fixture above."""


def test_keys_that_want_looking_at_now_are_counted_and_timers_are_not(queue: PostgresWorkQueue) -> None:
    assert queue.waiting() == 0
    queue.mark([Mark("main"), Mark("pull/7"), Mark("pull/7"), Mark("pull/8", datetime(2999, 1, 1, tzinfo=UTC))])
    assert queue.waiting() == 2
