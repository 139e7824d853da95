"""Bytes are fetched once, belong to their id wherever they come from, and have a largest size."""

import base64
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.contents import Contents, blob_id
from controller.adapters.github.exchange import THREADS
from controller.change.facts import LARGEST_FILE
from controller.change.names import ObjectId
from controller.errors import UnavailableError
from tests.adapters.github.conftest import SandboxStage
from tests.adapters.github.scripted import Said, scripted
from tests.fakes.git_objects import object_id

LARGE = b"x" * LARGEST_FILE


def blob(content: bytes, /, **changed: object) -> Said:
    encoded = base64.encodebytes(content).decode()
    return Said(json.dumps({"content": encoded, "encoding": "base64", "size": len(content)} | changed).encode())


@given(st.binary(max_size=300))
def test_the_id_is_gits(content: bytes) -> None:
    assert blob_id(content) == object_id("blob", content)


def test_a_blob_is_fetched_once_for_good(stage: SandboxStage, tmp_path: Path) -> None:
    tip = stage.reader.compare("main", "main").base
    entries = stage.reader.snapshot(tip.sha, tip.tree).entries
    wanted = frozenset(entry.blob for entry in entries.values())
    first = stage.reader.contents(wanted)
    stage.sandbox.faults.reset_counts()
    assert stage.reader.contents(wanted) == first
    assert Contents(stage.app, tmp_path / "contents").read(wanted) == first
    assert stage.sandbox.faults.counts().reads == 0


def test_a_damaged_file_of_the_store_is_fetched_again(stage: SandboxStage, tmp_path: Path) -> None:
    """ATTACKS 042."""
    tip = stage.reader.compare("main", "main").base
    entries = stage.reader.snapshot(tip.sha, tip.tree).entries
    wanted = frozenset(entry.blob for entry in entries.values())
    first = dict(stage.reader.contents(wanted))
    for oid in wanted:
        (tmp_path / "contents" / oid[:2] / oid[2:]).write_bytes(b"version: 6.6.6\n")
    stage.sandbox.faults.reset_counts()
    assert Contents(stage.app, tmp_path / "contents").read(wanted) == first
    assert stage.sandbox.faults.counts().reads == len(wanted)
    assert Contents(stage.app, tmp_path / "contents").read(wanted) == first
    assert stage.sandbox.faults.counts().reads == len(wanted)


@pytest.mark.parametrize(
    "said",
    [
        blob(b"other bytes"),
        blob(b"version: 1\n", encoding="utf-8"),
        blob(b"version: 1\n", content="%%%"),
        blob(b"version: 1\n", content="dmVyc2lvbjogMQo"),
        blob(b"version: 1\n", content=None),
        blob(b"version: 1\n", size="11"),
        Said(b"[]"),
    ],
    ids=["other", "encoding", "alphabet", "padding", "null", "size", "list"],
)
def test_other_bytes_than_the_ids_are_refused_and_not_kept(tmp_path: Path, said: Said) -> None:
    """ATTACKS 042."""
    wanted = frozenset({blob_id(b"version: 1\n")})
    with scripted(lambda method, path: said) as (app, server):
        contents = Contents(app, tmp_path)
        with pytest.raises(UnavailableError):
            contents.read(wanted)
        server.script = lambda method, path: blob(b"version: 1\n")
        assert contents.read(wanted) == {blob_id(b"version: 1\n"): b"version: 1\n"}


def test_the_largest_file_is_read_and_a_larger_one_left_out_and_not_asked_for_again(tmp_path: Path) -> None:
    kept = {blob_id(content): content for content in (LARGE, LARGE + b"x", LARGE * 3, b"small")}
    with scripted(lambda method, path: blob(kept[ObjectId(path.rpartition("/")[2])])) as (app, server):
        contents = Contents(app, tmp_path)
        assert contents.read(frozenset({blob_id(LARGE)})) == {blob_id(LARGE): LARGE}
        for _ in range(2):
            assert contents.read(frozenset(kept)) == {blob_id(LARGE): LARGE, blob_id(b"small"): b"small"}
            assert len(server.calls) == len(kept)


def test_memory_is_bounded_and_the_store_is_not(tmp_path: Path) -> None:
    kept = {blob_id(content): content for content in (b"%04d" % n for n in range(100))}
    with scripted(lambda method, path: blob(kept[ObjectId(path.rpartition("/")[2])])) as (app, server):
        contents = Contents(app, tmp_path, in_memory=40)
        assert contents.read(frozenset(kept)) == kept
        assert contents.read(frozenset(kept)) == kept
        assert len(server.calls) == 100
        for path in tmp_path.glob("*/*"):
            path.unlink()
        contents.read(frozenset(kept))
        assert len(server.calls) == 190  # ten were at hand


def test_twenty_blobs_are_read_at_the_same_time(tmp_path: Path) -> None:
    together = threading.Barrier(THREADS)
    kept = {blob_id(content): content for content in (b"%d" % n for n in range(THREADS))}

    def script(_: str, path: str) -> Said:
        together.wait(10)
        return blob(kept[ObjectId(path.rpartition("/")[2])])

    with scripted(script) as (app, server):
        assert Contents(app, tmp_path).read(frozenset(kept)) == kept
        assert len(server.calls) == THREADS


def test_a_store_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        scripted(lambda method, path: blob(b"x")) as (app, _),
        pytest.raises(UnavailableError, match="cannot be read"),
    ):
        Contents(app, tmp_path / "file").read(frozenset({blob_id(b"x")}))


def test_a_store_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / blob_id(b"x")[:2]).symlink_to(tmp_path / "nowhere")
    with (
        scripted(lambda method, path: blob(b"x")) as (app, _),
        pytest.raises(UnavailableError, match="cannot be written"),
    ):
        Contents(app, tmp_path).read(frozenset({blob_id(b"x")}))


def test_many_threads_keep_one_store_whole(tmp_path: Path) -> None:
    """ATTACKS 040."""
    kept = {blob_id(content): content for content in (b"%d" % n * 5000 for n in range(30))}

    def script(_: str, path: str) -> Said:
        return blob(kept[ObjectId(path.rpartition("/")[2])])

    def read(app: GitHubApp) -> None:
        assert Contents(app, tmp_path).read(frozenset(kept)) == kept

    with scripted(script) as (app, _):
        threads = [threading.Thread(target=read, args=(app,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    names = {path.parent.name + path.name for path in tmp_path.glob("*/*")}
    assert names == set(kept)
