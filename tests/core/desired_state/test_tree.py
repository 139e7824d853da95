"""A file whose bytes were not gathered is an error where somebody counts on them, never an empty file."""

import pytest

from controller.change.facts import FileMode, TreeEntry
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.tree import bytes_of
from controller.errors import InputError

ENTRY = TreeEntry(FileMode.REGULAR, ObjectId("a" * 40))
PATH = RepoPath("agents/anl/agent.yaml")


def test_the_bytes_of_a_file_are_those_gathered_for_its_blob() -> None:
    assert bytes_of(ENTRY, PATH, {ENTRY.blob: b"name: ANL"}) == b"name: ANL"


def test_bytes_that_were_not_gathered_are_named_by_blob_and_path() -> None:
    with pytest.raises(InputError, match=rf"blob {ENTRY.blob} \('{PATH}'\), which cannot be read"):
        bytes_of(ENTRY, PATH, {})
