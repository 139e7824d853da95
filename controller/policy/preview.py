"""What other policies would have made of the decisions that were taken: the preview of a change of policy."""

from dataclasses import dataclass

from controller.change.names import Digest
from controller.policy.replay import Direction, Flip


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    """The policies a change brings, replayed over recorded decisions."""

    revision: Digest
    replayed: int
    flips: tuple[Flip, ...]
    """Deny-to-allow first."""

    @property
    def loosens(self) -> bool:
        """Whether anything that was stopped or slowed would be so no more, or less."""
        return any(flip.direction is Direction.LOOSENED for flip in self.flips)

    @property
    def gist(self) -> tuple[tuple[str, str], ...]:
        """Whose decisions flip which way: what makes one preview another, however often it is made."""
        return tuple(sorted({(flip.decision.subject, flip.direction.value) for flip in self.flips}))
