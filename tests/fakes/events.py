"""Events for tests: a numbered sample, and what hypothesis may make of one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from controller.ledger.event import Event, EventType, Severity

_START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.builds(
    Event,
    id=st.uuids().map(str),
    type=st.sampled_from(EventType),
    at=st.datetimes(timezones=st.just(UTC)),
    actor=st.sampled_from(["dvo", "person/1001"]),
    subject=st.sampled_from(["pull/7", "production/ANL"]),
    severity=st.sampled_from(Severity),
    details=st.dictionaries(_TEXT, JSON_VALUES, max_size=3),
)


def event(number: int = 1, **changes: object) -> Event:
    """Return the `number`th sample event, changed as named."""
    members: dict[str, object] = {
        "id": str(UUID(int=number)),
        "type": EventType.POLICY_EVALUATED,
        "at": _START + timedelta(minutes=number),
        "actor": "person/1001",
        "subject": "pull/7",
        "severity": Severity.INFO,
        "details": {"rules": ["mc-audit-all"], "number": number},
    }
    return Event(**(members | changes))  # type: ignore[arg-type]  # the members are named by the tests


def sample_events(count: int, start: int = 1) -> tuple[Event, ...]:
    """Return `count` sample events, numbered from `start`."""
    return tuple(event(number) for number in range(start, start + count))
