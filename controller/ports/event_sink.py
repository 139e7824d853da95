"""Where sealed events go besides the ledger: a SIEM."""

from collections.abc import Sequence
from typing import Protocol

from controller.ledger.event import Entry


class EventSink(Protocol):
    """Takes entries in order, at least once, each recognisable by its event's id."""

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Hand over `entries`, oldest first. Raises `UnavailableError`: none may be counted as delivered."""
        ...
