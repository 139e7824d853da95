"""What an agent is, as its definition states it and as `agent.json` carries it in a bundle.

One set of types for both sides: the translation writes them as JSON, the service reads them
back with pydantic, which checks every type on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input or output of a capability."""

    type: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True)
class Capability:
    """Something an agent can do, and the words that ask for it."""

    name: str
    description: str
    keywords: tuple[str, ...]
    inputs: Mapping[str, Parameter]
    outputs: Mapping[str, Parameter]

    @property
    def hands_off(self) -> bool:
        """True when its result is another agent: an output of type `agent`."""
        return any(output.type == "agent" for output in self.outputs.values())


@dataclass(frozen=True, slots=True)
class HandOff:
    """Work that belongs to another agent, and the words that tell it."""

    to: str
    when: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """Everything the service needs to know of the agent it is."""

    code: str
    name: str
    description: str
    version: str
    environment: str
    plan: str
    capabilities: tuple[Capability, ...]
    hand_offs: tuple[HandOff, ...]
    knowledge: tuple[str, ...]
