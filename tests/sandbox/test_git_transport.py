"""Git over HTTP: clone, push, force-push, protection at the push, and what a push sets off."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from controller.sandbox.records import Protection
from tests.sandbox.conftest import FILES, MANIFEST, ONE, REPOSITORY, Town

Git = Callable[..., "subprocess.CompletedProcess[str]"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0"}


def run(*argv: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", *argv], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(town: Town, tmp_path: Path) -> Callable[[str], Git]:
    """Make a clone as a person, ready to commit."""

    def as_person(login: str) -> Git:
        folder = tmp_path / login
        done = run("clone", "--quiet", town.person(login).git_url, str(folder))
        assert done.returncode == 0, done.stderr
        for key, value in (("user.name", login), ("user.email", f"{login}@example.com")):
            run("config", key, value, folder=folder)
        return lambda *argv: run(*argv, folder=folder)

    return as_person


def test_a_clone_has_the_files(town: Town, tmp_path: Path) -> None:
    assert run("clone", town.person("dana").git_url, str(tmp_path / "clone")).returncode == 0
    assert (tmp_path / "clone" / MANIFEST).read_bytes() == FILES[MANIFEST]


def test_a_push_moves_the_head_of_an_open_pull_request_and_tells_of_it(town: Town, clone: Callable[[str], Git]) -> None:
    dana = town.person("dana")
    number = dana.open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    before = cast(dict[str, str], dana.pull(number)["head"])["sha"]
    git = clone("dana")
    git("checkout", "--quiet", "feature")
    git("commit", "--quiet", "--allow-empty", "-m", "Again")
    assert git("push", "--quiet").returncode == 0
    after = git("rev-parse", "HEAD").stdout.strip()
    assert cast(dict[str, str], dana.pull(number)["head"])["sha"] == after
    assert town.settled()[-2:] == ["push", "pull_request.synchronize"]
    payload = town.receiver.received[-1].payload
    assert (payload["before"], payload["after"]) == (before, after)


def test_a_force_push_leaves_the_old_head_to_be_fetched(town: Town, clone: Callable[[str], Git]) -> None:
    dana = town.person("dana")
    number = dana.open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    old = cast(dict[str, str], dana.pull(number)["head"])["sha"]
    git = clone("dana")
    git("checkout", "--quiet", "feature")
    git("commit", "--quiet", "--amend", "-m", "Another story")
    assert git("push", "--quiet").returncode != 0
    assert git("push", "--quiet", "--force").returncode == 0
    new = git("rev-parse", "HEAD").stdout.strip()
    assert cast(dict[str, str], dana.pull(number)["head"])["sha"] == new != old
    assert git("fetch", "--quiet", "origin", old).returncode == 0
    assert git("fetch", "--quiet", "origin", f"refs/pull/{number}/head").returncode == 0
    town.settled()
    pushed = [item.payload for item in town.receiver.received if item.event == "push"]
    assert pushed[-1]["forced"] is True


def test_pushing_a_new_branch_and_deleting_it_closes_its_pull_request(town: Town, clone: Callable[[str], Git]) -> None:
    git = clone("dana")
    git("checkout", "--quiet", "-b", "topic/one")
    git("commit", "--quiet", "--allow-empty", "-m", "One")
    assert git("push", "--quiet", "origin", "topic/one").returncode == 0
    dana = town.api("dana")
    dana.wanted(201, "POST", f"{ONE}/pulls", {"title": "One", "head": "topic/one", "base": "main"})
    assert git("push", "--quiet", "origin", ":topic/one").returncode == 0
    assert dana.get(f"{ONE}/pulls/1")["state"] == "closed"


def test_protection_refuses_a_direct_push_but_lets_administrators_through(
    town: Town, clone: Callable[[str], Git]
) -> None:
    town.sandbox.seeds.protect(REPOSITORY, Protection(approving_reviews=1))
    dana, ada = clone("dana"), clone("ada")
    dana("commit", "--quiet", "--allow-empty", "-m", "Past everybody")
    refused = dana("push", "origin", "HEAD:main", "HEAD:side")
    assert refused.returncode != 0
    assert "GH006: Protected branch update failed for refs/heads/main" in refused.stderr
    assert "[new branch]" in refused.stderr
    ada("commit", "--quiet", "--allow-empty", "-m", "Break the glass")
    assert ada("push", "origin", "HEAD:main").returncode == 0


@pytest.mark.parametrize(
    ("protection", "allowed"),
    [
        pytest.param(Protection(approving_reviews=1, enforce_admins=True), False, id="administrators are bound too"),
        pytest.param(
            Protection(approving_reviews=1, enforce_admins=True, bypassers={"ada"}), True, id="a listed bypasser passes"
        ),
        pytest.param(Protection(), True, id="protection without rules lets a writer push"),
    ],
)
def test_who_may_push_to_a_protected_main(
    town: Town, clone: Callable[[str], Git], protection: Protection, allowed: bool
) -> None:
    town.sandbox.seeds.protect(REPOSITORY, protection)
    ada = clone("ada")
    ada("commit", "--quiet", "--allow-empty", "-m", "Straight to main")
    assert (ada("push", "origin", "HEAD:main").returncode == 0) is allowed


@pytest.mark.parametrize("allowed", [False, True])
def test_rewriting_a_protected_main_needs_permission_even_for_administrators(
    town: Town, clone: Callable[[str], Git], allowed: bool
) -> None:
    town.sandbox.seeds.protect(REPOSITORY, Protection(allow_force_pushes=allowed))
    ada = clone("ada")
    ada("commit", "--quiet", "--amend", "-m", "Another past")
    assert (ada("push", "--force", "origin", "HEAD:main").returncode == 0) is allowed


def test_a_head_pushed_straight_into_main_counts_as_merged(town: Town, clone: Callable[[str], Git]) -> None:
    dana = town.person("dana")
    number = dana.open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    git = clone("ada")
    assert git("push", "--quiet", "origin", "origin/feature:main").returncode == 0
    pull = dana.pull(number)
    assert (pull["merged"], pull["merge_commit_sha"]) == (True, cast(dict[str, str], pull["head"])["sha"])


@pytest.mark.parametrize(
    ("login", "status"),
    [pytest.param("rita", 403, id="a reader cannot push"), pytest.param("sam", 404, id="a stranger sees nothing")],
)
def test_pushing_needs_write_access(town: Town, login: str, status: int) -> None:
    answer = town.api(login)
    path = f"/{REPOSITORY}.git/info/refs?service=git-receive-pack"
    sent = type(answer)(town.sandbox.url, answer.token).raw("GET", path)
    assert sent.status_code == status


def test_nobody_pushes_to_the_refs_of_pull_requests(town: Town, clone: Callable[[str], Git]) -> None:
    assert clone("ada")("push", "origin", "HEAD:refs/pull/7/head").returncode != 0


def test_a_wrong_token_is_asked_for_another(town: Town, tmp_path: Path) -> None:
    url = town.person("dana").git_url.replace(town.person("dana").token, "ghp_wrong")
    assert run("clone", url, str(tmp_path / "clone")).returncode != 0
