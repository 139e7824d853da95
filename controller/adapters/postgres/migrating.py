"""Brings a database to the shape this release expects, or refuses to touch it.

Everything happens in one transaction under one lock: of several controllers that start at once
one migrates and the others wait. A database of a newer release is refused, because an older
controller would share state it does not understand.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from controller.adapters.postgres.database import Database
from controller.errors import ConfigurationError

_LOCK = 0x44564F  # "DVO": one key for whatever must not happen twice at once
_SCRIPTS = "controller.adapters.postgres:migrations"


def migrate(database: Database) -> None:
    """Bring `database` to the newest revision.

    Raises `ConfigurationError` when it is newer than this release, `UnavailableError` when it fails.
    """
    with database.transaction() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = _config(connection)
        _check_known(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.attributes["connection"] = connection
    return config


def _check_known(connection: Connection, scripts: ScriptDirectory) -> None:
    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            scripts.get_revision(revision)
        except CommandError as error:
            raise ConfigurationError(
                f"expected a database of revision {scripts.get_current_head()} or older, got {revision[:40]!a}: "
                "a newer release has used it"
            ) from error
