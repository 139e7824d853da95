"""Which moments can be told to everybody: a date that only one of its readers can hold judges nothing.

Rego counts nanoseconds since 1970 in 64 bits and so reaches from 1677 into 2262; Python's calendar
ends with the year 9999, where to see a moment in another zone is an error.
"""

from datetime import UTC, datetime

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(2262, 1, 1, tzinfo=UTC)
"""The first moment that is too late."""


def can_be_told(moment: datetime) -> bool:
    """Return whether every reader can hold `moment`, which has a zone."""
    return FIRST <= moment < END
