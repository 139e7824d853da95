"""The clock port on the machine's own clock."""

from datetime import UTC, datetime


class SystemClock:
    """Says what time the machine thinks it is."""

    def now(self) -> datetime:
        """Return the present, in UTC."""
        return datetime.now(UTC)
