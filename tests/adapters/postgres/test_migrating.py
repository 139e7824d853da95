"""Databases are brought to one shape, or left alone."""

from collections.abc import Iterator
from threading import Thread
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from controller.adapters.postgres import Database, migrate
from controller.adapters.postgres.tables import METADATA
from controller.errors import ConfigurationError, UnavailableError


@pytest.fixture
def fresh(address: str) -> Iterator[Database]:
    name = f"fresh_{uuid4().hex}"
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(address.replace("/postgres?", f"/{name}?"))
    yield database
    database.close()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(fresh: Database) -> None:
    migrate(fresh)
    with fresh.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours, "compare_type": True})
        assert compare_metadata(context, METADATA) == []


def _is_ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    return not (kind == "table" and str(name).startswith("procrastinate_"))


def test_migrating_again_changes_nothing(fresh: Database) -> None:
    migrate(fresh)
    migrate(fresh)
    assert revision(fresh) == "0002"


def revision(database: Database) -> str:
    with database.transaction() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_controllers_that_start_at_once_migrate_once(fresh: Database) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            migrate(fresh)
        except (ConfigurationError, UnavailableError) as error:
            failures.append(error)

    starts = [Thread(target=start) for _ in range(4)]
    for each in starts:
        each.start()
    for each in starts:
        each.join()
    assert failures == []
    assert revision(fresh) == "0002"


def test_a_database_of_a_newer_release_is_refused(fresh: Database) -> None:
    """ATTACKS 045."""
    migrate(fresh)
    with fresh.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer"):
        migrate(fresh)
    assert revision(fresh) == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(fresh: Database) -> None:
    with fresh.transaction() as connection:
        connection.execute(text("CREATE TYPE procrastinate_job_status AS ENUM ('in the way')"))
    with pytest.raises(UnavailableError):
        migrate(fresh)
    with fresh.transaction() as connection:
        assert connection.execute(text("SELECT to_regclass('journal')")).scalar_one() is None


def test_a_database_that_is_away_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        migrate(Database("postgresql://nobody@127.0.0.1:1/x"))
