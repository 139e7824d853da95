"""Where agents run: a target that starts, switches and stops them.

A deployment is made of an intent with a stable id: repeating a step with the same intent has
one effect. Every method raises `UnavailableError` when the target cannot be asked.
"""

from dataclasses import dataclass
from typing import Protocol

from controller.caat.bundle import Bundle
from controller.change.names import Digest
from controller.desired_state.manifest import Key


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be done: which plan, for which key, under which stable id."""

    id: str
    key: Key
    plan: Digest
    bundle: Digest


@dataclass(frozen=True, slots=True)
class Live:
    """What runs: the plan and the bundle it came from, and where it answers."""

    key: Key
    plan: Digest
    bundle: Digest
    intent: str
    instance: str
    endpoint: str
    is_healthy: bool


@dataclass(frozen=True, slots=True)
class Unhealthy:
    """A candidate that did not become healthy in time, or ended, and why."""

    reason: str


class Deployer(Protocol):
    """Runs agents on one kind of target."""

    def live(self, key: Key) -> Live | None:
        """Return what runs for `key`, found at the target itself, or None."""
        ...

    def start(self, intent: Intent, bundle: Bundle, timeout_seconds: int) -> Live | Unhealthy:
        """Start `bundle` beside what runs and wait until it is healthy; nothing is replaced yet.

        Refuses with `InputError` a bundle whose digest is not the intent's.
        """
        ...

    def switch(self, intent: Intent) -> Live:
        """Make the candidate of `intent` the one that runs, and stop the one before.

        Raises `StaleError` when `intent` has no healthy candidate and is not what runs.
        """
        ...

    def discard(self, intent: Intent) -> None:
        """Stop the candidate of `intent`; what ran before still runs."""
        ...

    def remove(self, key: Key) -> None:
        """Stop what runs for `key`; nothing to do when nothing does."""
        ...
