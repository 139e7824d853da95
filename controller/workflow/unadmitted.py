"""What main holds that was never admitted: left there by pushes and merges that were refused.

A change is judged on top of main, so what was refused there would go out, or judge, with the
next change that is admitted. It stands in the way of whatever would bring it along until it is
put back as it was; only what puts it back may touch it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from controller.change.facts import Snapshot, Span, TreeEntry
from controller.change.leftovers import Leftover, Leftovers, remaining
from controller.change.names import CommitSha, RepoPath
from controller.desired_state.paths import (
    CODEOWNERS,
    AgentPath,
    EnvironmentPath,
    GovernancePath,
    ManifestPath,
    PolicyPath,
    classify,
)
from controller.desired_state.problem import Problem
from controller.desired_state.proposal import Proposal
from controller.desired_state.release import PublishedRelease
from controller.desired_state.scope import Scope, scope_of
from controller.ledger.event import EventType
from controller.ports.code_host import TreeReader
from controller.workflow.history import History, Initiated, Pushed

_SHOWN = 5


class Unadmitted:
    """Knows what main holds without it having been admitted."""

    def __init__(self, trees: TreeReader, history: History) -> None:
        """Read `trees` of the steps that `history` tells of."""
        self.trees = trees
        self._history = history
        self._before: dict[CommitSha, Mapping[RepoPath, TreeEntry | None]] = {}

    def leftovers(self, below: int | None = None) -> Leftovers:
        """Return every file whose newest change, of the steps with a position `below`, was refused.

        Raises `UnavailableError`. Nothing is read while nothing was refused since main was last clean.
        """
        clean = self._history.clean_position()
        refused = {step.after: step for step in self._history.refused_steps(clean)}
        if not refused:
            return {}
        first = min(step.position for step in refused.values())
        merged = {step.after: step for step in self._history.all_initiated() if step.position >= first}
        found: dict[RepoPath, Leftover] = {}
        for step in sorted({**merged, **refused}.values(), key=lambda one: one.position):
            if below is not None and step.position >= below:
                break
            if step.after in refused:
                for path, entry in self._changed(step).items():
                    found.setdefault(path, Leftover(step.after, entry))
            elif self._history.is_decided(step.after):
                for path in filter(partial(self._was_judged, commit=step.after), self._changed(step)):
                    found.pop(path, None)
        return found

    def _was_judged(self, path: RepoPath, commit: CommitSha) -> bool:
        """Return whether admitting `commit` admitted what `path` holds: a remark in a manifest admits nothing."""
        place = classify(path)
        if not isinstance(place, ManifestPath):
            return True
        validated = self._history.all_of(frozenset({EventType.DEPLOY_VALIDATED}), str(place.key))
        return any(event.details.get("commit") == commit for event in validated)

    def _changed(self, step: Initiated | Pushed) -> Mapping[RepoPath, TreeEntry | None]:
        """Return the files a step changed, as they were before it."""
        if step.after not in self._before:
            before = self.trees.snapshot(step.before, step.before_tree).entries
            after = self.trees.snapshot(step.after, step.after_tree).entries
            differing = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
            self._before[step.after] = {path: before.get(path) for path in differing}
        return self._before[step.after]


def with_leftovers(
    proposal: Proposal, leftovers: Leftovers, after: Snapshot, published: tuple[PublishedRelease, ...]
) -> Proposal:
    """Return `proposal` with a problem for each leftover that it would bring along; `after` is the tree it leads to."""
    held = remaining(leftovers, after)
    if not held or proposal.effect.is_empty:
        return proposal
    found = sorted(path for path in held if _comes_along(path, proposal, published))
    problems = [_problem(path, held[path]) for path in found[:_SHOWN]]
    return replace(proposal, problems=tuple(sorted({*proposal.problems, *problems})))


def scope_of_trees(span: Span) -> Scope:
    """Return how far the step between two trees of main reaches."""
    return scope_of(span.before, span.after)


def builds_on(later: Scope, earlier: Scope) -> bool:
    """Return whether what `later` does is judged by, or holds, what `earlier` changed."""
    if earlier.paths & later.paths or any(judges(path) for path in earlier.paths):
        return True
    places = [classify(path) for path in earlier.paths]
    return any(isinstance(place, AgentPath) and place.agent in later.agents for place in places)


def judges(path: RepoPath) -> bool:
    """Return whether `path` on main is part of what judges every change."""
    return path in CODEOWNERS or isinstance(classify(path), PolicyPath | EnvironmentPath)


def steers(path: RepoPath) -> bool:
    """Return whether `path` governs, and so never changes in one step with what runs."""
    return isinstance(classify(path), GovernancePath | PolicyPath | EnvironmentPath)


def _comes_along(path: RepoPath, proposal: Proposal, published: tuple[PublishedRelease, ...]) -> bool:
    """Return whether what `path` holds would judge, run or be published with this change."""
    if judges(path):
        return True
    match classify(path):
        case ManifestPath(key):
            return any(difference.key == key for difference in proposal.differences)
        case AgentPath(agent):
            return agent in _released_from_tree(proposal, published)
    return False


def _released_from_tree(proposal: Proposal, published: tuple[PublishedRelease, ...]) -> frozenset[str]:
    """Return the agents whose files on main this change publishes or deploys."""
    known = {entry.release.digest for entry in published}
    return frozenset(_touched(proposal)) | {
        difference.key.agent
        for difference in proposal.differences
        if difference.after is not None and difference.after.release.digest not in known
    }


def _touched(proposal: Proposal) -> Iterator[str]:
    for effect in proposal.effect.files:
        place = classify(effect.path)
        if isinstance(place, AgentPath):
            yield place.agent


def _problem(path: RepoPath, left: Leftover) -> Problem:
    commit = left.commit[:12]
    message = f"main holds this as commit {commit} left it, which was refused; this change would bring it along"
    remedy = f"Put it back as it was before {commit} in a pull request of its own, then propose this again."
    return Problem(path, 1, 1, message, remedy)
