"""What a change proposes: two trees read, compared, and weighed into one effect.

A deployment whose manifest cannot be accepted differs in an unknown way: it is a problem and
no difference. A change answers for the faults of the files it touches and for those it
causes elsewhere, never for what was broken before it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.change.facts import Snapshot
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.difference import Difference, differences
from controller.desired_state.document import read_document
from controller.desired_state.effect import Effect, effect_of, file_effects
from controller.desired_state.faults import problem_at
from controller.desired_state.manifest import Key
from controller.desired_state.paths import EnvironmentPath, GovernancePath, ManifestPath, PolicyPath, classify
from controller.desired_state.plan import Plan
from controller.desired_state.problem import Problem
from controller.desired_state.release import PublishedRelease, Release
from controller.desired_state.release_reading import definition_path
from controller.desired_state.resolution import Resolution, republished, resolve
from controller.desired_state.scope import Scope, scope_of
from controller.desired_state.state import DesiredState, Readings, read_desired_state
from controller.desired_state.tree import bytes_of, unreadable_files

_STEERING = (PolicyPath, GovernancePath, EnvironmentPath)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The same value from proposal to decision, ledger and deployer."""

    before: DesiredState
    after: DesiredState
    differences: tuple[Difference, ...]
    effect: Effect
    problems: tuple[Problem, ...]
    """The faults this change is answerable for: in files it touches, or broken by what it takes away."""


def propose(
    before: Snapshot,
    after: Snapshot,
    contents: Mapping[ObjectId, bytes],
    published: Sequence[PublishedRelease],
    *,
    readings: Readings | None = None,
) -> Proposal:
    """Return what going from `before` to `after` does, and what is wrong with it.

    `contents` holds the blobs that `scope.blobs_to_read` names, as far as they can be read.
    Whoever judges many changes keeps one `readings`, so that no file is parsed twice.
    """
    scope = scope_of(before, after)
    readings = readings if readings is not None else Readings()
    old = read_desired_state(before, contents, agents=scope.agents, readings=readings)
    new = read_desired_state(after, contents, agents=scope.agents, readings=readings)
    strangers = _strangers(old, new, scope)
    was = resolve(old, published, keys=scope.keys)
    will = resolve(new, published, keys=scope.keys - strangers.keys())
    found = differences(_comparable(was.plans, will.plans, after), will.plans)
    by_content = _judged_by_content(scope, (before, was), (after, will))
    effect = effect_of(found, file_effects(before, after, contents, by_content))
    releases = [entry.release for entry in published]
    known = (*old.problems, *was.problems, *_altered(old, releases, before, contents))
    altered = _altered(new, [*releases, *old.releases.values()], after, contents)
    unread = unreadable_files(after, contents, scope.paths)
    faults = (*new.problems, *unread, *will.problems, *strangers.values(), *altered, *_mixed(scope, found))
    return Proposal(old, new, found, effect, _answerable(faults, known, scope))


def _strangers(old: DesiredState, new: DesiredState, scope: Scope) -> Mapping[Key, Problem]:
    """Return the deployments that would enter an environment the tree before does not have."""
    return {
        key: Problem(
            manifest.path,
            1,
            1,
            f"environment `{key.environment}` does not exist on main yet",
            f"Merge environments/{key.environment}/environment.yaml in a pull request of its own first.",
        )
        for key, manifest in new.manifests.items()
        if key in scope.keys and key.environment not in old.environments
    }


def _comparable(was: Mapping[Key, Plan], will: Mapping[Key, Plan], after: Snapshot) -> Mapping[Key, Plan]:
    """Return the plans before of what is known afterwards: by its plan, or by its absence."""
    return {key: plan for key, plan in was.items() if key in will or plan.manifest.path not in after.entries}


def _judged_by_content(scope: Scope, *sides: tuple[Snapshot, Resolution]) -> Iterator[RepoPath]:
    """Yield the touched files whose effect no plan tells: all but manifests whose plans are known."""
    for path in scope.paths:
        place = classify(path)
        is_told = isinstance(place, ManifestPath) and all(
            place.key in resolution.plans or path not in snapshot.entries for snapshot, resolution in sides
        )
        if not is_told:
            yield path


def _altered(
    state: DesiredState, earlier: Iterable[Release], snapshot: Snapshot, contents: Mapping[ObjectId, bytes]
) -> Iterator[Problem]:
    """Yield a problem for each release that gives a version of `earlier` other content."""
    for agent, (release, altered) in republished(state.releases, earlier).items():
        path = definition_path(agent)
        document = read_document(path, bytes_of(snapshot.entries[path], path, contents))
        message = f"{agent} {release.version} was published as {release.digest}, these files are {altered.digest}"
        yield problem_at(document, ("version",), message, "A published version never changes: raise `version`.")


def _mixed(scope: Scope, found: tuple[Difference, ...]) -> Iterator[Problem]:
    """Yield a problem when who decides and what runs would change in one step."""
    steering = sorted(path for path in scope.paths if isinstance(classify(path), _STEERING))
    if steering and found:
        message = f"this changes how changes are judged, together with what runs ({found[0].key})"
        yield Problem(steering[0], 1, 1, message, "Split it: one pull request for governance, one for deployments.")


def _answerable(faults: Iterable[Problem], known: Iterable[Problem], scope: Scope) -> tuple[Problem, ...]:
    """Return the faults in touched files, and those that were not there before."""
    before = {_identity(problem) for problem in known}
    return tuple(sorted({fault for fault in faults if fault.path in scope.paths or _identity(fault) not in before}))


def _identity(problem: Problem) -> tuple[RepoPath, int, int, str]:
    return (problem.path, problem.line, problem.column, problem.message)
