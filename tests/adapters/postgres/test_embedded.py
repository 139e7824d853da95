"""The embedded PostgreSQL: it keeps its data, and survives whoever started it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from controller.adapters.postgres import Database, embedded_postgres
from controller.errors import ConfigurationError, UnavailableError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="dvo-") as folder:
        yield Path(folder)


def ask(url: str, statement: str) -> None:
    database = Database(url)
    with database.transaction() as connection:
        connection.execute(text(statement))
    database.close()


def test_data_outlives_a_stop(home: Path) -> None:
    with embedded_postgres(home) as url:
        ask(url, "CREATE TABLE kept (x int)")
    with pytest.raises(UnavailableError):
        Database(url).ping()
    with embedded_postgres(home) as url:
        ask(url, "SELECT x FROM kept")


STARTS = """
import sys, time
from pathlib import Path
from controller.adapters.postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1])):
    print("started", flush=True)
    time.sleep(600)
"""


def test_a_server_whose_controller_was_killed_is_taken_over_and_stopped(home: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", STARTS, str(home)], stdout=subprocess.PIPE, cwd=ROOT)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"started\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with embedded_postgres(home) as url:
        ask(url, "SELECT 1")
    with pytest.raises(UnavailableError):
        Database(url).ping()


def test_data_of_another_release_is_refused(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ConfigurationError, match="version"), embedded_postgres(home):
        pass


def test_a_home_that_is_no_folder_is_unavailable(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(UnavailableError), embedded_postgres(home / "file"):
        pass
