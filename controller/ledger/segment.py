"""A segment: the file in which entries are sealed together, one per line.

It lies at ``ledger/<yyyy>/<mm>/<dd>/<first sequence>.jsonl``, named by its first entry. Each
line is the canonical bytes of one entry and a line feed; anything else is a fault at a line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from controller.errors import InputError
from controller.ledger.chain import verify_chain
from controller.ledger.entry import entry_bytes, read_entry
from controller.ledger.event import Entry

FOLDER = "ledger"

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class SegmentFault:
    """The first line of a segment that does not hold, and the sequence that belongs there."""

    line: int
    sequence: int
    expected: str
    found: str


def segment_path(first: Entry) -> str:
    """Return where the segment that begins with `first` lies."""
    at = first.event.at
    return f"{FOLDER}/{at.year:04}/{at.month:02}/{at.day:02}/{first.sequence:012}.jsonl"


def segment_bytes(entries: Sequence[Entry]) -> bytes:
    """Return the bytes of the segment that holds `entries`."""
    return b"".join(entry_bytes(entry) + b"\n" for entry in entries)


def read_segment(path: str, content: bytes, after: Entry | None) -> tuple[Entry, ...] | SegmentFault:
    """Return the entries of the segment `content` at `path`, if they follow `after`; else the first fault."""
    entries: list[Entry] = []
    for number, line in enumerate(_lines(content), start=1):
        last = entries[-1] if entries else after
        read = _read_line(line, last)
        if isinstance(read, tuple):
            return SegmentFault(number, _next(last), *read)
        entries.append(read)
    return _placed(path, tuple(entries), after)


def _lines(content: bytes) -> list[bytes]:
    """Return the lines with their ends, so that a missing one is seen."""
    return _LINE.findall(content)


def _read_line(line: bytes, last: Entry | None) -> Entry | tuple[str, str]:
    if not line.endswith(b"\n"):
        return ("a line that ends with one line feed", repr(line[-20:]))
    try:
        entry = read_entry(line[:-1])
    except InputError as error:
        return ("the canonical bytes of an entry", str(error))
    fault = verify_chain((entry,), last)
    return entry if fault is None else (fault.expected, fault.found)


def _placed(path: str, entries: tuple[Entry, ...], after: Entry | None) -> tuple[Entry, ...] | SegmentFault:
    if not entries:
        return SegmentFault(1, _next(after), "at least one entry", "an empty segment")
    expected = segment_path(entries[0])
    if path != expected:
        return SegmentFault(1, entries[0].sequence, f"its segment at {expected}", path)
    return entries


def _next(last: Entry | None) -> int:
    return 1 if last is None else last.sequence + 1
