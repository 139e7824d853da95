"""What every session store promises; each one's test class inherits these."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from controller.ports.session_store import SessionStore

HOUR = timedelta(hours=1)

Pass = Callable[[timedelta], None]
"""Lets time go by, as the store sees it."""


class SessionStoreContract:
    """Give fixtures `store` (empty) and `let_pass`."""

    def test_a_value_is_kept_and_nothing_else_is(self, store: SessionStore) -> None:
        store.put("a", b"\x00one", HOUR)
        assert (store.get("a"), store.get("b"), store.take("b")) == (b"\x00one", None, None)

    def test_a_value_gives_way_to_a_newer_one(self, store: SessionStore) -> None:
        store.put("a", b"one", HOUR)
        store.put("a", b"two", HOUR)
        assert store.get("a") == b"two"

    def test_what_was_taken_is_gone(self, store: SessionStore) -> None:
        store.put("a", b"one", HOUR)
        assert (store.take("a"), store.take("a"), store.get("a")) == (b"one", None, None)

    def test_of_many_who_take_one_gets_it(self, store: SessionStore) -> None:
        store.put("a", b"one", HOUR)
        with ThreadPoolExecutor(16) as pool:
            assert sorted(pool.map(lambda _: store.take("a") is not None, range(64)))[-2:] == [False, True]

    def test_a_value_ends_by_itself(self, store: SessionStore, let_pass: Pass) -> None:
        store.put("a", b"one", timedelta(milliseconds=300))
        store.put("b", b"two", HOUR)
        let_pass(timedelta(milliseconds=350))
        assert (store.get("a"), store.take("a"), store.get("b")) == (None, None, b"two")

    def test_what_is_renewed_lives_on(self, store: SessionStore, let_pass: Pass) -> None:
        store.put("a", b"one", timedelta(milliseconds=300))
        assert store.renew("a", HOUR)
        let_pass(timedelta(milliseconds=350))
        assert store.get("a") == b"one"

    def test_what_ended_is_neither_renewed_nor_replaced(self, store: SessionStore) -> None:
        store.put("a", b"one", HOUR)
        assert store.replace("a", b"two", HOUR)
        assert store.take("a") == b"two"
        assert (store.renew("a", HOUR), store.replace("a", b"three", HOUR), store.get("a")) == (False, False, None)

    def test_a_store_that_is_there_answers(self, store: SessionStore) -> None:
        store.ping()
