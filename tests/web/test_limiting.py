"""Allowances are used up, come back, and are shared; a lost counter lets nobody through."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from limits.storage import RedisStorage

from controller.adapters.limit_memory import LimitMemory
from controller.adapters.system_clock import SystemClock
from controller.errors import UnavailableError
from controller.web.limiting import Allowance, Limits
from tests.redis_server import redis_server

Build = Callable[[], Limits]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with redis_server() as address:
        yield address


def over(address: str) -> Limits:
    return Limits(RedisStorage(address.replace("unix://", "redis+unix://"), wrap_exceptions=True), SystemClock())


@pytest.fixture(params=["memory", "redis"])
def limits(request: pytest.FixtureRequest, server: str) -> Limits:
    if request.param == "memory":
        return Limits(LimitMemory(), SystemClock())
    with redis.Redis.from_url(server) as client:
        client.flushall()
    return over(server)


@pytest.mark.parametrize(
    ("allowance", "amount", "seconds"),
    [
        (Allowance.SIGN_IN, 10, 60),
        (Allowance.TOKENS, 10, 60),
        (Allowance.FAILURES, 20, 900),
        (Allowance.DEPLOYMENTS, 100, 3600),
        (Allowance.AUDIT_QUERIES, 1000, 3600),
    ],
)
def test_an_allowance_is_as_large_as_promised(limits: Limits, allowance: Allowance, amount: int, seconds: int) -> None:
    assert [limits.take(allowance, "one") for _ in range(amount)] == [None] * amount
    wait = limits.take(allowance, "one")
    assert wait is not None
    assert seconds - 30 < wait <= seconds
    assert limits.take(allowance, "other") is None


def test_looking_uses_nothing(limits: Limits) -> None:
    assert [limits.look(Allowance.SIGN_IN, "one") for _ in range(50)] == [None] * 50
    for _ in range(10):
        limits.take(Allowance.SIGN_IN, "one")
    assert limits.look(Allowance.SIGN_IN, "one") is not None


def test_two_replicas_count_together(server: str) -> None:
    one, other = over(server), over(server)
    taken = [replica.take(Allowance.SIGN_IN, "shared") for _ in range(5) for replica in (one, other)]
    assert taken == [None] * 10
    assert one.take(Allowance.SIGN_IN, "shared") is not None
    assert other.take(Allowance.SIGN_IN, "shared") is not None


def test_a_wait_is_told_sanely_whatever_the_clock_says() -> None:
    class Wrong:
        def now(self) -> datetime:
            return datetime(2036, 1, 1, tzinfo=UTC)

    limits = Limits(LimitMemory(), Wrong())
    for _ in range(10):
        limits.take(Allowance.SIGN_IN, "one")
    assert limits.take(Allowance.SIGN_IN, "one") == 1


def test_a_lost_counter_lets_nobody_through(tmp_path: Path) -> None:
    storage = RedisStorage(f"redis+unix://:hunter2-and-more@{tmp_path}/none", wrap_exceptions=True)
    limits = Limits(storage, SystemClock())
    for ask in (limits.take, limits.look):
        with pytest.raises(UnavailableError) as caught:
            ask(Allowance.SIGN_IN, "one")
        assert "hunter2" not in str(caught.value)


def test_strangers_cannot_fill_the_memory_and_what_counts_longest_stays() -> None:
    storage = LimitMemory(most=50)
    limits = Limits(storage, SystemClock())
    for _ in range(100):
        limits.take(Allowance.DEPLOYMENTS, "dana")
    for _ in range(20):
        limits.take(Allowance.FAILURES, "attacker")
    for number in range(1000):
        assert limits.take(Allowance.SIGN_IN, f"2001:db8:{number:x}::/64") is None
    assert len(storage.events) <= 50
    assert limits.look(Allowance.DEPLOYMENTS, "dana") is not None
    assert limits.look(Allowance.FAILURES, "attacker") is not None


def test_many_threads_share_a_memory_that_is_always_full() -> None:
    limits = Limits(LimitMemory(most=3), SystemClock())
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: limits.take(Allowance.SIGN_IN, f"{number % 7}"), range(3000)))
    assert None in taken
