"""What a change proposes: two trees read, compared, and weighed into one effect."""

from dataclasses import dataclass

from controller.desired_state.difference import Difference
from controller.desired_state.effect import Effect
from controller.desired_state.problem import Problem
from controller.desired_state.state import DesiredState


@dataclass(frozen=True, slots=True)
class Proposal:
    """The same value from proposal to decision, ledger and deployer."""

    before: DesiredState
    after: DesiredState
    differences: tuple[Difference, ...]
    effect: Effect
    problems: tuple[Problem, ...]
    """The faults this change is answerable for: in files it touches, or broken by what it takes away."""
