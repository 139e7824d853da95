"""An environment as `environments/<env>/environment.yaml` states it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.change.names import RepoPath
from controller.desired_state.manifest import EnvironmentName, Platform


class Tier(StrEnum):
    """How much an environment matters; later ones are stricter."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class DriftMode(StrEnum):
    """What happens when live differs from the newest admitted state."""

    HEAL = "heal"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class FreezeWindow:
    """A time in which nothing goes out; both ends are instants, the end exclusive."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Environment:
    """An accepted environment; `platforms` names the target that runs each platform."""

    name: EnvironmentName
    path: RepoPath
    tier: Tier
    time_zone: str
    """A name of the IANA time zone database."""
    platforms: Mapping[Platform, str]
    """Runtime of each platform, for example ``{"fastapi": "process"}``."""
    freeze_windows: tuple[FreezeWindow, ...]
    drift: DriftMode
    lines: Mapping[str, int]
