"""One Redis for the folder's tests, emptied before each."""

from collections.abc import Iterator

import pytest
import redis

from tests.redis_server import redis_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with redis_server() as address:
        yield address


@pytest.fixture
def address(server: str) -> str:
    with redis.Redis.from_url(server) as client:
        client.flushall()
    return server
