"""How a running agent is asked something."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent made of an input: the capability it chose, what it answered, to whom it handed it."""

    capability: str | None
    text: str
    hand_off: str | None = None


class AgentClient(Protocol):
    """Invokes an agent at its endpoint."""

    def invoke(self, endpoint: str, text: str) -> Reply:
        """Return the agent's reply to `text`. Raises `UnavailableError` when it gives none."""
        ...
