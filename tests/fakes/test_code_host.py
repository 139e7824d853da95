"""The fake code host keeps the contract, and its ids are Git's own."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from controller.change.facts import Account, PullRequestState, ReviewState
from controller.change.names import CommitSha
from controller.errors import UnavailableError
from tests.contracts.code_host import BEGINNING, CodeHostContract, Stage
from tests.fakes.code_host import FakeCodeHost
from tests.fakes.proposer import FakeProposer


class FakeStage:
    """The fake as a stage."""

    def __init__(self) -> None:
        self.host = FakeCodeHost(BEGINNING)
        self.proposer = FakeProposer(self.host)
        self.reader = self.writer = self.queue = self.host
        for login in ("dana", "olga", "rita", "rick"):
            self.account(login)
        self.host.team("acme", "platform", self.account("olga"))
        self.host.team("acme", "readers", self.account("olga"))
        self.host.team("acme", "hidden", self.account("olga"))
        self.host.powerless |= {"@rick", "@acme/readers"}
        self.host.secret_teams |= {"@acme/hidden"}

    def account(self, login: str) -> Account:
        return self.host.person(login)

    def push(self, branch: str, files: Mapping[str, bytes | None], by: str) -> CommitSha:
        return self.host.push(branch, files, by=self.account(by))

    def move(self, branch: str, commit: CommitSha, by: str) -> None:
        self.host.move(branch, commit, by=self.account(by))

    def open(self, branch: str, by: str) -> int:
        return self.host.open_pull_request(branch, by=self.account(by))

    def review(self, number: int, by: str, state: ReviewState) -> int:
        return self.host.review(number, self.account(by), state)

    def dismiss(self, number: int, review: int) -> None:
        self.host.dismiss(number, review)

    def merge(self, number: int, by: str, method: str) -> CommitSha:
        return self.host.merge(number, by=self.account(by), method=method)

    def enqueue(self, number: int, by: str, method: str) -> None:
        self.host.enqueue(number, by=self.account(by), method=method)

    def close(self, number: int) -> None:
        self.host.edit(number, state=PullRequestState.CLOSED)

    def check(self, commit: CommitSha, name: str) -> tuple[str | None, str, int]:
        check = self.host.checks[commit, name]
        return (check.conclusion.value if check.conclusion else None, check.title, len(check.annotations))

    def comments(self, number: int) -> list[str]:
        return [self.host.comments[number]] if number in self.host.comments else []

    def requested(self, number: int) -> set[str]:
        return set(self.host.requested.get(number, ()))

    def writes(self) -> int:
        return self.host.writes


class TestFakeCodeHost(CodeHostContract):
    """The contract, on the fake."""

    @pytest.fixture
    def stage(self) -> Stage:
        return FakeStage()


def test_blob_and_tree_ids_are_those_of_git(tmp_path: Path) -> None:
    for path, content in BEGINNING.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    root = git("write-tree")
    host = FakeCodeHost(BEGINNING)
    tip = host.compare("main", "main").base
    assert tip.tree == root
    snapshot = host.snapshot(tip.sha, tip.tree)
    for path, oid in snapshot.subtrees.items():
        assert oid == git("rev-parse", f"{root}:{path}")
    for path, entry in snapshot.entries.items():
        assert entry.blob == git("rev-parse", f"{root}:{path}")


def test_trouble_is_raised_and_calls_are_counted() -> None:
    host = FakeCodeHost()
    host.trouble["tip"] = UnavailableError("down", component="github")
    with pytest.raises(UnavailableError):
        host.tip("main")
    host.open_pull_requests()
    assert host.calls == ["tip", "open_pull_requests"]
