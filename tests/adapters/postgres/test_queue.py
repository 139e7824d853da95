"""The queue and the index in PostgreSQL."""

import pytest

from controller.adapters.postgres import Database, PostgresIndex, PostgresWorkQueue
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
