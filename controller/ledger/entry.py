"""The bytes of events and entries: one canonical form, read back strictly.

An entry is RFC 8785 JSON; its digest is SHA-256 over schema, sequence, link and the digest of
the event, so that a chain can still be checked where an event itself may no longer be shown.
Reading accepts exactly the bytes that writing gives: no duplicate key, no NaN, no other
spelling of the same value. Whether entries follow one another is `chain`'s question.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from controller.change.names import Digest, digest, digest_of
from controller.change.strict_json import strict_json
from controller.desired_state.canonical import canonical_json
from controller.errors import InputError
from controller.ledger.event import Entry, Event, EventType, Severity
from controller.ledger.redaction import redacted, redacted_text

SCHEMA = "dvo.ledger/1"

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_EVENT_KEYS = frozenset({"id", "type", "at", "actor", "subject", "severity", "details"})
_ENTRY_KEYS = frozenset({"schema", "sequence", "previous", "event", "digest"})
_LONGEST_NAME = 500
_EXACT = 2**53 - 1


def admissible(event: Event) -> Event:
    """Return `event` as it may be recorded: checked, its details plain JSON without secrets.

    Raises `InputError` for what no entry can hold.
    """
    clean = replace(
        event,
        actor=redacted_text(event.actor),
        subject=redacted_text(event.subject),
        details=redacted(event.details),
    )
    return read_event(event_bytes(clean))


def event_bytes(event: Event) -> bytes:
    """Return the canonical bytes of `event`; `InputError` for what JSON cannot say exactly."""
    return canonical_json(_event_members(event))


def read_event(content: bytes) -> Event:
    """Return the event whose canonical bytes are `content`; `InputError` for any others."""
    event = _event(_members(content))
    _check_same(event_bytes(event), content)
    return event


def entry_digest(sequence: int, previous: str, event: Event) -> Digest:
    """Return the digest of `event` at place `sequence` behind the entry with digest `previous`."""
    return digest_of(
        canonical_json(
            {
                "schema": SCHEMA,
                "sequence": sequence,
                "previous": previous,
                "event": digest_of(event_bytes(event)),
            }
        )
    )


def entry_bytes(entry: Entry) -> bytes:
    """Return the canonical bytes of `entry`, without a line end."""
    return canonical_json(
        {
            "schema": SCHEMA,
            "sequence": entry.sequence,
            "previous": entry.previous,
            "event": _event_members(entry.event),
            "digest": entry.digest,
        }
    )


def read_entry(content: bytes) -> Entry:
    """Return the entry whose canonical bytes are `content`; `InputError` for any others."""
    members = _object(_members(content), _ENTRY_KEYS, "an entry")
    if members["schema"] != SCHEMA:
        raise InputError(f"expected the schema {SCHEMA}, got {str(members['schema'])[:80]!a}")
    sequence = members["sequence"]
    if type(sequence) is not int or sequence < 1:
        raise InputError(f"expected a sequence from 1 on, got {str(sequence)[:80]!a}")
    entry = Entry(
        sequence=sequence,
        previous=digest(_text(members, "previous")),
        event=_event(members["event"]),
        digest=digest(_text(members, "digest")),
    )
    _check_same(entry_bytes(entry), content)
    return entry


def _event_members(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type.value,
        "at": _written_time(event.at),
        "actor": event.actor,
        "subject": event.subject,
        "severity": event.severity.value,
        "details": event.details,
    }


def _written_time(at: datetime) -> str:
    """Return `at` in RFC 3339 with microseconds and ``Z``; only UTC is a ledger's time."""
    if at.utcoffset() != timedelta(0):
        raise InputError(f"expected a time in UTC, got {at.isoformat()}")
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _members(content: bytes) -> object:
    try:
        return strict_json(content.decode("utf-8"), parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise InputError(f"expected canonical JSON, got {content[:80]!a}: {str(error)[:200]}") from error


def _integer(text: str) -> int | float:
    """Return the number as JSON's double says it: integers beyond 2^53 - 1 were written from floats."""
    number = int(text)
    return number if abs(number) <= _EXACT else float(text)


def _event(value: object) -> Event:
    members = _object(value, _EVENT_KEYS, "an event")
    details = members["details"]
    if not isinstance(details, dict):
        raise InputError(f"expected an object as the details, got {type(details).__name__}")
    return Event(
        id=_identifier(_text(members, "id")),
        type=_one_of(EventType, _text(members, "type")),
        at=_read_time(_text(members, "at")),
        actor=_name(_text(members, "actor")),
        subject=_name(_text(members, "subject")),
        severity=_one_of(Severity, _text(members, "severity")),
        details=details,
    )


def _object(value: object, keys: frozenset[str], what: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or value.keys() != keys:
        found = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise InputError(f"expected {what} with the keys {sorted(keys)}, got {str(found)[:200]!a}")
    return value


def _text(members: Mapping[str, object], key: str) -> str:
    value = members[key]
    if not isinstance(value, str):
        raise InputError(f"expected text as {key}, got {type(value).__name__}")
    return value


def _identifier(text: str) -> str:
    if _UUID.fullmatch(text) is None:
        raise InputError(f"expected a UUID in lower case, got {text[:80]!a}")
    return text


def _name(text: str) -> str:
    """Return an actor or a subject: one short line, so that no index, log or page can be broken by it."""
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable():
        raise InputError(f"expected 1 to {_LONGEST_NAME} printable characters, got {text[:80]!a}")
    return text


_Member = TypeVar("_Member", bound=StrEnum)


def _one_of(members: type[_Member], text: str) -> _Member:
    try:
        return members(text)
    except ValueError as error:
        raise InputError(f"expected a known {members.__name__}, got {text[:80]!a}") from error


def _read_time(text: str) -> datetime:
    if _TIME.fullmatch(text) is None:
        raise InputError(f"expected a time like 2026-01-31T12:00:00.000000Z, got {text[:80]!a}")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"expected a time that exists, got {text}") from error


def _check_same(canonical: bytes, content: bytes) -> None:
    if canonical != content:
        raise InputError(f"expected the canonical bytes {canonical[:80]!a}, got {content[:80]!a}")
