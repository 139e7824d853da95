"""Whoever wants to see what is asked of the sandboxes of this process, and what they answer.

For tests that hold every call against GitHub's description, whoever makes it; a call that planned trouble kept from
happening is not seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One REST call and its answer, before any trouble befell that."""

    method: str
    path: str
    """Below the API root."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Of the request, their names in lower case."""
    sent: bytes
    status: int
    answered: bytes


Witness = Callable[[Seen], None]
WITNESSES: list[Witness] = []
"""Told of every call, in the thread of the server."""
