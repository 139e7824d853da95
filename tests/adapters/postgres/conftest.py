"""One embedded PostgreSQL for the folder's tests, emptied before each."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from controller.adapters.postgres import Database, PostgresWorkQueue, embedded_postgres, migrate
from tests.adapters.postgres.watching import Looks
from tests.contracts.journal import Waiting

_EMPTY = "TRUNCATE journal, index_facts, setbacks, procrastinate_jobs, procrastinate_workers CASCADE"
_WAITING = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NULL ORDER BY id"


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    # A short path: a socket's name must not exceed about a hundred characters.
    with TemporaryDirectory(prefix="dvo-") as home, embedded_postgres(Path(home)) as url:
        yield url


@pytest.fixture(scope="session")
def migrated(address: str) -> Iterator[Database]:
    database = Database(address)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def database(migrated: Database) -> Database:
    with migrated.transaction() as connection:
        connection.execute(text(_EMPTY))
    return migrated


@pytest.fixture
def waiting(database: Database) -> Waiting:
    def keys() -> list[str]:
        with database.transaction() as connection:
            return list(connection.execute(text(_WAITING)).scalars())

    return keys


@pytest.fixture
def queue(database: Database) -> PostgresWorkQueue:
    return PostgresWorkQueue(database)


@pytest.fixture
def looks() -> Looks:
    return Looks()
