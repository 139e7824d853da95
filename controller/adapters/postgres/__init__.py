"""Journal, queue and index on PostgreSQL, and the worker that empties the queue."""

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.embedded import embedded_postgres
from controller.adapters.postgres.index import PostgresIndex
from controller.adapters.postgres.journal import PostgresJournal
from controller.adapters.postgres.looking import Trouble, TroubleKind
from controller.adapters.postgres.migrating import migrate
from controller.adapters.postgres.queue import PostgresWorkQueue
from controller.adapters.postgres.setbacks import Patience
from controller.adapters.postgres.tending import Pace
from controller.adapters.postgres.worker import Worker

__all__ = [
    "Database",
    "Pace",
    "Patience",
    "PostgresIndex",
    "PostgresJournal",
    "PostgresWorkQueue",
    "Trouble",
    "TroubleKind",
    "Worker",
    "embedded_postgres",
    "migrate",
]
