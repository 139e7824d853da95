"""Events become a chain of entries, and a chain is checked.

Each entry names its place and the digest of the one before, so nothing can be left out, put
in, moved or changed without the first such place being found. Who signed is not asked here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from controller.ledger.entry import entry_digest
from controller.ledger.event import Entry, Event

NO_ENTRY = "sha256:" + "0" * 64
"""What the first entry links to."""


class FaultKind(StrEnum):
    """What can be wrong with an entry's place."""

    GAP = "gap"
    ORDER = "order"
    LINK = "link"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first entry that does not hold, what was expected there, and what was found."""

    kind: FaultKind
    sequence: int
    expected: str
    found: str

    def __str__(self) -> str:
        return f"entry {self.sequence}: {self.kind}: expected {self.expected}, found {self.found}"


def chain(events: Iterable[Event], after: Entry | None) -> tuple[Entry, ...]:
    """Return `events` as the entries that follow `after`; None is the beginning of the ledger."""
    entries: list[Entry] = []
    for event in events:
        entries.append(_link(event, entries[-1] if entries else after))
    return tuple(entries)


def verify_chain(entries: Iterable[Entry], after: Entry | None) -> ChainFault | None:
    """Return the first fault of `entries` as what follows `after`, or None when they hold."""
    last = after
    for entry in entries:
        if (fault := _fault(entry, last)) is not None:
            return fault
        last = entry
    return None


def _link(event: Event, last: Entry | None) -> Entry:
    sequence, previous = _place_after(last)
    return Entry(sequence, previous, event, entry_digest(sequence, previous, event))


def _place_after(last: Entry | None) -> tuple[int, str]:
    return (1, NO_ENTRY) if last is None else (last.sequence + 1, last.digest)


def _fault(entry: Entry, last: Entry | None) -> ChainFault | None:
    sequence, previous = _place_after(last)
    if entry.sequence != sequence:
        kind = FaultKind.GAP if entry.sequence > sequence else FaultKind.ORDER
        return ChainFault(kind, sequence, f"sequence {sequence}", f"sequence {entry.sequence}")
    if entry.previous != previous:
        return ChainFault(FaultKind.LINK, sequence, f"a link to {previous}", entry.previous)
    digest = entry_digest(sequence, previous, entry.event)
    if entry.digest != digest:
        return ChainFault(FaultKind.DIGEST, sequence, digest, entry.digest)
    return None
