"""Journal and ledger together, the real ones: killed at any point, and with many writers at once."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from controller.adapters.git_ledger import GitLedger, ensure_key, verify
from controller.adapters.postgres import Database, PostgresJournal
from controller.ledger.chain import verify_chain
from controller.ledger.event import EventType
from controller.ports.journal import Mark
from controller.workflow.seal import Sealer
from tests.adapters.postgres.watching import SetClock
from tests.fakes.events import event, sample_events

ROOT = Path(__file__).parents[3]

SEALS = """
import os, signal, sys
from pathlib import Path
from controller.adapters.git_ledger import GitLedger, ensure_key
from controller.adapters.postgres import Database, PostgresJournal
from controller.workflow.seal import Sealer
from tests.adapters.postgres.watching import SetClock
from tests.fakes.events import sample_events

class Killed:
    def __init__(self, inner, point):
        self.inner, self.point = inner, point
    def __getattr__(self, name):
        def call(*arguments):
            if self.point == "before " + name:
                os.kill(os.getpid(), signal.SIGKILL)
            result = getattr(self.inner, name)(*arguments)
            if self.point == "after " + name:
                os.kill(os.getpid(), signal.SIGKILL)
            return result
        return call

home, point = Path(sys.argv[1]), sys.argv[3]
journal = Killed(PostgresJournal(Database(sys.argv[2])), point)
ledger = Killed(GitLedger(home / "ledger.git", ensure_key(home / "key")), point)
Sealer(journal, ledger, SetClock()).sealed_now(sample_events(5, 4))
print("sealed")
"""

# A `git` that ends whoever called it, before or after it did what it was asked for.
GIT = """#!/bin/sh
case "$*" in *"{command}"*) {before} ;; esac
"{git}" "$@"
code=$?
case "$*" in *"{command}"*) {after} ;; esac
exit $code
"""


def sealer(home: Path, database: Database) -> Sealer:
    ledger = GitLedger(home / "ledger.git", ensure_key(home / "key"))
    return Sealer(PostgresJournal(database), ledger, SetClock())


def check(home: Path, database: Database, expected: int) -> None:
    """The ledger verifies, and holds each event once."""
    signers = home / "allowed_signers"
    signers.write_text(ensure_key(home / "key").allowed_signers.text)
    assert verify(home / "ledger.git", signers).entries == expected
    ledger = GitLedger(home / "ledger.git", ensure_key(home / "key"))
    entries = tuple(ledger.entries())
    assert verify_chain(entries, None) is None
    assert sorted(entry.event.id for entry in entries) == [each.id for each in sample_events(expected)]
    assert PostgresJournal(database).unsealed(10) == ()
    assert PostgresJournal(database).last_sealed() == entries[-1]


def end_while_sealing(home: Path, address: str, point: str, path: str | None = None) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SEALS, str(home), address, point],
        cwd=ROOT,
        env=os.environ | {"PATH": path or os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b""), ended.stderr.decode()


@pytest.mark.parametrize(
    "point",
    ["before record", "after record", "after unsealed", "before append", "after append", "before mark_sealed",
     "after mark_sealed"],
)  # fmt: skip
def test_a_process_killed_between_two_steps_leaves_nothing_half_done(
    tmp_path: Path, database: Database, address: str, point: str
) -> None:
    """ATTACKS 068."""
    sealer(tmp_path, database).sealed_now(sample_events(3))
    end_while_sealing(tmp_path, address, point)
    again = sealer(tmp_path, database)
    again.restore()
    again.sealed_now(sample_events(5, 4))
    check(tmp_path, database, 8)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("command", ["unpack-objects", "update-ref"])
def test_a_process_killed_while_git_writes_leaves_nothing_half_done(
    tmp_path: Path, database: Database, address: str, command: str, when: str
) -> None:
    """ATTACKS 068."""
    sealer(tmp_path, database).sealed_now(sample_events(3))
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    kill = {"before": ":", "after": ":"} | {when: "kill -9 $PPID"}
    program.write_text(GIT.format(command=command, git=shutil.which("git"), **kill))
    program.chmod(0o755)
    end_while_sealing(tmp_path, address, "nowhere", f"{program.parent}:{os.environ['PATH']}")
    sealer(tmp_path, database).seal()
    check(tmp_path, database, 8)


def test_ten_writers_of_a_hundred_events_each_make_one_chain(tmp_path: Path, database: Database) -> None:
    """ATTACKS 067: 1000 entries, linear, none lost or doubled; every second writer is a replica of its own."""
    shared = sealer(tmp_path, database)
    shared.seal()
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        own = shared if writer % 2 else sealer(tmp_path, database)
        try:
            for number in range(100):
                PostgresJournal(database).record([event(1 + 100 * writer + number)], [Mark("seal")])
                if number % 10 == 9:
                    own.seal()
        except Exception as error:  # noqa: BLE001 - a thread's outermost frame
            failures.append(error)

    writers = [Thread(target=write, args=(writer,)) for writer in range(10)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert failures == []
    check(tmp_path, database, 1000)


def test_a_deleted_database_comes_back_from_the_ledger(tmp_path: Path, database: Database) -> None:
    sealer(tmp_path, database).sealed_now(sample_events(20))
    with database.transaction() as connection:
        connection.exec_driver_sql("TRUNCATE journal")
    sealer(tmp_path, database).restore()
    assert PostgresJournal(database).find(frozenset(EventType)) == sample_events(20)
    check(tmp_path, database, 20)
