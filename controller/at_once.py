"""Reads that do not depend on each other, made at the same time."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

Found = TypeVar("Found")


def all_at_once(pool: Executor, *reads: Callable[[], Found]) -> list[Found]:
    """Return the results of `reads`, made at the same time. Raises what the first failing one raised.

    Those that have not begun by then are not made, so nothing may hang on each of them being tried.
    """
    if len(reads) < 2:
        return [read() for read in reads]
    running = [pool.submit(read) for read in reads]
    try:
        return [future.result() for future in running]
    finally:
        for future in running:
            future.cancel()
