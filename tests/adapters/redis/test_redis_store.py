"""The session store on a real Redis keeps the contract, and says so when there is none."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from traceback import format_exception

import pytest
import redis

from controller.adapters.redis_store import RedisSessions
from controller.errors import ConfigurationError, UnavailableError
from tests.contracts.session_store import Pass, SessionStoreContract


@pytest.fixture
def store(address: str) -> Iterator[RedisSessions]:
    store = RedisSessions(address)
    yield store
    store.close()


@pytest.fixture
def let_pass(address: str) -> Pass:
    def let_pass(duration: timedelta) -> None:
        with redis.Redis.from_url(address) as client:
            began = _microseconds(client)
            while _microseconds(client) - began < duration / timedelta(microseconds=1):
                pass

    return let_pass


def _microseconds(client: redis.Redis) -> int:
    seconds, microseconds = client.time()
    return int(seconds * 1_000_000 + microseconds)


class TestRedisSessions(SessionStoreContract):
    """The contract."""


def test_two_replicas_share_what_is_kept(address: str) -> None:
    one, other = RedisSessions(address), RedisSessions(address)
    one.put("a", b"one", timedelta(minutes=1))
    assert other.take("a") == b"one"
    assert one.get("a") is None
    one.close()
    other.close()


@pytest.mark.parametrize("method", ["put", "get", "take", "renew", "replace", "ping"])
def test_no_redis_is_an_unavailable_part_and_no_password_is_told(tmp_path: Path, method: str) -> None:
    store = RedisSessions(f"unix://:hunter2-and-more@{tmp_path}/none")
    life = timedelta(minutes=1)
    arguments = {"put": ("a", b"", life), "renew": ("a", life), "replace": ("a", b"", life), "ping": ()}
    with pytest.raises(UnavailableError) as caught:
        getattr(store, method)(*arguments.get(method, ("a",)))
    assert caught.value.component == "redis"
    assert "hunter2" not in str(caught.value)
    store.close()


@pytest.mark.parametrize(
    "url",
    ["redis://:hunter/2@host:6379", "redis://:hunter#2@host", "redis://:hun[ter]2@host", "redis://host?db=hunter"],
)
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"REDIS_URL: .* percent-encoded") as caught:
        RedisSessions(url)
    assert "hun" not in "".join(format_exception(caught.value))
