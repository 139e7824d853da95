"""A ledger in memory that keeps every promise of the port, without Git and signatures."""

import threading
from collections.abc import Iterator, Sequence

from controller.errors import LedgerIntegrityError, StaleError
from controller.ledger.chain import NO_ENTRY, verify_chain
from controller.ledger.event import Entry


class MemoryLedger:
    """Implements `LedgerReader` and `LedgerWriter`; `sealed` holds the segments."""

    def __init__(self) -> None:
        self.sealed: list[tuple[Entry, ...]] = []
        self._lock = threading.Lock()

    def head(self) -> Entry | None:
        return self.sealed[-1][-1] if self.sealed else None

    def entries(self, after: int = 0) -> Iterator[Entry]:
        for segment in tuple(self.sealed):
            yield from (entry for entry in segment if entry.sequence > after)

    def append(self, entries: Sequence[Entry]) -> str:
        with self._lock:
            head = self.head()
            if not entries:
                raise LedgerIntegrityError("nothing to seal")
            if verify_chain(entries, head) is not None:
                if head is not None and self._is_behind(entries[0], head):
                    raise StaleError("somebody else sealed first")
                raise LedgerIntegrityError("not a continuation")
            self.sealed.append(tuple(entries))
            return f"{len(self.sealed):040x}"

    def _is_behind(self, entry: Entry, head: Entry) -> bool:
        known = {NO_ENTRY, *(segment[-1].digest for segment in self.sealed)}
        return entry.sequence <= head.sequence and entry.previous in known
