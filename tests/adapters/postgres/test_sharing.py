"""Marks given at the same time: one write for many, and nobody is told that it is done before it is."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from controller.adapters.postgres import Database, PostgresWorkQueue
from controller.adapters.postgres.sharing import Sharing
from controller.errors import InputError, UnavailableError
from controller.ports.journal import Mark

SECONDS = 20


class Slow:
    """A write that ends when it is told to, and fails when it is told to."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.error: Exception | None = None

    def __call__(self, marks: Sequence[Mark]) -> None:
        self.begun.release()
        assert self.may_end.acquire(timeout=SECONDS)
        if self.error is not None:
            raise self.error
        self.written.append([mark.key for mark in marks])


class Crowd:
    """Several callers, of whom the first is being written while the others come."""

    def __init__(self, slow: Slow, pool: ThreadPoolExecutor) -> None:
        self.slow = slow
        self.arrived = threading.Semaphore(0)
        self.sharing = Sharing(slow)
        self.first = pool.submit(self.sharing.put, [Mark("pull/0")])
        assert slow.begun.acquire(timeout=SECONDS)
        self.others = [pool.submit(self.put, number) for number in range(1, 4)]
        for _ in self.others:
            assert self.arrived.acquire(timeout=SECONDS)
        until(lambda: len(self.sharing._open.marks) == 3)  # noqa: SLF001 - nothing else tells that they joined

    def put(self, number: int) -> None:
        self.arrived.release()
        self.sharing.put([Mark(f"pull/{number}")])


def until(condition: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(SECONDS * 100):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it never came about")


def ended(futures: Sequence[Future[None]]) -> list[type[BaseException] | None]:
    errors = [future.exception(timeout=SECONDS) for future in futures]
    return [None if error is None else type(error) for error in errors]


def test_who_comes_during_a_write_is_written_by_the_next_one() -> None:
    slow = Slow()
    with ThreadPoolExecutor(8) as pool:
        crowd = Crowd(slow, pool)
        assert not any(future.done() for future in (crowd.first, *crowd.others))
        slow.may_end.release()
        assert ended([crowd.first]) == [None]
        assert slow.begun.acquire(timeout=SECONDS)
        assert not any(future.done() for future in crowd.others)
        slow.may_end.release()
        assert ended(crowd.others) == [None, None, None]
    first, second = slow.written
    assert (first, sorted(second)) == (["pull/0"], ["pull/1", "pull/2", "pull/3"])


@pytest.mark.parametrize(
    "error", [UnavailableError("down", component="database"), InputError("no"), ZeroDivisionError()]
)
def test_nobody_whose_write_failed_is_told_that_it_is_done(error: Exception) -> None:
    slow = Slow()
    with ThreadPoolExecutor(8) as pool:
        crowd = Crowd(slow, pool)
        slow.may_end.release()
        assert ended([crowd.first]) == [None]
        assert slow.begun.acquire(timeout=SECONDS)
        slow.error = error
        slow.may_end.release()
        how = ended(crowd.others)
        assert sorted(map(str, how)) == sorted(map(str, [type(error), UnavailableError, UnavailableError]))
        slow.error = None
        slow.may_end.release()
        crowd.sharing.put([Mark("pull/9")])
    assert slow.written[-1] == ["pull/9"]


def test_many_at_once_are_all_kept(database: Database) -> None:
    queue = PostgresWorkQueue(database)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: queue.mark([Mark(f"pull/{number % 50}"), Mark("main")]), range(200)))
    assert queue.waiting() == 51
