"""A clone is read as it is: nothing checked out, nothing run, nothing taken as an option."""

import os
from pathlib import Path

import pytest

from controller.adapters.git_local import LocalRepository
from controller.change.facts import FileMode
from controller.change.names import ObjectId, RepoPath, object_id
from controller.errors import InputError, UnavailableError
from controller.ownership.owner import TeamOwner
from tests.adapters.git_local.conftest import BEGINNING, Work

MANIFEST = "environments/development/anl.yaml"


def test_a_branch_a_tag_and_a_commit_lead_to_the_same_commit(work: Work) -> None:
    commit = work.commit({MANIFEST: b"version: 1.0.1\n"})
    work.git("tag", "--annotate", "--message", "x", "v1")
    assert {work.repository.tip(name) for name in ("main", "HEAD", "v1", commit, commit[:12])} == {commit}


@pytest.mark.parametrize(
    "name",
    ["nowhere", "", "--output=x", "-x", "main\n", "main:README.md", "main^{tree}", "a b", "\x1b[31m"],
    ids=ascii,
)
def test_what_is_no_commit_is_refused(work: Work, name: str) -> None:
    """ATTACKS 035: a branch is never an option of Git."""
    with pytest.raises(InputError, match="branch or a commit"):
        work.repository.tip(name)
    assert not (work.folder / "x").exists()


def test_a_snapshot_holds_the_controlled_files_and_folders(work: Work) -> None:
    commit = work.repository.compare("main", "main").base
    snapshot = work.repository.snapshot(commit.sha, commit.tree)
    assert set(snapshot.entries) == {path for path in BEGINNING if path not in ("README.md", "src/tool.py")}
    assert snapshot.subtrees[RepoPath("agents/anl")] == work.git("rev-parse", "main:agents/anl")
    blob = snapshot.entries[RepoPath(MANIFEST)].blob
    assert work.repository.contents(frozenset({blob})) == {blob: BEGINNING[MANIFEST]}


def test_modes_are_told_as_git_keeps_them(work: Work) -> None:
    (work.folder / "agents/anl/run.sh").write_bytes(b"#!/bin/sh\n")
    (work.folder / "agents/anl/run.sh").chmod(0o755)
    (work.folder / "environments/development/gha.yaml").symlink_to("/etc/passwd")
    work.commit({})
    commit = work.repository.compare("main", "main").base
    entries = work.repository.snapshot(commit.sha, commit.tree).entries
    assert entries[RepoPath("agents/anl/run.sh")].mode is FileMode.EXECUTABLE
    link = entries[RepoPath("environments/development/gha.yaml")]
    assert link.mode is FileMode.SYMLINK
    assert work.repository.contents(frozenset({link.blob})) == {link.blob: b"/etc/passwd"}


@pytest.mark.parametrize(
    ("mode", "read"),
    [("100664", FileMode.REGULAR), ("100666", FileMode.REGULAR), ("100711", FileMode.EXECUTABLE)],
)
def test_a_mode_written_by_hand_is_read_as_git_reads_it(work: Work, mode: str, read: FileMode) -> None:
    """ATTACKS 038."""
    blob = bytes.fromhex(work.git("hash-object", "-w", "--stdin", content=b"x"))
    raw = f"{mode} CODEOWNERS".encode() + b"\0" + blob
    tree = work.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", content=raw)
    [entry] = work.repository.snapshot(work.repository.tip("main"), ObjectId(tree)).entries.values()
    assert entry.mode is read


@pytest.mark.parametrize(
    "name", [b"environments/development/\xff.yaml", b"environments/a\nb/c.yaml", b'environments/"q".yaml'], ids=repr
)
def test_paths_of_any_bytes_survive(work: Work, name: bytes) -> None:
    blob = work.git("hash-object", "-w", "--stdin", content=b"x")
    path = name.decode("utf-8", "surrogateescape")
    listed = f"100644 {blob}\t".encode() + name + b"\0"
    work.git("update-index", "-z", "--index-info", content=listed)
    work.git("commit", "--quiet", "--message", "odd")
    commit = work.repository.compare("main", "main").base
    assert RepoPath(path) in work.repository.snapshot(commit.sha, commit.tree).entries


def test_a_comparison_holds_every_commit_oldest_first_and_how_far_behind_it_is(work: Work) -> None:
    begin = work.repository.tip("main")
    work.git("checkout", "--quiet", "-b", "topic")
    first = work.commit({MANIFEST: b"version: 1.0.1\n"})
    second = work.commit({MANIFEST: b"version: 1.0.2\n"})
    work.git("checkout", "--quiet", "main")
    tip = work.commit({"README.md": b"More\n"})
    found = work.repository.compare("main", "topic")
    assert (found.base.sha, found.merge_base.sha, found.behind_by) == (tip, begin, 1)
    assert [commit.sha for commit in found.commits] == [first, second]
    assert found.head.parents == (first,)
    assert found.head.tree == work.git("rev-parse", "topic^{tree}")


def test_a_branch_without_commits_of_its_own_compares_to_nothing(work: Work) -> None:
    found = work.repository.compare("main", "main")
    assert (found.commits, found.behind_by, found.head) == ((), 0, found.base)


def test_branches_without_a_common_ancestor_are_refused(work: Work) -> None:
    work.git("checkout", "--quiet", "--orphan", "alone")
    work.commit({})
    with pytest.raises(InputError, match="no common ancestor"):
        work.repository.compare("main", "alone")


def test_a_commit_names_everyone_it_credits(work: Work) -> None:
    message = "Work\n\nCo-authored-by: Olga <Olga@example.com>\nco-authored-by:rita@example.com\n"
    who = {"GIT_AUTHOR_EMAIL": "Ann@Example.com", "GIT_COMMITTER_EMAIL": "carl@example.com"}
    work.git("checkout", "--quiet", "-b", "topic")
    work.commit({MANIFEST: b"version: 1.0.1\n"}, message, who)
    commit = work.repository.compare("main", "topic").head
    assert (commit.author_email, commit.committer_email) == ("ann@example.com", "carl@example.com")
    assert commit.co_author_emails == ("olga@example.com", "rita@example.com")
    assert (commit.author, commit.committer, commit.is_verified) == (None, None, False)


def test_a_replaced_object_deceives_nobody(work: Work) -> None:
    """A replacement ref shows another commit in the place of one."""
    honest = work.repository.compare("main", "main").base
    forged = work.commit({MANIFEST: b"version: 6.6.6\n"})
    work.git("reset", "--quiet", "--hard", honest.sha)
    work.git("replace", honest.sha, forged)
    assert work.repository.compare("main", "main").base == honest


def test_nothing_the_repository_configures_is_run(work: Work, tmp_path: Path) -> None:
    """ATTACKS 037: a clone somebody else prepared cannot make Git start a program; no file is checked out."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "gpg.program", "core.editor", "diff.external"):
        work.git("config", name, str(trap))
    work.git("config", "log.showSignature", "true")
    hooks = work.folder / ".git/hooks"
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (hooks / hook).write_bytes(trap.read_bytes())
        (hooks / hook).chmod(0o755)
    repository = work.repository
    commit = repository.compare("main", "HEAD").base
    snapshot = repository.snapshot(commit.sha, commit.tree)
    repository.contents(frozenset(entry.blob for entry in snapshot.entries.values()))
    repository.steps("main", "agents")
    repository.uncommitted()
    assert not (tmp_path / "sprung").exists()


def test_a_clone_of_somebody_else_can_be_read(work: Work) -> None:
    """Git refuses repositories of other people unless told otherwise; reading objects is harmless."""
    if os.geteuid() == 0:
        os.chown(work.folder, 12345, 12345)
        os.chown(work.folder / ".git", 12345, 12345)
    assert work.repository.tip("main")


def test_steps_are_those_of_the_first_parents_that_changed_the_folder(work: Work) -> None:
    begin = work.repository.tip("main")
    work.git("checkout", "--quiet", "-b", "topic")
    work.commit({"agents/anl/agent.yaml": b"code: ANL\nversion: 2\n"})
    work.git("checkout", "--quiet", "main")
    work.commit({"README.md": b"Unrelated\n"})
    work.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    merge = work.repository.tip("main")
    assert [step.sha for step in work.repository.steps("main", "agents")] == [begin, merge]


def test_what_no_commit_holds_is_named_when_it_is_controlled(work: Work) -> None:
    assert work.repository.uncommitted() == ()
    work.write({MANIFEST: b"version: 2.0.0\n", "environments/development/new.yaml": b"x", "notes.txt": b"x"})
    assert work.repository.uncommitted() == (MANIFEST, "environments/development/new.yaml")


def test_the_person_at_work_is_whom_git_says(work: Work) -> None:
    assert work.repository.person() == "dana@example.com"
    work.git("config", "user.email", "")
    assert work.repository.person() is None


def test_a_clone_knows_no_teams(work: Work) -> None:
    assert work.repository.team_members(TeamOwner("acme", "platform")) == ()


def test_a_folder_below_the_top_will_do(work: Work) -> None:
    inside = LocalRepository(work.folder / "agents")
    commit = inside.compare("main", "main").base
    assert RepoPath(MANIFEST) in inside.snapshot(commit.sha, commit.tree).entries


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        LocalRepository(tmp_path).tip("main")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory"):
        LocalRepository(tmp_path / "none").tip("main")


def test_bytes_that_are_not_in_the_clone_are_unavailable(work: Work) -> None:
    with pytest.raises(UnavailableError, match="not in this clone"):
        work.repository.contents(frozenset({object_id("0" * 40)}))
