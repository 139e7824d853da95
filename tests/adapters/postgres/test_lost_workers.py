"""Workers and databases that go away: what they leave behind is looked at all the same."""

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from controller.adapters.postgres import Database, PostgresWorkQueue, TroubleKind
from controller.ports.journal import Mark
from tests.adapters.postgres.watching import Looks, eventually, is_healthy, rows, working

DOOMED = """
import sys, time
from datetime import UTC, datetime
from controller.adapters.postgres import Database, Worker
from tests.adapters.postgres.watching import QUICK, SetClock

def look(key):
    if key == "pull/1":
        print("looking", flush=True)
        time.sleep(600)

Worker(Database(sys.argv[1]), look, print, SetClock(), QUICK).start()
time.sleep(600)
"""


def test_the_key_of_a_killed_worker_is_looked_at_by_another(
    database: Database, address: str, queue: PostgresWorkQueue, looks: Looks
) -> None:
    queue.mark([Mark("pull/1")])
    doomed = subprocess.Popen(
        [sys.executable, "-c", DOOMED, address], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"looking\n"
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    with working(database, looks, looks.troubles.append):
        eventually(lambda: looks.count("pull/1") == 1)
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == 0)
    assert [each.kind for each in looks.troubles if each.key == "pull/1"] == [TroubleKind.RETRIED]


def test_a_worker_comes_back_when_the_database_does(database: Database, queue: PostgresWorkQueue, looks: Looks) -> None:
    with working(database, looks, looks.troubles.append) as worker:
        eventually(lambda: is_healthy(worker))
        rows(
            database,
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'",
        )
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1"))
        eventually(lambda: is_healthy(worker))


_UNENDED = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id)
    SELECT 'dvo', 'dvo.look', 'pull/1', 'pull/1', '{"key": "pull/1"}', 'doing', max(id) FROM procrastinate_workers
"""


def test_a_job_whose_end_could_not_be_written_is_looked_at_again(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    """Its worker lives, so nobody would take it for stalled."""
    with working(database, looks, looks.troubles.append) as worker:
        eventually(lambda: is_healthy(worker))
        with database.transaction() as connection:
            connection.execute(text(_UNENDED))
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1"))


_ENDED = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
    VALUES ('dvo', 'dvo.look', '{"key": "pull/1"}', 'failed'),
           ('dvo', 'dvo.wake', '{"key": "pull/2", "not_before": null}', 'doing')
"""


def test_jobs_that_ended_badly_are_looked_at_again(database: Database, looks: Looks) -> None:
    with database.transaction() as connection:
        connection.execute(text(_ENDED))
    with working(database, looks, looks.troubles.append):
        eventually(lambda: {"pull/1", "pull/2"} <= set(looks.seen))
    assert [each.key for each in looks.troubles] == ["pull/1"]


def test_a_process_that_is_gone_leaves_no_worker_behind(database: Database, looks: Looks) -> None:
    with working(database, looks, looks.troubles.append):
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_workers") == 1)
    assert rows(database, "SELECT count(*) FROM procrastinate_workers") == 0
