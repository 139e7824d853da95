"""What time it is."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The one source of the present."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC. Raises nothing."""
        ...
