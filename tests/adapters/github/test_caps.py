"""Lists beyond what GitHub tells at once are completed or refused, never cut.

Elsewhere: commits (`test_comparing.py`), trees cut short (`test_trees.py`), reviews, team members, pull requests and
pushes (`test_reading.py`), comments and annotations (`test_writing.py`), lists without end (`test_connection.py`).
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from controller.adapters.github.issues import GitHubIssues
from controller.adapters.github.merge_queue import GitHubMergeQueue
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.change.break_glass import LABEL
from controller.change.facts import PullRequestState
from controller.change.names import CommitSha, ObjectId
from controller.decision.check import CheckRun, Conclusion
from controller.errors import UnavailableError
from controller.sandbox.records import Label, Repository
from tests.adapters.github.conftest import REPOSITORY, MemoryIndex, SandboxStage
from tests.adapters.github.scripted import Said, scripted
from tests.contracts.code_host import MANIFEST
from tests.contracts.issue_tracker import DRAFT

HEAD = "c" * 40


def repository(stage: SandboxStage) -> Repository:
    return stage.sandbox.world.repository(*REPOSITORY.split("/"))


@pytest.mark.parametrize("count", [350, 3_100], ids=["compare tells 300", "the list of files tells 3,000"])
def test_every_file_of_a_large_pull_request_is_seen(stage: SandboxStage, count: int) -> None:
    """ATTACKS 006: the decisive file is the last; neither list of changed files is ever asked for."""
    files = {f"environments/development/a{each:05d}.yaml": b"x: 1\n" for each in range(count)}
    files["environments/production/zzz.yaml"] = b"replicas: 99\n"
    # Not pushed through the API, where each file is a call of its own.
    head = CommitSha(stage.sandbox.seeds.commit(REPOSITORY, files, author="dana", message="Many", branch="large"))
    number = stage.open("large", "dana")
    stage.sandbox.faults.reset_counts()
    compared = stage.reader.compare("main", stage.reader.pull_request(number).head)
    seen = stage.reader.snapshot(head, compared.head.tree).entries
    assert {*files, MANIFEST} <= set(seen)
    assert not any("/files" in route for route in stage.sandbox.faults.counts().by_route)


def test_every_group_of_a_long_queue_is_seen(stage: SandboxStage) -> None:
    store = repository(stage).store
    tip = stage.git("rev-parse", "refs/heads/main")
    for number in range(1, 131):
        store.move(f"refs/heads/gh-readonly-queue/main/pr-{number}-{tip}", tip)
    assert {group.pull for group in stage.queue.merge_groups()} == set(range(1, 131))


def test_a_queue_that_is_told_in_pages_is_refused() -> None:
    """GitHub describes none of this list, so nobody knows how to ask for the rest."""

    def script(_: str, path: str) -> Said:
        return Said(b"[]", headers={"Link": f'<{server.api_url}{path}?page=2>; rel="next"'})

    with scripted(script) as (app, server), pytest.raises(UnavailableError, match="into pages"):
        GitHubMergeQueue(app).merge_groups()


def test_our_run_is_found_behind_a_hundred_others(tmp_path: Path) -> None:
    """ATTACKS 007, 012: a host whose filter lets foreign runs of our name through."""
    wanted = CheckRun("dvo/policy", CommitSha(HEAD), Conclusion.FAILURE, "Denied", "Why", "", ())
    foreign = {"id": 1, "name": "dvo/policy", "app": {"id": 9}, "external_id": "", "status": "completed"}
    ours = {**foreign, "id": 2, "app": {"id": 1}, "external_id": wanted.external_id}
    for run in (foreign, ours):
        run["output"] = {"annotations_count": 0}

    def script(method: str, path: str) -> Said:
        assert method == "GET", "it stands already"
        is_last = "page=2" in path.split("&")
        runs = [ours] if is_last else [foreign] * 100
        link = {} if is_last else {"Link": f'<{server.api_url}{path}&page=2>; rel="next"'}
        return Said(json.dumps({"total_count": 101, "check_runs": runs}).encode(), headers=link)

    with scripted(script) as (app, server):
        GitHubWriter(app, MemoryIndex()).write_check(wanted)
        assert len(server.calls) == 2


def test_a_label_behind_a_hundred_others_is_seen(stage: SandboxStage) -> None:
    """ATTACKS 025: GitHub tells all labels of a pull request with it."""
    number = stage.open_topic()
    world = stage.sandbox.world
    with world.lock:
        labels = repository(stage).pulls[number].issue.labels
        labels += [Label(world.next_id(), f"label-{each:03d}") for each in range(120)]
    assert stage.reader.pull_request(number).break_glass is None
    with world.lock:
        labels.append(Label(world.next_id(), LABEL))
    assert stage.reader.pull_request(number).break_glass is not None


def test_a_review_issue_behind_a_hundred_others_is_found_and_not_opened_again(stage: SandboxStage) -> None:
    tracker = GitHubIssues(stage.app)
    first = tracker.open_issue(DRAFT)
    world = stage.sandbox.world
    with world.lock:
        issues = repository(stage).issues
        original = issues.pop(first)
        for each in range(1_000, 1_150):
            body = (original.body or "").replace("a" * 40, f"{each:040d}")
            issues[each] = replace(original, id=world.next_id(), number=each, body=body)
        issues[first] = replace(original, created_at=world.now())
    before = len(issues)
    assert tracker.open_issue(DRAFT) == first
    assert len(issues) == before


def test_the_merged_one_of_a_hundred_and_more_pull_requests_with_a_commit_is_found(stage: SandboxStage) -> None:
    """ATTACKS 007."""
    number = stage.open_topic()
    merge = stage.merge(number, "dana", "merge")
    world = stage.sandbox.world
    with world.lock:
        pulls = repository(stage).pulls
        merged = pulls.pop(number)
        for each in range(1_000, 1_120):
            issue = replace(merged.issue, number=each, id=world.next_id(), state="closed")
            pulls[each] = replace(merged, issue=issue, id=world.next_id(), merged_at=None, merge_commit_sha=None)
        pulls[number] = merged
    found = stage.reader.merged_pull_request(merge)
    assert found is not None
    assert (found.number, found.state) == (number, PullRequestState.MERGED)


def test_an_ordinary_folder_of_many_is_read_whole_though_the_tree_is_cut(tmp_path: Path) -> None:
    """ATTACKS 006: a hundred folders, of which the recursive listing tells one."""
    folders = {f"e{each:03d}": f"{each:040x}" for each in range(100)}
    root = [{"path": "environments", "mode": "040000", "type": "tree", "sha": "e" * 40}]
    inner = [{"path": name, "mode": "040000", "type": "tree", "sha": oid} for name, oid in folders.items()]
    file = [{"path": "anl.yaml", "mode": "100644", "type": "blob", "sha": "f" * 40}]

    def script(_: str, path: str) -> Said:
        oid, _, query = path.rpartition("/")[2].partition("?")
        is_cut = bool(query) and oid in ("d" * 40, "e" * 40)
        listed = {"d" * 40: root, "e" * 40: inner}.get(oid, file)
        return Said(json.dumps({"tree": listed[:1] if is_cut else listed, "truncated": is_cut}).encode())

    with scripted(script) as (app, _):
        seen = GitHubReader(app, tmp_path).snapshot(CommitSha(HEAD), ObjectId("d" * 40)).entries
    assert set(seen) == {f"environments/{name}/anl.yaml" for name in folders}
