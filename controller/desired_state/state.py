"""Everything one tree wants: environments, deployments and agent releases.

What a file that could not be accepted wanted is unknown: it is listed in `problems`, and
whoever decides treats an unknown as a refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.desired_state.environment import Environment
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key, Manifest
from controller.desired_state.problem import Problem
from controller.desired_state.release import Release


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The accepted part of a tree, and the faults of the rest."""

    environments: Mapping[EnvironmentName, Environment]
    manifests: Mapping[Key, Manifest]
    releases: Mapping[AgentCode, Release]
    problems: tuple[Problem, ...]
