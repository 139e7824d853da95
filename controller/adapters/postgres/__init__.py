"""Journal, queue and index on PostgreSQL, and the worker that empties the queue."""

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.embedded import embedded_postgres
from controller.adapters.postgres.index import PostgresIndex
from controller.adapters.postgres.journal import PostgresJournal
from controller.adapters.postgres.migrating import migrate
from controller.adapters.postgres.queue import PostgresWorkQueue

__all__ = [
    "Database",
    "PostgresIndex",
    "PostgresJournal",
    "PostgresWorkQueue",
    "embedded_postgres",
    "migrate",
]
