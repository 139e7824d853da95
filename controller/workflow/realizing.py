"""From what was admitted to what a target runs: the plan again, its bytes, its bundle.

A validated deployment names a commit and a plan digest. Both are resolved anew from Git and
must come out the same; anything else is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from controller.caat.bundle import Bundle
from controller.caat.translation import translate
from controller.change.facts import Snapshot
from controller.change.names import CommitSha, Digest, ObjectId
from controller.desired_state.environment import Environment
from controller.desired_state.manifest import Key
from controller.desired_state.paths import ManifestPath, classify
from controller.desired_state.plan import Plan
from controller.desired_state.proposal import propose
from controller.desired_state.release import Release
from controller.desired_state.scope import blobs_to_read
from controller.desired_state.tree import bytes_of
from controller.errors import InputError
from controller.ports.code_host import TreeReader
from controller.workflow.history import History


@dataclass(frozen=True, slots=True)
class Realized:
    """A plan with the environment it is for and the bundle it becomes."""

    plan: Plan
    environment: Environment
    bundle: Bundle


class Realizing:
    """Resolves admitted plans from Git."""

    def __init__(self, trees: TreeReader, history: History) -> None:
        """Read from `trees`; `history` says in which commit a release lies."""
        self._trees = trees
        self._history = history

    def realize(self, key: Key, commit: CommitSha, tree: ObjectId, plan: Digest) -> Realized:
        """Return what `commit`, with root tree `tree`, wants for `key`.

        Raises `InputError` when that is not `plan` or its release cannot be translated, and
        `UnavailableError` when Git cannot be read.
        """
        snapshot = self._trees.snapshot(commit, tree)
        without = _without(key, snapshot)
        contents = self._trees.contents(blobs_to_read(without, snapshot))
        proposal = propose(without, snapshot, contents, self._history.published())
        found = next((one.after for one in proposal.differences if one.key == key and one.after), None)
        if found is None or found.digest != plan:
            raise InputError(f"{key}: expected plan {plan} at commit {commit}, got {found and found.digest}")
        bundle = translate(found, self._files(found.release))
        return Realized(found, proposal.after.environments[key.environment], bundle)

    def _files(self, release: Release) -> Mapping[str, bytes]:
        """Return the files of a release, keyed by path below the agent's folder."""
        place = self._history.root_tree_of(release)
        if place is None:
            raise InputError(f"expected {release.agent} {release.version} {release.digest} to be published, it is not")
        folder = f"agents/{release.agent.lower()}/"
        every = self._trees.snapshot(*place).entries
        entries = {path: entry for path, entry in every.items() if path.startswith(folder)}
        contents = self._trees.contents(frozenset(entry.blob for entry in entries.values()))
        return {path.removeprefix(folder): bytes_of(entry, path, contents) for path, entry in entries.items()}


def _without(key: Key, snapshot: Snapshot) -> Snapshot:
    """Return a tree as it would be without one deployment: what its manifest adds is its plan."""
    entries = {path: entry for path, entry in snapshot.entries.items() if classify(path) != ManifestPath(key)}
    return replace(snapshot, entries=entries)
