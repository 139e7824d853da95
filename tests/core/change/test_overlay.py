"""A pull request's files on the base tip: each file from the side that changed it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.facts import FileMode, Snapshot
from controller.change.names import RepoPath
from controller.change.overlay import is_clean_merge, overlay
from tests.core.change.making import entry, tree

MANIFEST = "environments/production/anl.yaml"


def files_of(snapshot: Snapshot) -> dict[str, str]:
    return {path: bytes.fromhex(found.blob).lstrip(b"\0").decode() for path, found in snapshot.entries.items()}


@pytest.mark.parametrize(
    ("base", "before", "head", "result"),
    [
        ("b", "a", "a", "b"),
        ("a", "a", "b", "b"),
        ("b", "a", "b", "b"),
        (None, None, "h", "h"),
        ("b", None, None, "b"),
        ("b", None, "b", "b"),
        ("a", "a", None, None),
        (None, "a", "a", None),
        (None, "a", None, None),
    ],
    ids=[
        "changed-on-base",
        "changed-by-head",
        "changed-alike",
        "added-by-head",
        "added-on-base",
        "added-alike",
        "removed-by-head",
        "removed-on-base",
        "removed-alike",
    ],
)
def test_a_file_comes_from_the_side_that_changed_it(
    base: str | None, before: str | None, head: str | None, result: str | None
) -> None:
    sides = [
        tree(name, {MANIFEST: letter} if letter else {})
        for name, letter in zip("BMH", (base, before, head), strict=True)
    ]
    combined = overlay(*sides)
    assert files_of(combined.snapshot) == ({MANIFEST: result} if result else {})
    assert combined.conflicts == ()


@pytest.mark.parametrize(
    ("base", "before", "head"),
    [("b", "a", "c"), ("b", None, "c"), (None, "a", "c"), ("b", "a", None)],
    ids=["changed-on-both", "added-on-both", "removed-on-base", "removed-by-head"],
)
def test_a_file_changed_on_both_sides_to_different_results_waits(
    base: str | None, before: str | None, head: str | None
) -> None:
    sides = [
        tree(name, {MANIFEST: letter} if letter else {})
        for name, letter in zip("BMH", (base, before, head), strict=True)
    ]
    combined = overlay(*sides)
    assert combined.conflicts == (MANIFEST,)
    assert files_of(combined.snapshot) == ({MANIFEST: base} if base else {})


def test_a_mode_changed_on_both_sides_is_a_conflict_too() -> None:
    base, before, head = tree("B", {"a": "x"}), tree("M", {"a": "x"}), tree("H", {"a": "x"})
    base.entries[RepoPath("a")] = entry("x", FileMode.EXECUTABLE)  # type: ignore[index] # still being made
    head.entries[RepoPath("a")] = entry("x", FileMode.SYMLINK)  # type: ignore[index] # still being made
    assert overlay(base, before, head).conflicts == ("a",)


def test_a_folder_on_one_side_and_a_file_on_the_other_is_a_conflict() -> None:
    base = tree("B", {"agents/anl": "f", "x": "1"})
    combined = overlay(base, tree("M", {"x": "1"}), tree("H", {"agents/anl/agent.yaml": "h", "x": "1"}))
    assert combined.conflicts == ("agents/anl/agent.yaml",)
    assert combined.snapshot.entries == base.entries


def test_conflicts_are_sorted_and_the_rest_is_still_combined() -> None:
    base = tree("B", {"z": "2", "a": "2", "m": "1", "n": "2"})
    before = tree("M", {"z": "1", "a": "1", "m": "1", "n": "1"})
    head = tree("H", {"z": "3", "a": "3", "m": "9", "n": "1"})
    combined = overlay(base, before, head)
    assert combined.conflicts == ("a", "z")
    assert files_of(combined.snapshot) == {"a": "2", "z": "2", "m": "9", "n": "2"}


def test_only_folders_known_from_one_side_keep_an_id() -> None:
    base = tree("B", {"a/1": "b"}, {"a": "b", "same": "s", "mine": "b", "yours": "o", "both": "b", "ours": "x"})
    before = tree("M", {"a/1": "a"}, {"a": "a", "same": "s", "mine": "o", "yours": "o", "both": "o"})
    head = tree("H", {"a/2": "h"}, {"a": "h", "same": "s", "mine": "o", "yours": "h", "both": "h", "theirs": "y"})
    told = {
        path: bytes.fromhex(found)[-1:].decode()
        for path, found in overlay(base, before, head).snapshot.subtrees.items()
    }
    assert told == {"same": "s", "mine": "b", "yours": "h"}


SIDES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"))


@given(SIDES, SIDES)
def test_a_base_that_did_not_move_gives_the_head(base: dict[str, str], head: dict[str, str]) -> None:
    combined = overlay(tree("B", base), tree("M", base), tree("H", head))
    assert combined.snapshot == tree("H", head)
    assert combined.conflicts == ()


@given(SIDES, SIDES)
def test_a_head_that_changed_nothing_gives_the_base(base: dict[str, str], head: dict[str, str]) -> None:
    combined = overlay(tree("B", base), tree("M", head), tree("H", head))
    assert combined.snapshot.entries == tree("B", base).entries
    assert combined.conflicts == ()


@given(SIDES, SIDES, SIDES)
def test_without_conflicts_the_sides_may_be_exchanged(
    base: dict[str, str], before: dict[str, str], head: dict[str, str]
) -> None:
    one = overlay(tree("B", base), tree("M", before), tree("H", head))
    other = overlay(tree("H", head), tree("M", before), tree("B", base))
    assert one.conflicts == other.conflicts
    if not one.conflicts:
        assert one.snapshot.entries == other.snapshot.entries


@given(SIDES, SIDES, SIDES)
def test_every_file_is_as_one_of_the_sides_has_it(
    base: dict[str, str], before: dict[str, str], head: dict[str, str]
) -> None:
    combined = overlay(tree("B", base), tree("M", before), tree("H", head))
    for path, letter in files_of(combined.snapshot).items():
        assert letter in (base.get(path), head.get(path))


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_merge_is_clean_when_each_file_comes_from_the_one_side_that_changed_it(
    base: dict[str, str], before: dict[str, str], head: dict[str, str], result: dict[str, str]
) -> None:
    sides = (tree("B", base), tree("M", before), tree("H", head))
    laid_over = overlay(*sides)
    assert is_clean_merge(*sides, tree("R", result)) == (
        not laid_over.conflicts and files_of(laid_over.snapshot) == result
    )
    assert is_clean_merge(*sides, laid_over.snapshot) == (not laid_over.conflicts)


@pytest.mark.parametrize("result", ["b", "h", "typed", None])
def test_a_merge_of_a_file_that_both_sides_changed_is_never_clean(result: str | None) -> None:
    """ATTACKS 017: even what is as one side has it was chosen by somebody."""
    sides = (tree("B", {MANIFEST: "b"}), tree("M", {MANIFEST: "a"}), tree("H", {MANIFEST: "h"}))
    assert not is_clean_merge(*sides, tree("R", {MANIFEST: result[0]} if result else {}))
