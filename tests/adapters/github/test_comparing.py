"""Every commit between two others is told, or the comparison is refused."""

import json
from pathlib import Path

import pytest

from controller.adapters.github.reading import GitHubReader
from controller.change.names import CommitSha
from controller.errors import InputError, StaleError, UnavailableError
from tests.adapters.github.conftest import SandboxStage
from tests.adapters.github.scripted import Said, Script, scripted
from tests.contracts.code_host import MANIFEST

COMPARE = "GET /repos/{owner}/{repo}/compare/{basehead}"
SHA = {letter: letter * 40 for letter in "abcdef"}


def chain(stage: SandboxStage, length: int, *, first_by: str = "dana") -> CommitSha:
    """Return the last of `length` commits on main, without a ref."""
    tip = stage.git("rev-parse", "refs/heads/main")
    for number in range(length):
        who = first_by if number == 0 else "dana"
        config = ("-c", f"user.name={who}", "-c", f"user.email={who}@example.com")
        tip = stage.git(*config, "commit-tree", "-p", tip, "-m", f"Step {number}", f"{tip}^{{tree}}")
    return CommitSha(tip)


def test_the_first_of_many_commits_is_not_overlooked(stage: SandboxStage) -> None:
    """ATTACKS 007: the approver wrote commit 1 of 250."""
    head = chain(stage, 250, first_by="olga")
    between = stage.reader.compare("main", head)
    assert len(between.commits) == 250
    assert between.commits[0].author == stage.account("olga")
    assert between.commits[-1].sha == head
    assert stage.sandbox.faults.counts().by_route["GET /repos/{owner}/{repo}/compare/{basehead}"] == 3


def test_more_than_250_commits_are_refused(stage: SandboxStage) -> None:
    """ATTACKS 007."""
    with pytest.raises(InputError, match="251 commits .* split the pull request"):
        stage.reader.compare("main", chain(stage, 251))


def test_a_comparison_of_two_ids_is_asked_for_once(stage: SandboxStage) -> None:
    head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    base = stage.reader.tip("main")
    stage.sandbox.faults.reset_counts()
    assert stage.reader.compare(base, head) == stage.reader.compare(base, head)
    stage.reader.compare("main", head)
    stage.reader.compare("main", head)
    counts = stage.sandbox.faults.counts()
    assert counts.by_route == {COMPARE: 1, "GET /repos/{owner}/{repo}/git/ref/{ref}": 2}
    assert counts.not_modified == 2


@pytest.mark.parametrize("ref", ["", "../../user", "a..b", "a\nb", "a\0b"], ids=repr)
def test_a_ref_leads_nowhere_else(stage: SandboxStage, ref: str) -> None:
    """ATTACKS 036."""
    stage.sandbox.faults.reset_counts()
    for ask in (lambda: stage.reader.tip(ref), lambda: stage.reader.compare("a" * 40, ref)):
        with pytest.raises(InputError):
            ask()
    assert stage.sandbox.faults.counts().reads == 0


@pytest.mark.parametrize("branch", ["feature/a", "50%", "a#c", "ä", "a;b", "a&b=c", "main;x", "a+b", "50%25"])
def test_a_branch_of_any_name_is_read_as_itself(stage: SandboxStage, branch: str) -> None:
    head = chain(stage, 1)
    stage.git("update-ref", f"refs/heads/{branch}", head)
    assert stage.reader.tip(branch) == head
    assert stage.reader.compare("main", branch).head.sha == head


def compare_answer(**changed: object) -> Said:
    def commit(sha: str, *parents: str) -> dict[str, object]:
        person = {"email": "dana@example.com"}
        inner = {"tree": {"sha": SHA["f"]}, "author": person, "committer": person, "message": "x", "verification": None}
        known = [{"sha": parent} for parent in parents]
        return {"sha": sha, "parents": known, "author": None, "committer": None, "commit": inner}

    answer: dict[str, object] = {
        "total_commits": 2,
        "behind_by": 0,
        "base_commit": commit(SHA["a"]),
        "merge_base_commit": commit(SHA["a"]),
        "commits": [commit(SHA["b"], SHA["a"]), commit(SHA["c"], SHA["b"])],
    }
    return Said(json.dumps(answer | changed).encode())


def reader_of(script: Script, folder: Path, ask: str) -> object:
    with scripted(script) as (app, _):
        return GitHubReader(app, folder).compare(SHA["a"], ask)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"total_commits": 3}, UnavailableError),
        ({"total_commits": 1}, UnavailableError),
        ({"total_commits": 0, "commits": []}, UnavailableError),
        ({"merge_base_commit": None}, InputError),
        ({"total_commits": -1}, UnavailableError),
    ],
    ids=str,
)
def test_a_comparison_that_does_not_add_up_is_refused(
    tmp_path: Path, changed: dict[str, object], error: type[Exception]
) -> None:
    """ATTACKS 006."""
    with pytest.raises(error):
        reader_of(lambda method, path: compare_answer(**changed), tmp_path, SHA["c"])


def test_a_comparison_of_another_commit_is_refused(tmp_path: Path) -> None:
    assert reader_of(lambda method, path: compare_answer(), tmp_path, SHA["c"])
    with pytest.raises(UnavailableError, match="was asked for"):
        reader_of(lambda method, path: compare_answer(), tmp_path, SHA["d"])


def test_a_branch_that_moves_between_two_pages_is_stale(tmp_path: Path) -> None:
    def moving(_: str, path: str) -> Said:
        return compare_answer(total_commits=120 if "page=1" in path.partition("&")[0] else 121)

    with pytest.raises(StaleError):
        reader_of(moving, tmp_path, SHA["c"])


def test_a_tag_that_is_called_like_the_branch_is_not_compared_with(stage: SandboxStage) -> None:
    """ATTACKS 074: Git would take the tag, and with it the policies of whoever made it."""
    stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    stage.push("lax", {"policies/rego/lax.rego": b"package dvo\n"}, "dana")
    lax, topic, main = stage.reader.tip("lax"), stage.reader.tip("topic"), stage.reader.tip("main")
    stage.person("dana").call("POST", "/git/refs", {"ref": "refs/tags/main", "sha": lax})
    assert stage.reader.compare("main", topic).base.sha == main
