"""The id of a folder, as Git itself computes it."""

import subprocess
from pathlib import Path

import pytest

from controller.change.facts import FileMode, TreeEntry
from controller.change.git_tree import file_mode, tree_id
from controller.change.names import ObjectId

FILES = {
    "agent.yaml": b"code: ANL\n",
    "agent/notes.md": b"sorts behind agent.yaml, because folders sort with a slash\n",
    "agent-x": b"and before this\n",
    "kb/a.md": b"",
    "kb/deep/b.md": b"b",
    "caf\u00e9": b"utf-8",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("run")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", "--all")
    return tmp_path


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_tree_has_the_id_git_gives_it(repository: Path) -> None:
    files: dict[str, TreeEntry] = {}
    for row in _git(repository, "-c", "core.quotePath=false", "ls-files", "--stage").splitlines():
        about, _, path = row.partition("\t")
        mode, blob, _ = about.split(" ")
        files[path] = TreeEntry(FileMode(mode), ObjectId(blob))
    assert {entry.mode for entry in files.values()} == {FileMode.REGULAR, FileMode.EXECUTABLE, FileMode.SYMLINK}
    assert tree_id(files) == _git(repository, "write-tree").strip()


def test_the_empty_tree_has_its_well_known_id() -> None:
    assert tree_id({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        *((mode.value, mode) for mode in FileMode),
        ("100600", FileMode.REGULAR),
        ("100666", FileMode.REGULAR),
        ("100700", FileMode.EXECUTABLE),
        ("100611", FileMode.REGULAR),
        ("120777", FileMode.SYMLINK),
        ("140000", FileMode.SUBMODULE),
        ("40000", None),
        ("040000", None),
        ("", None),
        ("100644\n", None),
        ("rw-r--", None),
        ("\u0661\u0660\u0660\u0666\u0664\u0664", None),
    ],
)
def test_a_mode_is_what_git_takes_it_for(text: str, mode: FileMode | None) -> None:
    """ATTACKS 038."""
    assert file_mode(text) is mode
