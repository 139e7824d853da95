"""Small facts remembered in a table; losing them costs a second look, nothing else."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.tables import INDEX_FACTS


class PostgresIndex:
    """Implements `Index`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recall(self, key: str) -> str | None:
        """Return what was remembered under `key`. Raises `UnavailableError`."""
        with self._database.transaction() as connection:
            return connection.execute(select(INDEX_FACTS.c.value).where(INDEX_FACTS.c.key == key)).scalar_one_or_none()

    def remember(self, key: str, value: str) -> None:
        """Remember `value` under `key`. Raises `UnavailableError`."""
        fact = insert(INDEX_FACTS).values(key=key, value=value)
        with self._database.transaction() as connection:
            connection.execute(fact.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
