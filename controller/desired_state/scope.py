"""How far a change reaches, known from its paths alone: so, which bytes judging it must read.

Every manifest and environment of both trees is read, for a change can break what it does not
touch. The files of an agent are read when the change touches them, or a manifest of it. What
else is governed enters by its content alone, where it differs.
"""

from dataclasses import dataclass

from controller.change.facts import FileMode, Snapshot
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.manifest import AgentCode, Key
from controller.desired_state.paths import AgentPath, EnvironmentPath, ManifestPath, OtherPath, classify


@dataclass(frozen=True, slots=True)
class Scope:
    """What a change touches and what follows from it."""

    paths: frozenset[RepoPath]
    """The controlled paths that differ in mode or bytes, or exist in one tree only."""
    agents: frozenset[AgentCode]
    """Agents whose release matters: their files differ, or those of a manifest of theirs."""
    keys: frozenset[Key]
    """Deployments whose plan may differ."""


def scope_of(before: Snapshot, after: Snapshot) -> Scope:
    """Return how far the change from `before` to `after` reaches."""
    every = before.entries.keys() | after.entries.keys()
    differing = {path: classify(path) for path in every if before.entries.get(path) != after.entries.get(path)}
    touched = {place.agent for place in differing.values() if isinstance(place, AgentPath)}
    edited = {place.key for place in differing.values() if isinstance(place, ManifestPath)}
    following = {key for key in map(_key, every) if key is not None and key.agent in touched} if touched else set()
    return Scope(
        paths=frozenset(path for path, place in differing.items() if not isinstance(place, OtherPath)),
        agents=frozenset(touched | {key.agent for key in edited}),
        keys=frozenset(edited | following),
    )


def blobs_to_read(before: Snapshot, after: Snapshot) -> frozenset[ObjectId]:
    """Return the ids of every blob that `propose` reads for these two trees."""
    scope = scope_of(before, after)
    return frozenset(
        entry.blob
        for snapshot in (before, after)
        for path, entry in snapshot.entries.items()
        if entry.mode is not FileMode.SUBMODULE and (path in scope.paths or _is_read_always(path, scope))
    )


def _is_read_always(path: RepoPath, scope: Scope) -> bool:
    match classify(path):
        case ManifestPath() | EnvironmentPath():
            return True
        case AgentPath(agent):
            return agent in scope.agents
    return False


def _key(path: RepoPath) -> Key | None:
    place = classify(path)
    return place.key if isinstance(place, ManifestPath) else None
