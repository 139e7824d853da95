"""The database: what its errors mean here, and which addresses are accepted."""

import inspect
from traceback import format_exception
from types import ModuleType
from urllib.parse import quote

import procrastinate.exceptions
import psycopg.errors
import psycopg_pool
import pytest
import sqlalchemy.exc
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from controller.adapters.postgres import Database
from controller.adapters.postgres.database import translated
from controller.errors import ConfigurationError, ControllerError, InputError, UnavailableError

# How a block asks psycopg to roll back; DB-API's warning, which it never raises; what only wraps async drivers.
NEVER_SEEN = {psycopg.Rollback, psycopg.Warning, sqlalchemy.exc.EmulatedDBAPIException}


def errors_of(*modules: ModuleType) -> list[type[Exception]]:
    found = {
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Exception) and not issubclass(member, Warning)
        if member not in NEVER_SEEN
        and member.__module__.split(".")[0] in {"psycopg", "psycopg_pool", "sqlalchemy", "procrastinate"}
    }
    return sorted(found, key=lambda each: f"{each.__module__}.{each.__name__}")


LIBRARIES = errors_of(psycopg, psycopg.errors, psycopg_pool, sqlalchemy.exc, procrastinate.exceptions)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=f"{kind.__module__}.{kind.__name__}") for kind in LIBRARIES])
def test_every_error_of_the_libraries_becomes_one_of_ours(kind: type[Exception]) -> None:
    with pytest.raises(ControllerError) as caught, translated():
        raise made(kind)
    assert type(caught.value) in {UnavailableError, InputError}


def made(kind: type[Exception]) -> Exception:
    if issubclass(kind, sqlalchemy.exc.DBAPIError):
        return kind("SELECT 1", {}, ValueError("canary"))
    if issubclass(kind, sqlalchemy.exc.StatementError):
        return kind("what happened", "SELECT 1", {}, ValueError("canary"))
    return kind.__new__(kind)


def test_there_are_errors_to_translate() -> None:
    assert len(LIBRARIES) > 250


def test_our_own_errors_pass() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("a program error is not the database's")


def test_a_database_that_answers(database: Database) -> None:
    database.ping()


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@127.0.0.1:1/x", "postgres://x@/x?host=/nonexistent", "postgresql+psycopg://u:p@[::1]:1/x"],
)
def test_a_database_that_is_away_is_unavailable(url: str) -> None:
    database = Database(url)
    with pytest.raises(UnavailableError) as caught:
        database.ping()
    assert caught.value.component == "database"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite:///x",
        "mysql://canary-password@host/x",
        "://canary-password",
        "postgresql://dvo:x@host:canary/x",
    ],
)
def test_another_address_is_refused_without_repeating_it(url: str) -> None:
    """ATTACKS 099."""
    with pytest.raises(ConfigurationError) as caught:
        Database(url)
    assert "canary" not in "".join(format_exception(caught.value)).replace(url, "")


def test_a_password_of_any_characters_is_read_by_libpq_as_it_was_meant() -> None:
    password = " a/b:c@d#e?f%g&h=i+j'k\"l[m]"
    database = Database(f"postgresql://dvo:{quote(password)}@host/name")
    assert conninfo_to_dict(database.conninfo)["password"] == password
    assert conninfo_to_dict(Database("postgresql://dvo:a b@host/name").conninfo)["password"] == "a b"


def test_an_error_shows_neither_password_nor_values(database: Database) -> None:
    """ATTACKS 099."""
    with pytest.raises(UnavailableError) as caught:
        Database("postgresql://user:canary-password@127.0.0.1:1/x").ping()
    assert "canary" not in str(caught.value)
    with pytest.raises(InputError) as refused, database.transaction() as connection:
        connection.execute(text("SELECT CAST(:x AS integer)"), {"x": "canary"})
    assert "parameters" not in str(refused.value)


def test_work_is_committed_whole_or_not_at_all(database: Database) -> None:
    def half() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO index_facts VALUES ('a', 'b')"))
            connection.execute(text("SELECT nonsense"))

    with pytest.raises(UnavailableError):
        half()
    with database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM index_facts")).scalar_one() == 0
