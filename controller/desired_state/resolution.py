"""Manifests -> plans: which release stands behind each version and digest.

A version means the release that was published under it, else the one in the tree. A digest,
required outside development, must be that release's own. What was published never changes:
a tree that holds other files under a published version is at fault itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from controller.desired_state.manifest import AgentCode, Key, Manifest, Version
from controller.desired_state.plan import Plan
from controller.desired_state.problem import Problem
from controller.desired_state.release import PublishedRelease, Release
from controller.desired_state.state import DesiredState


@dataclass(frozen=True, slots=True)
class Resolution:
    """The plan of every manifest that has one, and why the others have none."""

    plans: Mapping[Key, Plan]
    problems: tuple[Problem, ...]


def resolve(
    state: DesiredState, published: Sequence[PublishedRelease], *, keys: Iterable[Key] | None = None
) -> Resolution:
    """Return the plans of `keys` (of every manifest where none are given), and what hinders the others."""
    known = _by_version(published)
    found: dict[Key, Plan] = {}
    problems: list[Problem] = []
    for key in sorted(state.manifests.keys() if keys is None else state.manifests.keys() & set(keys)):
        manifest = state.manifests[key]
        outcome = _release(manifest, known, state.releases.get(key.agent))
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            found[key] = Plan(manifest, outcome, manifest.platform, manifest.replicas, manifest.regions)
    return Resolution(found, tuple(problems))


def republished(
    releases: Mapping[AgentCode, Release], earlier: Iterable[Release]
) -> Mapping[AgentCode, tuple[Release, Release]]:
    """Return, by agent, each release that gives a version of `earlier` other content: the old one and the new."""
    found: dict[AgentCode, tuple[Release, Release]] = {}
    for old in earlier:
        new = releases.get(old.agent)
        if new is not None and new.version == old.version and new.digest != old.digest:
            found.setdefault(old.agent, (old, new))
    return found


def _by_version(published: Sequence[PublishedRelease]) -> Mapping[tuple[AgentCode, Version], Release]:
    known: dict[tuple[AgentCode, Version], Release] = {}
    for entry in published:
        known.setdefault((entry.release.agent, entry.release.version), entry.release)
    return known


def _release(
    manifest: Manifest, known: Mapping[tuple[AgentCode, Version], Release], tree: Release | None
) -> Release | Problem:
    agent, version = manifest.key.agent, manifest.version
    release = known.get((agent, version))
    if release is None and tree is not None and tree.version == version:
        release = tree
    if release is not None and tree is not None and tree.digest == release.digest:
        release = replace(release, abilities=tree.abilities)
    if release is None:
        message = f"`version`: {version} of {agent} was never published and is not what `agents/` holds"
        holds = f"; agents/{agent.lower()}/ holds {tree.version}" if tree is not None else ""
        remedy = f"Choose a published version{holds}."
        return Problem(manifest.path, manifest.lines["version"], 1, message, remedy)
    if manifest.digest not in (None, release.digest):
        message = f"`digest`: {agent} {version} is {release.digest}, got {manifest.digest}"
        return Problem(manifest.path, manifest.lines["digest"], 1, message, f"Write `digest: {release.digest}`.")
    return release
