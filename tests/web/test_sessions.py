"""A session lives as long as it should, in one browser, and nobody reads it in the store."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.adapters.session_memory import MemorySessions
from controller.identity.principal import PrincipalId
from controller.web.sessions import IDLE, LONGEST, SKEW, Flows, Session, Sessions, _Lock, is_same

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Clock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


class Glass(MemorySessions):
    """A store one can look into."""

    @property
    def content(self) -> dict[str, bytes]:
        return {key: value for key, (_, value) in self._kept.items()}

    @content.setter
    def content(self, content: dict[str, bytes]) -> None:
        self._kept = {key: (NOON + timedelta(days=1), value) for key, value in content.items()}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Glass:
    return Glass(clock)


@pytest.fixture
def sessions(store: Glass, clock: Clock) -> Sessions:
    return Sessions(store, clock)


ID = "aaaaaaaa-2222-3333-4444-555555555555"
DANA = Session(ID, PrincipalId(f"entra:{ID}"), NOON, NOON, None, "refresh-me-not")


def test_a_session_is_found_with_its_cookie_as_it_was_kept(sessions: Sessions) -> None:
    found = sessions.find(sessions.open(replace(DANA, mfa_at=NOON)))
    assert found is not None
    assert found.session == replace(DANA, mfa_at=NOON)


@pytest.mark.parametrize("change", [lambda text: "", lambda text: text[:-1], lambda text: text + "=", str.swapcase])
def test_any_other_cookie_opens_nothing(sessions: Sessions, change: object) -> None:
    assert callable(change)
    cookie = sessions.open(DANA)
    assert sessions.find(change(cookie)) is None
    assert sessions.end(change(cookie)) is None
    assert not sessions.update(change(cookie), DANA)
    assert sessions.find("ü" * 43) is None


def test_two_sign_ins_never_share_a_cookie_or_a_token(sessions: Sessions) -> None:
    one, other = sessions.open(DANA), sessions.open(DANA)
    found, another = sessions.find(one), sessions.find(other)
    assert found is not None
    assert another is not None
    assert one != other
    assert not is_same(found.csrf, another.csrf)


def test_the_store_shows_neither_who_is_signed_in_nor_a_token_nor_the_cookie(sessions: Sessions, store: Glass) -> None:
    cookie = sessions.open(DANA)
    [(place, kept)] = store.content.items()
    for secret in (DANA.subject, DANA.refresh_token, cookie, NOON.isoformat()):
        assert str(secret) not in place
        assert str(secret).encode() not in kept
    assert "refresh-me-not" not in repr(sessions.find(cookie))


def test_what_somebody_changed_in_the_store_opens_nothing(sessions: Sessions, store: Glass) -> None:
    mine, yours = sessions.open(DANA), sessions.open(replace(DANA, subject="bbbbbbbb-2222-3333-4444-555555555555"))
    (first, kept), (second, other) = store.content.items()
    for changed in ({first: other, second: kept}, {first: b"", second: b"short"}, {first: kept[:-1], second: kept}):
        store.content = changed
        assert (sessions.find(mine), sessions.find(yours)) == (None, None)


def test_an_unused_session_ends(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.open(DANA)
    clock.at += IDLE - timedelta(seconds=1)
    assert sessions.find(cookie) is not None
    clock.at += IDLE - timedelta(seconds=1)
    assert sessions.find(cookie) is not None
    clock.at += IDLE
    assert sessions.find(cookie) is None


def test_a_used_session_ends_after_a_working_day(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.open(DANA)
    while clock.at < NOON + LONGEST - timedelta(minutes=10):
        clock.at += timedelta(minutes=10)
        assert sessions.update(cookie, replace(DANA, checked_at=clock.at))
        assert (sessions.find(cookie) is not None) is (clock.at < NOON + LONGEST)
    clock.at = NOON + LONGEST
    assert sessions.find(cookie) is None


def test_a_session_from_the_future_ends_so_a_clock_set_back_prolongs_nothing(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.open(DANA)
    clock.at -= timedelta(days=1)
    assert sessions.find(cookie) is None
    clock.at += timedelta(days=1)
    assert sessions.find(cookie) is None


def test_a_replica_whose_clock_is_a_little_behind_ends_no_session(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.open(DANA)
    clock.at -= SKEW
    assert sessions.find(cookie) is not None


@pytest.mark.parametrize("form", [{}, {"subject": "x"}, asdict(DANA) | {"more": 1}])
def test_a_session_that_another_version_kept_opens_nothing(sessions: Sessions, store: Glass, form: object) -> None:
    cookie = sessions.open(DANA)
    [(place, _)] = store.content.items()
    sealed = _Lock.of(cookie, "session")
    assert sealed is not None
    store.content = {place: sealed.seal(json.dumps(form, default=str).encode())}
    assert sessions.find(cookie) is None


def test_an_ended_session_does_not_come_back(sessions: Sessions) -> None:
    cookie = sessions.open(DANA)
    assert sessions.end(cookie) == DANA
    assert not sessions.update(cookie, DANA)
    assert (sessions.find(cookie), sessions.end(cookie)) == (None, None)


def test_a_flow_is_found_once_in_its_browser_and_in_time(store: Glass, clock: Clock) -> None:
    flows = Flows(store)
    cookie, late = flows.begin(b"state"), flows.begin(b"late")
    assert b"state" not in b"".join(store.content.values())
    assert flows.end(flows.begin(b"other")) == b"other"
    assert (flows.end(cookie), flows.end(cookie), flows.end("nonsense")) == (b"state", None, None)
    clock.at += timedelta(minutes=10)
    assert flows.end(late) is None


def test_a_flow_is_no_session_and_a_session_no_flow(store: Glass, clock: Clock, sessions: Sessions) -> None:
    flows = Flows(store)
    assert sessions.find(flows.begin(b"{}")) is None
    assert flows.end(sessions.open(DANA)) is None
