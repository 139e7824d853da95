"""The effect of a change: what would run and which governed files would differ.

The sorted list of (environment, agent, from, to) over plan digests and of (path, from, to)
over content digests of governance files and agent content. Two changes with one digest do
the same thing, whatever their commits; an approval covers a change when the digests agree.
"""

from dataclasses import dataclass

from controller.change.names import Digest, RepoPath, digest_of
from controller.desired_state.canonical import canonical_json
from controller.desired_state.manifest import Key


@dataclass(frozen=True, slots=True, order=True)
class PlanEffect:
    """What happens to one deployment; None is absent."""

    key: Key
    before: Digest | None
    after: Digest | None


@dataclass(frozen=True, slots=True, order=True)
class FileEffect:
    """What happens to one governance or agent file; None is absent."""

    path: RepoPath
    before: Digest | None
    after: Digest | None


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything a change does, sorted."""

    plans: tuple[PlanEffect, ...]
    files: tuple[FileEffect, ...]

    @property
    def digest(self) -> Digest:
        """SHA-256 over the canonical form of the effect."""
        document = {
            "plans": [[p.key.environment, p.key.agent, p.before, p.after] for p in sorted(self.plans, key=_plan_order)],
            "files": [[f.path, f.before, f.after] for f in sorted(self.files, key=lambda f: f.path)],
        }
        return digest_of(canonical_json(document))

    @property
    def is_empty(self) -> bool:
        """True when nothing that is governed or runs would differ."""
        return not self.plans and not self.files


def _plan_order(effect: PlanEffect) -> tuple[str, str]:
    return (effect.key.environment, effect.key.agent)
