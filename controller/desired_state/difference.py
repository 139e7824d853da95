"""What differs between two desired states, deployment by deployment."""

from dataclasses import dataclass
from enum import StrEnum

from controller.desired_state.manifest import Key
from controller.desired_state.plan import Plan


class Kind(StrEnum):
    """What a change does to one deployment; several may hold at once."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    RESCALED = "rescaled"
    MOVED = "moved"
    RECONFIGURED = "reconfigured"


@dataclass(frozen=True, slots=True)
class Difference:
    """One deployment that differs; `kinds` is never empty."""

    key: Key
    before: Plan | None
    after: Plan | None
    kinds: tuple[Kind, ...]
