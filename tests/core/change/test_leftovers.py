"""Which change does nothing but put back what was admitted."""

import pytest

from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.leftovers import Leftover, put_back, remaining, restores
from controller.change.names import CommitSha, ObjectId, RepoPath

COMMIT, TREE = CommitSha("c" * 40), ObjectId("e" * 40)
GOOD, BAD, NEW = (TreeEntry(FileMode.REGULAR, ObjectId(letter * 40)) for letter in "abd")
A, B, C = RepoPath("a"), RepoPath("b"), RepoPath("c")
LEFT = {A: Leftover(COMMIT, GOOD), B: Leftover(COMMIT, None)}


def tree(**files: TreeEntry) -> Snapshot:
    return Snapshot(COMMIT, TREE, {RepoPath(path): entry for path, entry in files.items()})


MAIN = tree(a=BAD, b=BAD, c=GOOD)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (tree(a=GOOD, c=GOOD), True),
        (tree(a=GOOD, b=BAD, c=GOOD), True),
        (tree(a=BAD, c=GOOD), True),
        (MAIN, False),
        (tree(a=GOOD, c=NEW), False),
        (tree(a=GOOD), False),
        (tree(a=NEW, c=GOOD), False),
        (tree(a=GOOD, b=NEW, c=GOOD), False),
        (tree(a=GOOD, c=GOOD, d=NEW), False),
    ],
)
def test_a_change_restores_when_each_path_becomes_what_was_admitted(after: Snapshot, expected: bool) -> None:
    assert restores(LEFT, MAIN, after) is expected


def test_what_remains_is_what_is_not_as_admitted() -> None:
    assert set(remaining(LEFT, MAIN)) == {A, B}
    assert set(remaining(LEFT, tree(a=GOOD, b=BAD))) == {B}
    assert remaining(LEFT, tree(a=GOOD)) == {}


def test_put_back_a_tree_holds_what_was_admitted_and_nothing_else_differs() -> None:
    assert put_back(LEFT, MAIN).entries == {A: GOOD, C: GOOD}
    assert put_back({}, MAIN) == MAIN
