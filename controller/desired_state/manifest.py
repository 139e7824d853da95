"""One agent deployment as its manifest states it: `environments/<env>/<agent>.yaml`.

The types of a manifest that was accepted. Reading bytes into them, with every fault at its
place, is `desired_state.reading`; the published schema is generated from the same models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from controller.change.names import Digest, RepoPath

AgentCode = NewType("AgentCode", str)
"""A code of the catalogue: an upper-case letter, then upper-case letters or digits, 2 to 16 in all."""
EnvironmentName = NewType("EnvironmentName", str)
"""A lower-case letter, then lower-case letters, digits or inner hyphens, 2 to 40 in all."""
Version = NewType("Version", str)
"""A semantic version (semver.org 2.0.0)."""


class Platform(StrEnum):
    """Where an agent can run."""

    LANGCHAIN = "langchain"
    FASTAPI = "fastapi"
    COPILOT_STUDIO = "copilot_studio"
    AZURE_FUNCTIONS = "azure_functions"


class RolloutStrategy(StrEnum):
    """How a new version replaces the old one."""

    ALL_AT_ONCE = "all_at_once"
    CANARY = "canary"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a deployment is called everywhere: an environment and an agent."""

    environment: EnvironmentName
    agent: AgentCode

    def __str__(self) -> str:
        """Return ``environment/AGENT``."""
        return f"{self.environment}/{self.agent}"


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """The bounds between which the platform may scale."""

    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Model:
    """The language model an agent uses."""

    provider: str
    name: str
    temperature: float


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a change goes out, and for how many seconds the new one may take to become healthy."""

    strategy: RolloutStrategy
    health_timeout_seconds: int
    auto_rollback: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """An accepted manifest; `lines` says where each field stands (``"model.name"`` -> 11)."""

    key: Key
    path: RepoPath
    version: Version
    digest: Digest | None
    platform: Platform
    replicas: int | Autoscaling
    regions: tuple[str, ...]
    model: Model | None
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    rollout: Rollout
    lines: Mapping[str, int]
