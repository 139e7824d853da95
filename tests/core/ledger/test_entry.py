"""Entries have one sequence of bytes, read back strictly."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given

from controller.errors import InputError
from controller.ledger.chain import chain
from controller.ledger.entry import admissible, entry_bytes, entry_digest, event_bytes, read_entry, read_event
from controller.ledger.event import Entry, Event
from tests.fakes.events import EVENTS, event


def entry() -> Entry:
    return chain([event()], None)[0]


def test_an_entry_has_these_bytes_and_no_others() -> None:
    assert entry_bytes(entry()) == (
        b'{"digest":"sha256:a137d7f063ec0bfa8de38a7758b84786a77e24cd16049fdd3007e5b654552653",'
        b'"event":{"actor":"person/1001","at":"2026-11-21T09:01:00.000000Z",'
        b'"details":{"number":1,"rules":["mc-audit-all"]},"id":"00000000-0000-0000-0000-000000000001",'
        b'"severity":"info","subject":"pull/7","type":"policy.evaluated"},'
        b'"previous":"sha256:0000000000000000000000000000000000000000000000000000000000000000",'
        b'"schema":"dvo.ledger/1","sequence":1}'
    )


@given(EVENTS)
def test_what_is_written_is_read_back_the_same(something: Event) -> None:
    """ATTACKS 070: writing and reading is stable."""
    recorded = admissible(something)
    (written,) = chain([recorded], None)
    assert read_entry(entry_bytes(written)) == written
    assert entry_bytes(read_entry(entry_bytes(written))) == entry_bytes(written)
    assert read_event(event_bytes(recorded)) == recorded
    assert admissible(recorded) == recorded


def changed(**members: object) -> bytes:
    return json.dumps(json.loads(entry_bytes(entry())) | members).encode()


def changed_event(**members: object) -> bytes:
    whole = json.loads(entry_bytes(entry()))
    whole["event"] |= members
    return json.dumps(whole, separators=(",", ":"), sort_keys=True).encode()


GOOD = entry_bytes(entry())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "canonical JSON", id="nothing"),
        pytest.param(b"\xff", "canonical JSON", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "canonical JSON", id="nested too deep"),
        pytest.param(GOOD.replace(b'"number":1', b'"number":' + b"[" * 800 + b"]" * 800), "deep", id="nested deep"),
        pytest.param(GOOD.replace(b'"number":1', b'"number":NaN'), "NaN is no number of JSON", id="NaN"),
        pytest.param(GOOD.replace(b'"number":1', b'"number":-Infinity'), "no number of JSON", id="infinity"),
        pytest.param(GOOD.replace(b'"number":1', b'"number":1,"number":1'), "twice", id="duplicate key inside"),
        pytest.param(GOOD.replace(b'"sequence":1', b'"sequence":1,"sequence":1'), "twice", id="duplicate key"),
        pytest.param(GOOD.replace(b'"number":1', b'"number":1.0'), "canonical bytes", id="another spelling"),
        pytest.param(GOOD + b" ", "canonical bytes", id="a blank behind"),
        pytest.param(b"[]", "an entry with the keys", id="a list"),
        pytest.param(changed(more=1), "an entry with the keys", id="an unknown key"),
        pytest.param(changed(schema="dvo.ledger/2"), "the schema dvo.ledger/1", id="another schema"),
        pytest.param(changed(sequence=0), "a sequence from 1", id="sequence 0"),
        pytest.param(changed(sequence=True), "a sequence from 1", id="sequence true"),
        pytest.param(changed(sequence="1"), "a sequence from 1", id="sequence as text"),
        pytest.param(changed(digest="sha256:0"), "a digest", id="no digest"),
        pytest.param(changed(previous=None), "text as previous", id="no link"),
        pytest.param(changed_event(id="x"), "a UUID", id="no UUID"),
        pytest.param(changed_event(type="deploy.everything"), "a known EventType", id="unknown type"),
        pytest.param(changed_event(severity="loud"), "a known Severity", id="unknown severity"),
        pytest.param(changed_event(at="2026-11-21T09:01:00Z"), "a time like", id="no microseconds"),
        pytest.param(changed_event(at="2026-02-30T09:01:00.000000Z"), "a time that exists", id="no such day"),
        pytest.param(changed_event(details=[]), "an object as the details", id="details a list"),
        pytest.param(changed_event(actor=""), "printable", id="nobody"),
        pytest.param(changed_event(more=1), "an event with the keys", id="unknown key of the event"),
    ],
)
def test_anything_but_the_canonical_bytes_is_refused(content: bytes, message: str) -> None:
    """ATTACKS 070."""
    with pytest.raises(InputError, match=message):
        read_entry(content)


DEEP: dict[str, object] = {}
for _ in range(5_000):
    DEEP = {"": DEEP}


@pytest.mark.parametrize(
    "impossible",
    [
        pytest.param(event(id="not-a-uuid"), id="id"),
        pytest.param(event(at=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)), id="naive time"),
        pytest.param(event(at=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))), id="not in UTC"),
        pytest.param(event(subject="pull/7\nforged"), id="line end in the subject"),
        pytest.param(event(subject="pull/\x00"), id="NUL in the subject"),
        pytest.param(event(actor="x" * 501), id="actor too long"),
        pytest.param(event(details={"x": float("nan")}), id="NaN"),
        pytest.param(event(details={"x": 2**53}), id="integer JSON cannot say"),
        pytest.param(event(details={"x": "\ud800"}), id="lone surrogate"),
        pytest.param(event(details={"x": b"bytes"}), id="bytes"),
        pytest.param(event(details={1: "x"}), id="key that is no text"),
        pytest.param(event(details=DEEP), id="nested too deep"),
    ],
)
def test_what_no_entry_can_hold_is_not_recorded(impossible: Event) -> None:
    with pytest.raises(InputError):
        admissible(impossible)


def test_what_is_recorded_holds_no_secret() -> None:
    """ATTACKS 100, 103."""
    token = "ghs_" + "a1." * 170
    recorded = admissible(event(actor=f"person/{token}", subject=f"pull/{token}", details={"said": f"is {token}"}))
    assert "a1.a1" not in event_bytes(recorded).decode()
    assert recorded.details == {"said": "is [redacted]"}


def test_large_floats_are_read_as_what_they_were() -> None:
    assert admissible(event(details={"x": 1e20, "y": 1e21})).details == {"x": 1e20, "y": 1e21}


@pytest.mark.parametrize("changes", [{"sequence": 2}, {"previous": "sha256:" + "1" * 64}, {"event": event(2)}])
def test_the_digest_covers_place_link_and_event(changes: dict[str, object]) -> None:
    members: dict[str, object] = {"sequence": 1, "previous": entry().previous, "event": event()}
    assert entry_digest(**(members | changes)) != entry().digest  # type: ignore[arg-type]  # named above
