"""Reading commits, trees and blobs: complete, by id."""

import pytest

from controller.change.facts import LARGEST_FILE, FileMode
from controller.change.names import CommitSha, ObjectId, RepoPath
from controller.errors import InputError
from tests.contracts.code_hosts.stage import BEGINNING, MANIFEST, Stage


class TreeContract:
    """See the module."""

    def test_what_does_not_exist_is_an_input_error(self, stage: Stage) -> None:
        nothing = "0" * 40
        with pytest.raises(InputError):
            stage.reader.pull_request(4711)
        with pytest.raises(InputError):
            stage.reader.reviews(4711)
        with pytest.raises(InputError):
            stage.reader.tip("nowhere")
        with pytest.raises(InputError):
            stage.reader.compare("main", nothing)
        with pytest.raises(InputError):
            stage.reader.snapshot(CommitSha(nothing), ObjectId(nothing))
        with pytest.raises(InputError):
            stage.reader.contents(frozenset({ObjectId(nothing)}))

    def test_comparison_holds_every_commit_oldest_first(self, stage: Stage) -> None:
        base = stage.reader.tip("main")
        first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        second = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "rita")
        between = stage.reader.compare("main", second)
        assert [commit.sha for commit in between.commits] == [first, second]
        assert (between.base.sha, between.merge_base.sha, between.behind_by) == (base, base, 0)
        assert between.commits[0].author == between.commits[0].committer == stage.account("dana")
        assert between.commits[1].author == stage.account("rita")
        assert between.commits[1].author_email == "rita@example.com"
        assert between.commits[1].parents == (first,)
        assert between.head.sha == second

    def test_comparison_tells_the_merge_base_after_main_moved(self, stage: Stage) -> None:
        before = stage.reader.tip("main")
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        tip = stage.push("main", {"src/tool.py": b"pass\n"}, "olga")
        between = stage.reader.compare("main", head)
        assert (between.base.sha, between.merge_base.sha, between.behind_by) == (tip, before, 1)
        assert stage.reader.tip("main") == tip

    def test_comparison_of_a_commit_with_itself_is_empty(self, stage: Stage) -> None:
        between = stage.reader.compare("main", "main")
        assert between.commits == ()
        assert between.head == between.base == between.merge_base

    def test_snapshot_holds_controlled_files_and_the_folders_on_the_way(self, stage: Stage) -> None:
        tip = stage.reader.compare("main", "main").base
        snapshot = stage.reader.snapshot(tip.sha, tip.tree)
        assert set(snapshot.entries) == BEGINNING.keys() - {"README.md", "src/tool.py"}
        assert {"agents", "agents/anl", "agents/anl/instructions", "environments/development"} <= set(snapshot.subtrees)
        assert {entry.mode for entry in snapshot.entries.values()} == {FileMode.REGULAR}
        assert (snapshot.commit, snapshot.tree) == (tip.sha, tip.tree)

    def test_snapshot_holds_wrong_cases_too(self, stage: Stage) -> None:
        """ATTACKS 092."""
        head = stage.push("topic", {"Environments/production/anl.yaml": b"version: 6.6.6\n"}, "dana")
        snapshot = stage.reader.snapshot(head, stage.reader.compare("main", head).head.tree)
        assert "Environments/production/anl.yaml" in snapshot.entries

    def test_contents_are_the_bytes_behind_the_ids(self, stage: Stage) -> None:
        tip = stage.reader.compare("main", "main").base
        entries = stage.reader.snapshot(tip.sha, tip.tree).entries
        contents = stage.reader.contents(frozenset(entry.blob for entry in entries.values()))
        assert {path: contents[entry.blob] for path, entry in entries.items()} == {
            path: BEGINNING[path] for path in entries
        }
        assert stage.reader.contents(frozenset()) == {}

    def test_a_file_too_large_to_be_read_is_left_out(self, stage: Stage) -> None:
        large = {"agents/anl/large.md": b"x" * (LARGEST_FILE + 1), "agents/anl/largest.md": b"x" * LARGEST_FILE}
        head = stage.push("topic", large, "dana")
        entries = stage.reader.snapshot(head, stage.reader.compare("main", head).head.tree).entries
        blobs = {name: entries[RepoPath(f"agents/anl/{name}.md")].blob for name in ("large", "largest")}
        for _ in range(2):
            assert stage.reader.contents(frozenset(blobs.values())).keys() == {blobs["largest"]}
