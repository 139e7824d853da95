"""One PostgreSQL: its connections, whether it answers, and what its errors mean here.

Nothing of SQLAlchemy, psycopg or Procrastinate leaves this adapter: what the database refuses
because of a value is `InputError`, everything else is `UnavailableError` and tried again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from procrastinate.exceptions import ProcrastinateException
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, SQLAlchemyError

from controller.errors import ConfigurationError, InputError, UnavailableError
from controller.ledger.redaction import redacted_text

COMPONENT = "database"

_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_CONNECT_SECONDS = 10
_STATEMENT_MILLISECONDS = 60_000


@contextmanager
def translated() -> Iterator[None]:
    """Turn whatever the database's libraries raise within into our errors."""
    try:
        yield
    except (DataError, psycopg.DataError) as error:
        raise InputError(f"the database cannot hold a value: {_first_line(error)}") from error
    except (SQLAlchemyError, psycopg.Error, ProcrastinateException) as error:
        raise UnavailableError(f"the database failed: {_first_line(error)}", component=COMPONENT) from error


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        """Prepare to connect to `url`; nothing is opened yet. Raises `ConfigurationError` for no PostgreSQL URL."""
        self._url = _checked(url)
        self._engine = create_engine(
            self._url.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_timeout=_CONNECT_SECONDS,
            hide_parameters=True,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "application_name": "dvo",
                "options": f"-c timezone=UTC -c statement_timeout={_STATEMENT_MILLISECONDS}",
            },
        )

    @property
    def conninfo(self) -> str:
        """The address as libpq reads it, password included: never for a log."""
        # SQLAlchemy leaves blanks as they are; libpq refuses them, and repeats the password they stand in.
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False).replace(" ", "%20")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection whose work is committed at the end, whole or not at all."""
        with translated(), self._engine.begin() as connection:
            yield connection

    def ping(self) -> None:
        """Return when the database answers; raises `UnavailableError` when it does not."""
        with self.transaction() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # What was given, and what the library says of it, may hold a password: it is not repeated.
        raise ConfigurationError("expected a database address like postgresql://user@host/name") from None
    if parsed.drivername not in _SCHEMES:
        raise ConfigurationError(f"expected a PostgreSQL address, got one for {parsed.drivername[:40]!a}")
    return parsed


def _first_line(error: Exception) -> str:
    return redacted_text(str(error).partition("\n")[0])[:300]
