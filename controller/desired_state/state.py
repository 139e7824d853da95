"""Everything one tree wants: environments, deployments and agent releases.

What a file that could not be accepted wanted is unknown: it is listed in `problems`, and
whoever decides treats an unknown as a refusal. Rules within one tree are judged here; those
that need another tree, or what was published, in `resolution` and `proposal`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from controller.change.characters import shown
from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.environment import Environment, Tier
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key, Manifest
from controller.desired_state.paths import (
    AgentPath,
    EnvironmentPath,
    ManifestPath,
    OtherPath,
    WrongPath,
    classify,
    colliding,
)
from controller.desired_state.problem import Problem
from controller.desired_state.reading import Reading, read_environment, read_manifest
from controller.desired_state.release import Release
from controller.desired_state.release_reading import read_release
from controller.desired_state.tree import is_regular, unreadable

K = TypeVar("K")
T = TypeVar("T")

MOST_READINGS = 50_000
"""Of each kind; far more than one repository holds, and few enough to keep."""
_KINDS_OF_FILE = {
    FileMode.EXECUTABLE: "an executable file (100755)",
    FileMode.SYMLINK: "a symbolic link (120000)",
    FileMode.SUBMODULE: "a submodule (160000)",
}


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The accepted part of a tree, and the faults of the rest."""

    environments: Mapping[EnvironmentName, Environment]
    manifests: Mapping[Key, Manifest]
    releases: Mapping[AgentCode, Release]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Files:
    """The regular files of a tree, sorted by what they mean."""

    environments: Mapping[EnvironmentName, RepoPath]
    manifests: Mapping[Key, RepoPath]
    agents: Mapping[AgentCode, Mapping[str, TreeEntry]]


@dataclass(frozen=True, slots=True)
class Readings:
    """What files were read as, by path and blob; whoever reads many trees keeps one. It forgets when it grows large."""

    environments: dict[tuple[RepoPath, ObjectId], Reading[Environment]] = field(default_factory=dict)
    manifests: dict[tuple[RepoPath, ObjectId], Reading[Manifest]] = field(default_factory=dict)


def read_desired_state(
    snapshot: Snapshot,
    contents: Mapping[ObjectId, bytes],
    *,
    agents: Iterable[AgentCode] | None = None,
    readings: Readings | None = None,
) -> DesiredState:
    """Return what the tree wants, and the faults of everything in it that cannot be accepted.

    Releases are read of `agents` alone where they are given, of every agent otherwise.
    Files found in `readings` are not read again; those read are added to it.
    What the files wanted whose bytes are not among `contents` is unknown.
    """
    files = _sorted(snapshot)
    readings = readings if readings is not None else Readings()
    problems = [*_path_problems(snapshot)]
    environments: dict[EnvironmentName, Environment] = {}
    for name, path in files.environments.items():
        environment = _read(readings.environments, read_environment, snapshot.entries[path], path, contents)
        _keep(environments, name, environment, problems)
    manifests: dict[Key, Manifest] = {}
    for key, path in files.manifests.items():
        manifest = _read(readings.manifests, read_manifest, snapshot.entries[path], path, contents)
        _keep(manifests, key, _fitted(manifest, environments, files), problems)
    releases: dict[AgentCode, Release] = {}
    for agent in sorted(files.agents.keys() if agents is None else files.agents.keys() & set(agents)):
        _keep(releases, agent, read_release(agent, files.agents[agent], contents), problems)
    return DesiredState(environments, manifests, releases, tuple(sorted(problems)))


def _read(
    known: dict[tuple[RepoPath, ObjectId], Reading[T]],
    read: Callable[[RepoPath, bytes], Reading[T]],
    entry: TreeEntry,
    path: RepoPath,
    contents: Mapping[ObjectId, bytes],
) -> Reading[T]:
    reading = known.get((path, entry.blob))
    if reading is None and entry.blob not in contents:
        return Reading(None, (unreadable(path),))
    if reading is None:
        if len(known) >= MOST_READINGS:
            known.clear()
        reading = known[path, entry.blob] = read(path, contents[entry.blob])
    return reading


def _keep(into: dict[K, T], key: K, reading: Reading[T], problems: list[Problem]) -> None:
    problems.extend(reading.problems)
    if reading.accepted is not None:
        into[key] = reading.accepted


def _sorted(snapshot: Snapshot) -> _Files:
    environments: dict[EnvironmentName, RepoPath] = {}
    manifests: dict[Key, RepoPath] = {}
    agents: dict[AgentCode, dict[str, TreeEntry]] = {}
    for path, entry in snapshot.entries.items():
        match classify(path):
            case AgentPath(agent, inside):
                agents.setdefault(agent, {})[inside] = entry
            case EnvironmentPath(name) if is_regular(entry):
                environments[name] = path
            case ManifestPath(key) if is_regular(entry):
                manifests[key] = path
    return _Files(environments, manifests, agents)


def _path_problems(snapshot: Snapshot) -> Iterator[Problem]:
    """Yield what is wrong with where files stand and what kind of file they are."""
    controlled: list[RepoPath] = []
    for path, entry in snapshot.entries.items():
        place = classify(path)
        if isinstance(place, OtherPath):
            continue
        if isinstance(place, WrongPath):
            yield Problem(path, 1, 1, place.message, place.remedy)
        else:
            controlled.append(path)
        if not is_regular(entry):
            message = f"this is {_KINDS_OF_FILE[entry.mode]}, expected an ordinary file (100644)"
            yield Problem(
                path, 1, 1, message, "Replace it with an ordinary file: `git update-index --chmod=-x` or a copy."
            )
    for path, other in colliding(controlled):
        message = f"its name differs from {shown(other)} in case or form alone"
        yield Problem(path, 1, 1, message, "Rename or remove one of them.")


def _fitted(
    reading: Reading[Manifest], environments: Mapping[EnvironmentName, Environment], files: _Files
) -> Reading[Manifest]:
    """Return `reading` unless the manifest does not fit into its tree."""
    manifest = reading.accepted
    if manifest is None:
        return reading
    problems = (*_environment_misfits(manifest, environments, files), *_agent_misfits(manifest, files))
    return Reading(None, problems) if problems else reading


def _environment_misfits(
    manifest: Manifest, environments: Mapping[EnvironmentName, Environment], files: _Files
) -> Iterator[Problem]:
    name = manifest.key.environment
    environment = environments.get(name)
    if environment is None:
        message = f"the definition of environment `{name}` cannot be accepted"
        remedy = f"Correct environments/{name}/environment.yaml first."
        if name not in files.environments:
            message, remedy = f"environment `{name}` does not exist", f"Add environments/{name}/environment.yaml first."
        yield Problem(manifest.path, 1, 1, message, remedy)
        return
    if manifest.platform not in environment.platforms:
        offered = ", ".join(sorted(environment.platforms))
        message = f"`platform`: environment `{name}` runs {offered}, got {manifest.platform.value}"
        remedy = f"Choose one of them, or add it to environments/{name}/environment.yaml."
        yield Problem(manifest.path, manifest.lines["platform"], 1, message, remedy)
    if manifest.digest is None and environment.tier is not Tier.DEVELOPMENT:
        message = f"`digest` is missing, and the tier of `{name}` is {environment.tier.value}"
        remedy = "Add the digest of the release; outside development a version alone is not enough."
        yield Problem(manifest.path, manifest.lines["version"], 1, message, remedy)


def _agent_misfits(manifest: Manifest, files: _Files) -> Iterator[Problem]:
    agent = manifest.key.agent
    if agent not in files.agents:
        message = f"`agent`: there is no agent {agent} in `agents/`"
        yield Problem(
            manifest.path, manifest.lines["agent"], 1, message, f"Add agents/{agent.lower()}/, or remove this."
        )
