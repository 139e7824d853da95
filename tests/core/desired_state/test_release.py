"""A release is its bytes, and its version is said once and for all."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.facts import FileMode, TreeEntry
from controller.change.names import ObjectId
from controller.desired_state.manifest import AgentCode
from controller.desired_state.problem import Problem
from controller.desired_state.reading import Reading
from controller.desired_state.release import Release, release_digest
from controller.desired_state.release_reading import read_release
from tests.core.desired_state.making import agent_files, blob_id, release

ANL = AgentCode("ANL")


def read(files: dict[str, bytes], mode: FileMode = FileMode.REGULAR) -> Reading[Release]:
    entries = {path: TreeEntry(mode, blob_id(content)) for path, content in files.items()}
    return read_release(ANL, entries, {blob_id(content): content for content in files.values()})


def only(files: dict[str, bytes]) -> Problem:
    (problem,) = read(files).problems
    assert read(files).accepted is None
    return problem


def test_a_release_is_read_from_its_folder() -> None:
    assert read(agent_files()).accepted == release()
    assert read(agent_files()).problems == ()


def test_the_digest_is_over_sorted_paths_and_digests() -> None:
    def line(path: str, content: bytes) -> bytes:
        return f"{path}\0{hashlib.sha256(content).hexdigest()}\n".encode()

    expected = hashlib.sha256(line("a", b"1") + line("b/c", b"2")).hexdigest()
    assert release_digest({"b/c": b"2", "a": b"1"}) == f"sha256:{expected}"


@given(st.dictionaries(st.text(st.sampled_from("ab/\n\0"), min_size=1, max_size=3), st.binary(max_size=3), max_size=4))
def test_the_digest_does_not_depend_on_the_order_given(files: dict[str, bytes]) -> None:
    assert release_digest(files) == release_digest(dict(reversed(files.items())))


@pytest.mark.parametrize(
    "other",
    [
        {"a": b"1", "b": b"2", "c": b""},
        {"a": b"1"},
        {"a": b"2", "b": b"1"},
        {"a": b"1", "c": b"2"},
        {"a": b"1", "b": b"2\n"},
    ],
)
def test_any_difference_gives_another_digest(other: dict[str, bytes]) -> None:
    assert release_digest({"a": b"1", "b": b"2"}) != release_digest(other)


def test_other_keys_of_the_definition_are_the_translators() -> None:
    files = agent_files() | {"agent.yaml": b"code: ANL\nversion: 1.0.0\ncapabilities: [{name: x}]\ndomain: finance\n"}
    assert read(files).accepted is not None


def test_a_folder_without_a_definition_is_no_agent() -> None:
    problem = only({"kb/a.md": b""})
    assert (problem.path, problem.message) == ("agents/anl/agent.yaml", "`agents/anl/` has no agent.yaml")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"code: GHA\nversion: 1.0.0\n", 1, "`code`: expected ANL as the folder's name says, got GHA"),
        (b"code: ANL\nversion: 1.10\n", 2, "`version`: expected text, got a number"),
        (b"code: ANL\nversion: latest\n", 2, "`version`: expected a semantic version such as 1.2.3, got 'latest'"),
        (b"code: ANL\n", 1, "`version` is missing"),
        (b"code: ANL\nversion: 1.0.0\nversion: 1.0.1\n", 3, "duplicate key `version`"),
        (b"code: ANL\nversion: 1.0.0\nother: *x\n", 3, "an alias (`*`) at `other`"),
        (b"", 1, "the document is empty"),
    ],
)
def test_a_definition_is_read_as_strictly_as_a_manifest(content: bytes, line: int, message: str) -> None:
    problem = only({"agent.yaml": content})
    assert (problem.line, problem.message) == (line, message)


def test_a_folder_with_another_kind_of_file_is_no_release() -> None:
    """ATTACKS 038: the file itself is told where all paths are judged."""
    assert read(agent_files(), FileMode.SYMLINK) == Reading(None, ())


def test_files_that_cannot_be_read_are_told_each_at_its_path() -> None:
    unread = {name: TreeEntry(FileMode.REGULAR, ObjectId(name[0] * 40)) for name in ("agent.yaml", "b/large.md")}
    found = read_release(ANL, unread, {})
    assert found.accepted is None
    assert [problem.path for problem in found.problems] == ["agents/anl/agent.yaml", "agents/anl/b/large.md"]
    assert "cannot be read: expected a file of at most 1048576 bytes" in found.problems[0].message
