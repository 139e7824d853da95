"""Trees are read completely, whatever GitHub cuts short, and once."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from controller.adapters.github.reading import GitHubReader
from controller.change.facts import FileMode
from controller.change.names import CommitSha, ObjectId
from controller.errors import UnavailableError
from tests.adapters.github.conftest import REPOSITORY, SandboxStage
from tests.adapters.github.scripted import Said, scripted
from tests.contracts.code_host import MANIFEST

SHA = {letter: letter * 40 for letter in "abcdef"}


def test_a_tree_is_asked_for_once(stage: SandboxStage) -> None:
    tip = stage.reader.compare("main", "main").base
    first = stage.reader.snapshot(tip.sha, tip.tree)
    stage.sandbox.faults.reset_counts()
    assert stage.reader.snapshot(CommitSha(SHA["a"]), tip.tree).entries == first.entries
    assert stage.sandbox.faults.counts().reads == 0


def test_modes_are_told_as_they_are(stage: SandboxStage) -> None:
    """ATTACKS 038."""
    blob = stage.git("rev-parse", f"refs/heads/main:{MANIFEST}")
    rows = [
        f"100755 blob {blob}\tagents/anl/run.sh",
        f"120000 blob {blob}\tenvironments/development/link.yaml",
        f"160000 commit {SHA['a']}\tpolicies/module",
        f"120000 blob {blob}\tEnvironments",
    ]
    snapshot = stage.reader.snapshot(CommitSha(SHA["a"]), _tree(stage, rows))
    assert {str(path): entry.mode for path, entry in snapshot.entries.items()} == {
        "agents/anl/run.sh": FileMode.EXECUTABLE,
        "environments/development/link.yaml": FileMode.SYMLINK,
        "policies/module": FileMode.SUBMODULE,
        "Environments": FileMode.SYMLINK,
    }


def _tree(stage: SandboxStage, rows: list[str]) -> ObjectId:
    """Store a tree of whole paths."""
    store = stage.sandbox.world.repository(*REPOSITORY.split("/")).store
    folders: dict[str, list[str]] = {}
    here = []
    for row in rows:
        head, _, path = row.partition("\t")
        folder, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(folder, []).append(f"{head}\t{rest}")
        else:
            here.append((path, head))
    here += [(folder, f"040000 tree {_tree(stage, inner)}") for folder, inner in folders.items()]
    here.sort(key=lambda pair: pair[0] + ("/" if "tree" in pair[1] else ""))
    raw = b"".join(
        f"{head.split()[0].lstrip('0')} {name}".encode() + b"\0" + bytes.fromhex(head.split()[2]) for name, head in here
    )
    return ObjectId(store.write("tree", raw))


class Forest:
    """Trees of a repository, told in parts like those of a very large one."""

    def __init__(self, trees: Mapping[str, list[tuple[str, str, str]]], cut: frozenset[str]) -> None:
        self._trees = trees
        self._cut = cut

    def __call__(self, method: str, path: str) -> Said:
        oid, _, query = path.rpartition("/")[2].partition("?")
        rows = self._trees[oid]
        if query and oid not in self._cut:
            rows = list(self._below(oid, ""))
        truncated = bool(query) and oid in self._cut
        listed = [{"path": name, "mode": mode, "type": _kind(mode), "sha": sha} for name, mode, sha in rows]
        return Said(
            json.dumps({"sha": oid, "tree": listed[:1] if truncated else listed, "truncated": truncated}).encode()
        )

    def _below(self, oid: str, prefix: str) -> list[tuple[str, str, str]]:
        found = []
        for name, mode, sha in self._trees[oid]:
            found.append((prefix + name, mode, sha))
            if mode == "040000":
                found += self._below(sha, f"{prefix}{name}/")
        return found


def _kind(mode: str) -> str:
    return {"040000": "tree", "160000": "commit"}.get(mode, "blob")


TREES = {
    SHA["a"]: [
        ("README.md", "100644", SHA["f"]),
        ("environments", "040000", SHA["b"]),
        ("src", "040000", SHA["d"]),
        ("docs", "040000", SHA["e"]),
    ],
    SHA["b"]: [("production", "040000", SHA["c"])],
    SHA["c"]: [("anl.yaml", "100644", SHA["f"])],
    SHA["e"]: [("CODEOWNERS", "100644", SHA["f"]), ("guide.md", "100644", SHA["f"])],
}


@pytest.mark.parametrize(
    "cut", [frozenset[str](), {SHA["a"]}, {SHA["a"], SHA["b"]}, {SHA["a"], SHA["b"], SHA["c"]}], ids=len
)
def test_a_tree_that_is_cut_short_is_walked_folder_by_folder(tmp_path: Path, cut: frozenset[str]) -> None:
    """ATTACKS 006: the production file is behind the cut."""
    forest = Forest(TREES if cut else {**TREES, SHA["d"]: []}, frozenset(cut))
    with scripted(forest) as (app, server):
        snapshot = GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"]))
        assert set(snapshot.entries) == {"environments/production/anl.yaml", "docs/CODEOWNERS"}
        assert {"environments", "environments/production"} <= set(snapshot.subtrees)
        assert not any(SHA["d"] in call for call in server.calls)


def test_a_folder_larger_than_github_lists_is_refused(tmp_path: Path) -> None:
    def endless(_: str, path: str) -> Said:
        return Said(b'{"tree": [], "truncated": true}')

    with scripted(endless) as (app, _), pytest.raises(UnavailableError, match="more files than GitHub lists"):
        GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"]))


def test_what_is_no_mode_of_a_controlled_file_makes_no_sense(tmp_path: Path) -> None:
    trees = {SHA["a"]: [("CODEOWNERS", "rw-r--r--", SHA["f"])]}
    with scripted(Forest(trees, frozenset())) as (app, _), pytest.raises(UnavailableError, match="rw-r"):
        GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"]))


def test_a_mode_written_by_hand_is_read_as_git_reads_it(tmp_path: Path) -> None:
    """ATTACKS 038: nobody stops the judging of a repository with a tree of a mode that nobody knows."""
    trees = {SHA["a"]: [("CODEOWNERS", "100666", SHA["f"]), ("policies", "040000", SHA["b"])]}
    trees[SHA["b"]] = [("run.rego", "100777", SHA["f"])]
    with scripted(Forest(trees, frozenset())) as (app, _):
        entries = GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"])).entries
    assert {path: entry.mode for path, entry in entries.items()} == {
        "CODEOWNERS": FileMode.REGULAR,
        "policies/run.rego": FileMode.EXECUTABLE,
    }
