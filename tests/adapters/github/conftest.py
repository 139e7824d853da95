"""A sandbox with the contract's repository, and the adapter as an App on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.exchange import Patience
from controller.adapters.github.merge_queue import GitHubMergeQueue
from controller.adapters.github.proposing import GitHubProposer
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.change.facts import Account, AccountKind, ReviewState
from controller.change.names import CommitSha, Login
from controller.decision.check import CheckRun, Conclusion
from controller.sandbox.person import Person
from controller.sandbox.records import Protection, RequiredCheck
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import AppCredentials, AppSeed
from tests.app_key import app_key
from tests.contracts.code_host import BEGINNING, MANIFEST

REPOSITORY = "acme/agents"
PEOPLE = {"dana": 1001, "olga": 1002, "rita": 1003}
PATIENT = Patience(connect_seconds=10, read_seconds=20, total_seconds=60, retries=1)
"""So that nothing is late on a busy machine; what must be late is asked for by somebody with less."""
_EVENTS = {
    ReviewState.APPROVED: "APPROVE",
    ReviewState.CHANGES_REQUESTED: "REQUEST_CHANGES",
    ReviewState.COMMENTED: "COMMENT",
}


@dataclass
class MemoryIndex:
    """An index that forgets with the test."""

    values: dict[str, str] = field(default_factory=dict)

    def recall(self, key: str) -> str | None:
        return self.values.get(key)

    def remember(self, key: str, value: str) -> None:
        self.values[key] = value


class SandboxStage:
    """The sandbox as a stage, with the adapter on it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.credentials = _seeded(sandbox)
        self.index = MemoryIndex()
        self.app = self.new_app()
        self.reader = GitHubReader(self.app, folder / "contents")
        self.proposer = GitHubProposer(self.app)
        self.queue = GitHubMergeQueue(self.app)
        self.writer = GitHubWriter(self.app, self.index)

    def new_app(self, credentials: AppCredentials | None = None) -> GitHubApp:
        """Return another connection, that of the App or of another one."""
        known = credentials or self.credentials
        return GitHubApp(self.sandbox.api_url, known.app_id, known.private_key, REPOSITORY, patience=PATIENT)

    def person(self, login: str) -> Person:
        return self.sandbox.person(login, REPOSITORY)

    def account(self, login: str) -> Account:
        return Account(PEOPLE[login], Login(login), AccountKind.USER)

    def push(self, branch: str, files: Mapping[str, bytes | None], by: str) -> CommitSha:
        return CommitSha(self.person(by).commit(branch, files, "A change"))

    def move(self, branch: str, commit: CommitSha, by: str) -> None:
        self.person(by).call("PATCH", f"/git/refs/heads/{branch}", {"sha": commit, "force": True})

    def open(self, branch: str, by: str) -> int:
        answer = self.person(by).call("POST", "/pulls", {"title": "A change", "head": branch, "base": "main"})
        return int(str(answer["number"]))

    def git(self, *arguments: str) -> str:
        """Run git in the sandbox's own repository, as a big push would have filled it."""
        store = self.sandbox.world.repository(*REPOSITORY.split("/")).store
        return store.run(*arguments).decode().strip()

    def open_topic(self) -> int:
        """Open a pull request that changes one manifest."""
        self.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        return self.open("topic", "dana")

    def review(self, number: int, by: str, state: ReviewState) -> int:
        return self.person(by).review(number, _EVENTS[state], "Seen")

    def dismiss(self, number: int, review: int) -> None:
        self.person("olga").call("PUT", f"/pulls/{number}/reviews/{review}/dismissals", {"message": "Outdated"})

    def merge(self, number: int, by: str, method: str) -> CommitSha:
        return CommitSha(self.person(by).merge(number, method))

    def enqueue(self, number: int, by: str, method: str) -> None:
        checks = [RequiredCheck(name) for name in ("dvo/policy", "dvo/approval")]
        self.sandbox.seeds.protect(REPOSITORY, Protection(required_checks=checks, merge_queue=method))
        head = self.reader.pull_request(number).head
        for check in checks:
            self.writer.write_check(CheckRun(check.context, head, Conclusion.SUCCESS, "Admitted", "Fine", "", ()))
        self.person(by).enqueue(number)

    def close(self, number: int) -> None:
        self.person("olga").call("PATCH", f"/pulls/{number}", {"state": "closed"})

    def check(self, commit: CommitSha, name: str) -> tuple[str | None, str, int]:
        runs = [run for run in self.person("olga").check_runs(commit) if run["name"] == name]
        assert len(runs) == 1
        output = runs[0]["output"]
        assert isinstance(output, dict)
        conclusion = runs[0]["conclusion"]
        return (None if conclusion is None else str(conclusion), output["title"], output["annotations_count"])

    def comments(self, number: int) -> list[str]:
        return [body.partition("\n")[2] for body in self.comments_raw(number)]

    def comments_raw(self, number: int) -> list[str]:
        """Return every comment as it is."""
        answer = self.person("olga").send("GET", f"/issues/{number}/comments?per_page=100").json()
        return [str(comment["body"]) for comment in answer]

    def stranger(self, login: str, number: int) -> Account:
        """Return an account of nobody of the stage."""
        return Account(number, Login(login), AccountKind.USER)

    def requested(self, number: int) -> set[str]:
        answer = self.person("olga").send("GET", f"/pulls/{number}/requested_reviewers").json()
        return {user["login"] for user in answer["users"]}

    def writes(self) -> int:
        """Return what an App wrote: people write below the same addresses, so only ours are counted."""
        ours = ("/check-runs", "/comments", "/requested_reviewers", "/check_run_id}", "/comments/{comment_id}")
        counted = self.sandbox.faults.counts().by_route
        return sum(n for route, n in counted.items() if not route.startswith("GET ") and route.endswith(ours))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox.running(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def stage(sandbox: Sandbox, tmp_path: Path) -> Iterator[SandboxStage]:
    made = SandboxStage(sandbox, tmp_path)
    yield made
    made.app.close()


def _seeded(sandbox: Sandbox) -> AppCredentials:
    for login, number in PEOPLE.items():
        sandbox.seeds.add_person(login, github_id=number, emails=[f"{login}@example.com"])
    sandbox.seeds.add_organization("acme", owners=["olga"])
    sandbox.seeds.add_team("acme", "platform", members=["olga"])
    sandbox.seeds.add_repository(REPOSITORY, BEGINNING, author="olga")
    for login in PEOPLE:
        sandbox.seeds.grant(REPOSITORY, "write", person=login)
    sandbox.seeds.grant(REPOSITORY, "write", team="platform")
    sandbox.seeds.add_person("rick", github_id=1009, emails=["rick@example.com"])
    sandbox.seeds.grant(REPOSITORY, "triage", person="rick")
    sandbox.seeds.add_team("acme", "readers", members=["olga"])
    sandbox.seeds.grant(REPOSITORY, "triage", team="readers")
    sandbox.seeds.add_team("acme", "hidden", members=["olga"])
    sandbox.seeds.grant(REPOSITORY, "write", team="hidden")
    sandbox.seeds.hide_team("acme", "hidden")
    return sandbox.seeds.add_app(AppSeed("dvo", "acme", private_key=app_key()))
