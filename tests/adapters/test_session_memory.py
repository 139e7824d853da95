"""The session store in memory keeps the contract, and strangers cannot fill it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from controller.adapters.session_memory import MemorySessions
from tests.contracts.session_store import Pass, SessionStoreContract


@dataclass
class _Clock:
    at: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def store(clock: _Clock) -> MemorySessions:
    return MemorySessions(clock)


@pytest.fixture
def let_pass(clock: _Clock) -> Pass:
    def let_pass(duration: timedelta) -> None:
        clock.at += duration

    return let_pass


class TestMemorySessions(SessionStoreContract):
    """The contract."""


def test_a_flood_of_values_that_end_soon_does_not_push_out_the_others(store: MemorySessions) -> None:
    store.put("session", b"kept", timedelta(hours=8))
    for number in range(25_000):
        store.put(f"flood-{number}", b"", timedelta(minutes=10))
    assert store.get("session") == b"kept"
    assert sum(store.get(f"flood-{number}") is not None for number in range(25_000)) <= 10_000
