"""The worker: every mark leads to a look, one at a time per key, whatever happens in between."""

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Lock

import pytest
from sqlalchemy import text

from controller.adapters.postgres import Database, Pace, Patience, PostgresWorkQueue, TroubleKind
from controller.adapters.postgres.queue import put_marks
from controller.errors import LedgerIntegrityError, StaleError, UnavailableError
from controller.ports.journal import Mark
from tests.adapters.postgres.watching import QUICK, Looks, SetClock, eventually, is_healthy, rows, working


def has_jobs(database: Database, number: int) -> bool:
    return rows(database, "SELECT count(*) FROM procrastinate_jobs") == number


def test_a_marked_key_is_looked_at(database: Database, queue: PostgresWorkQueue, looks: Looks) -> None:
    queue.mark([Mark("pull/1")])
    with working(database, looks, looks.troubles.append) as worker:
        queue.mark([Mark("pull/2")])
        eventually(lambda: {"pull/1", "pull/2", "sweep"} <= set(looks.seen))
        eventually(lambda: is_healthy(worker))
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs") == 0)
    assert looks.troubles == []
    with pytest.raises(UnavailableError):
        worker.ping()


def test_the_first_sweep_is_of_everything_and_those_that_follow_again_and_again_of_what_changed(
    database: Database, looks: Looks
) -> None:
    with working(database, looks, looks.troubles.append, pace=Pace(tick_seconds=0.05, sweep_seconds=0.1)):
        eventually(lambda: looks.count("changes") >= 3)
    assert looks.count("sweep") == 1


def test_one_key_is_looked_at_by_one_worker_at_a_time(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    inside, most, lock = Counter[str](), Counter[str](), Lock()

    def look(key: str) -> None:
        with lock:
            inside[key] += 1
            most[key] = max(most[key], inside[key])
        looks(key)
        with lock:
            inside[key] -= 1

    with working(database, look, looks.troubles.append), working(database, look, looks.troubles.append):
        for _ in range(100):
            queue.mark([Mark("pull/1"), Mark("pull/2")])
        eventually(lambda: looks.count("pull/1") and looks.count("pull/2"))
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs") == 0)
    assert max(most.values()) == 1


def test_a_mark_made_during_a_look_leads_to_another_look(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    began, go_on = Event(), Event()

    def look(key: str) -> None:
        looks(key)
        if key == "pull/1" and looks.count(key) == 1:
            began.set()
            go_on.wait(30)

    with working(database, look, looks.troubles.append):
        queue.mark([Mark("pull/1")])
        assert began.wait(30)
        for _ in range(100):
            queue.mark([Mark("pull/1")])
        go_on.set()
        eventually(lambda: looks.count("pull/1") == 2)
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs") == 0)
    assert looks.count("pull/1") == 2


def test_a_thousand_marks_cost_a_look_at_once_and_one_for_each_spell_they_last(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    apart = 0.5
    began = time.monotonic()
    with working(database, looks, looks.troubles.append, pace=replace(QUICK, apart_seconds={"pull": apart})):
        for number in range(1000):
            queue.mark([Mark("pull/1")])
            if number == 0:
                eventually(lambda: looks.count("pull/1") == 1)
        lasted = time.monotonic() - began
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs") == 0)
        assert 2 <= looks.count("pull/1") <= 2 + lasted / apart
        queue.mark([Mark("pull/2"), Mark("main")])
        eventually(lambda: looks.count("pull/2") and looks.count("main"))
    assert looks.troubles == []


def test_no_look_misses_what_was_written_with_its_mark(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    """A mark that coalesces with a waiting job holds the job until what it marks can be seen."""
    seen: list[int] = []

    def look(key: str) -> None:
        looks(key)
        if key == "seal":
            seen.append(rows(database, "SELECT count(*) FROM index_facts"))

    queue.mark([Mark("seal")])
    with ExitStack() as after:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO index_facts VALUES ('written', 'with the mark')"))
            put_marks(connection, [Mark("seal")])
            after.enter_context(working(database, look, looks.troubles.append))
            queue.mark([Mark("pull/1")])
            eventually(lambda: looks.count("sweep") and looks.count("pull/1"))
            assert seen == []
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs") == 0)
    assert seen == [1]


def test_a_timer_neither_blocks_nor_hides_a_mark(database: Database, queue: PostgresWorkQueue, looks: Looks) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    queue.mark([Mark("pull/1", later + timedelta(days=1)), Mark("pull/1", later)])
    clock = SetClock()
    with working(database, looks, looks.troubles.append, clock):
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1"))
        for fired, left in enumerate((2, 1, 0)):
            clock.at = later + timedelta(days=fired - 1)
            eventually(partial(has_jobs, database, left))
            assert looks.count("pull/1") == 1 + fired


def test_a_timer_goes_by_the_controllers_clock_not_the_databases(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    """A clock that stands on a Saturday long ago must not make a timer for its Monday fire at once, or in a loop."""
    saturday = datetime(2020, 1, 4, 12, tzinfo=UTC)
    clock = SetClock(saturday)
    queue.mark([Mark("deployment/production/ANL", saturday + timedelta(days=2))])
    with working(database, looks, looks.troubles.append, clock):
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1"))
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs WHERE scheduled_at > now()") == 1)
        assert looks.count("deployment/production/ANL") == 0
        clock.at = saturday + timedelta(days=2)
        eventually(lambda: looks.count("deployment/production/ANL") == 1)


@pytest.mark.parametrize("error", [UnavailableError("down", component="github"), StaleError("moved")])
def test_an_outage_is_waited_for_without_end(
    database: Database, queue: PostgresWorkQueue, looks: Looks, error: BaseException
) -> None:
    looks.fails["pull/1"] = [error] * 6
    with working(database, looks, looks.troubles.append):
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1") == 7)
        eventually(lambda: rows(database, "SELECT count(*) FROM setbacks") == 0)
    assert [(each.kind, each.attempts) for each in looks.troubles] == [(TroubleKind.RETRIED, n) for n in range(1, 7)]


def test_a_mark_does_not_wait_for_the_next_try(database: Database, queue: PostgresWorkQueue, looks: Looks) -> None:
    looks.fails["pull/1"] = [UnavailableError("wait", component="github", retry_after_seconds=3600)]
    with working(database, looks, looks.troubles.append):
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.troubles)
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1") == 2)


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError(), MemoryError(), KeyError("x")])
def test_a_poisoned_key_is_parked_and_the_others_flow(
    database: Database, queue: PostgresWorkQueue, looks: Looks, error: BaseException
) -> None:
    """ATTACKS 047: it survives a restart, too."""
    looks.fails["pull/1"] = [error] * 99
    with working(database, looks, looks.troubles.append):
        queue.mark([Mark("pull/1"), Mark("pull/2")])
        eventually(lambda: [each.kind for each in looks.troubles][-1:] == [TroubleKind.PARKED])
    with working(database, looks, looks.troubles.append):
        queue.mark([Mark("pull/1"), Mark("pull/3")])
        eventually(lambda: looks.count("pull/3"))
        eventually(lambda: rows(database, "SELECT count(*) FROM procrastinate_jobs WHERE scheduled_at IS NULL") == 0)
    assert looks.count("pull/1") == 3
    assert [each.attempts for each in looks.troubles] == [1, 2, 3]


def test_a_parked_key_gets_another_try_and_is_free_when_it_succeeds(
    database: Database, queue: PostgresWorkQueue, looks: Looks
) -> None:
    looks.fails["pull/1"] = [ValueError("x")] * 4
    patience = Patience(first_seconds=0.01, attempts=2, parked_seconds=0.2)
    with working(database, looks, looks.troubles.append, pace=Pace(tick_seconds=0.05, patience=patience)):
        queue.mark([Mark("pull/1")])
        eventually(lambda: looks.count("pull/1") == 5)
        eventually(lambda: rows(database, "SELECT count(*) FROM setbacks") == 0)
    assert [each.kind.value for each in looks.troubles] == ["retried", "parked", "parked", "parked"]


def test_a_ledger_that_does_not_hold_halts_the_work(database: Database, queue: PostgresWorkQueue, looks: Looks) -> None:
    looks.fails["main"] = [LedgerIntegrityError("no")]
    with working(database, looks, looks.troubles.append) as worker:
        queue.mark([Mark("main")])
        eventually(lambda: [each.kind for each in looks.troubles] == [TroubleKind.HALTED])
        eventually(lambda: not worker._thread.is_alive())  # noqa: SLF001 - no other way to see that it ended
        queue.mark([Mark("pull/1")])
        with pytest.raises(UnavailableError, match="halted"):
            worker.ping()
    assert looks.count("pull/1") == 0


def test_stopping_waits_for_the_look_that_runs(database: Database, queue: PostgresWorkQueue, looks: Looks) -> None:
    began, ended = Event(), Event()

    def look(key: str) -> None:
        looks(key)
        if key == "pull/1":
            began.set()
            time.sleep(0.2)
            ended.set()

    with working(database, look, looks.troubles.append):
        queue.mark([Mark("pull/1")])
        assert began.wait(30)
    assert ended.is_set()
    assert rows(database, "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'todo'") == 0


def test_a_worker_stopped_at_once_ends(database: Database, looks: Looks) -> None:
    for _ in range(5):
        with working(database, looks, looks.troubles.append) as worker:
            pass
        assert not worker._thread.is_alive()  # noqa: SLF001 - no other way to see that it ended
