"""What one examination of `dvo doctor` is, and what it may return."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen to be well, and what could not be seen and is left to a person."""

    said: str
    caveat: str | None = None


Check = Callable[[], str | Seen]
"""Returns what was seen; raises one of our errors when it is not as it must be."""
