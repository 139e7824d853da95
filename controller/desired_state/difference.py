"""What differs between two desired states, deployment by deployment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.desired_state.manifest import Key, Version
from controller.desired_state.plan import Plan
from controller.desired_state.version import Precedence


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


def differences(before: Mapping[Key, Plan], after: Mapping[Key, Plan]) -> tuple[Difference, ...]:
    """Return every deployment whose plans differ, sorted by key."""
    found = (_difference(key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys()))
    return tuple(difference for difference in found if difference.kinds)


def _difference(key: Key, before: Plan | None, after: Plan | None) -> Difference:
    return Difference(key, before, after, tuple(_kinds(before, after)))


def _kinds(before: Plan | None, after: Plan | None) -> Iterator[Kind]:
    if before is None or after is None:
        yield Kind.ADDED if before is None else Kind.REMOVED
        return
    if before.digest == after.digest:
        return
    step = _step(before.manifest.version, after.manifest.version)
    if step is not None:
        yield step
    if before.replicas != after.replicas:
        yield Kind.RESCALED
    if (before.platform, before.regions) != (after.platform, after.regions):
        yield Kind.MOVED
    if _rest(before, step) != _rest(after, step):
        yield Kind.RECONFIGURED


def _step(before: Version, after: Version) -> Kind | None:
    """Return the direction by precedence; None where only build metadata or nothing differs."""
    old, new = Precedence(before), Precedence(after)
    if old == new:
        return None
    return Kind.UPGRADED if old < new else Kind.DOWNGRADED


def _rest(plan: Plan, step: Kind | None) -> object:
    """Return what no other kind speaks of; a new version brings its own release and digest."""
    manifest = plan.manifest
    release = (manifest.version, plan.release.digest, manifest.digest is not None) if step is None else None
    return (release, manifest.model, manifest.variables, manifest.secrets, manifest.rollout)
