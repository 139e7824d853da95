"""The controlled files of a tree, read by id and remembered: a tree never changes.

Follows GitHub docs "Get a tree": one recursive read, and where that is cut short
(`truncated`), the folders one by one, only those that hold controlled files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from controller.adapters.github.answer import items, oid, text, truth
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.memory import Memory
from controller.adapters.github.refusals import unavailable
from controller.change.facts import TreeEntry
from controller.change.git_tree import file_mode
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.paths import is_controlled

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Listing:
    """The controlled files and folders of one tree."""

    entries: Mapping[RepoPath, TreeEntry]
    subtrees: Mapping[RepoPath, ObjectId]


class Trees:
    """Lists trees, the last few from memory."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app
        self._known: Memory[ObjectId, Listing] = Memory(_REMEMBERED)

    def listing(self, tree: ObjectId) -> Listing:
        """Return what is controlled in the root tree `tree`."""
        known = self._known.get(tree)
        if known is not None:
            return known
        entries: dict[RepoPath, TreeEntry] = {}
        subtrees: dict[RepoPath, ObjectId] = {}
        for path, entry in self._walk(tree, ""):
            _sort_in(path, entry, entries, subtrees)
        found = Listing(MappingProxyType(entries), MappingProxyType(subtrees))
        self._known.put(tree, found)
        return found

    def _walk(self, tree: ObjectId, prefix: str) -> list[tuple[str, object]]:
        whole = self._app.get_fixed(self._app.path(f"/git/trees/{tree}"), {"recursive": "1"})
        if not truth(whole, "truncated"):
            return _placed(whole, prefix)
        level = self._app.get_fixed(self._app.path(f"/git/trees/{tree}"))
        if truth(level, "truncated"):
            raise unavailable(f"the folder `{prefix or '/'}` has more files than GitHub lists")
        found = _placed(level, prefix)
        for path, entry in list(found):
            if text(entry, "type") == "tree" and _may_hold_controlled(path):
                found += self._walk(oid(entry, "sha"), path + "/")
        return found


def _placed(answer: object, prefix: str) -> list[tuple[str, object]]:
    return [(prefix + text(entry, "path"), entry) for entry in items(answer, "tree")]


def _may_hold_controlled(folder: str) -> bool:
    return is_controlled(RepoPath(f"{folder}/CODEOWNERS"))


def _sort_in(path: str, entry: object, entries: dict[RepoPath, TreeEntry], subtrees: dict[RepoPath, ObjectId]) -> None:
    mode, place = text(entry, "mode"), RepoPath(path)
    if mode == "040000":
        if is_controlled(RepoPath(f"{path}/file")):
            subtrees[place] = oid(entry, "sha")
    elif is_controlled(place):
        known = file_mode(mode)
        if known is None:
            raise unavailable(f"GitHub's answer makes no sense: {path[:200]!a} has the mode {mode[:10]!a}")
        entries[place] = TreeEntry(known, oid(entry, "sha"))
