"""Where the ledger lies: a signed, append-only sequence of segments."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from controller.ledger.event import Entry


class LedgerReader(Protocol):
    """Reads the ledger."""

    def head(self) -> Entry | None:
        """Return the newest entry, or None for an empty ledger.

        Raises `LedgerIntegrityError` when its signature or place does not hold, and
        `UnavailableError` when the store cannot be read.
        """
        ...

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries after sequence `after`, in order, each segment verified. Raises like `head`."""
        ...


class LedgerWriter(Protocol):
    """Appends to the ledger."""

    def append(self, entries: Sequence[Entry]) -> str:
        """Seal `entries` as one signed segment behind the head; return the commit id of the seal.

        Raises `LedgerIntegrityError` when they do not continue the chain, `StaleError` when
        somebody else appended first, `UnavailableError` when the store cannot be written.
        """
        ...
