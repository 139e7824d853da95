"""The sandbox in the place of the fake: people act over HTTP, the controller reads and writes through GitHub's adapter.

Commits are made in the repository's real Git and pushed through the public API; the plain model reads
them from that Git, past everything the controller reads with.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

import httpx

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.conversation import GitHubConversation
from controller.adapters.github.exchange import Patience
from controller.adapters.github.merge_queue import GitHubMergeQueue
from controller.adapters.github.proposing import GitHubProposer
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.change.facts import Account, AccountKind, Commit, FileMode, PullRequestState, ReviewState, TreeEntry
from controller.change.names import CommitSha, Login, ObjectId, RepoPath
from controller.decision.check import CheckRun, Conclusion
from controller.sandbox.git_history import merge_base
from controller.sandbox.git_objects import NewCommit, branch_tip, known_commit, list_tree, write_commit, write_tree
from controller.sandbox.git_objects import Signature as GitSignature
from controller.sandbox.git_store import GitStore
from controller.sandbox.person import Person
from controller.sandbox.records import Repository
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import AppCredentials, AppSeed
from tests.app_key import app_key
from tests.fakes.code_host import WEB_FLOW, FakeCodeHost
from tests.fakes.git_objects import Authorship, Files, Objects, Signature
from tests.workflow.world import PEOPLE, TEAMS, TUESDAY, project_content

ORGANIZATION = "acme-agents"
REPOSITORY = f"{ORGANIZATION}/agents"
STRANGER = ("stranger", 4711)
EVENTS = {
    ReviewState.APPROVED: "APPROVE",
    ReviewState.CHANGES_REQUESTED: "REQUEST_CHANGES",
    ReviewState.COMMENTED: "COMMENT",
}
_REFUSED = (403, 405, 409, 422)


class _Commits(dict[CommitSha, Commit]):
    """Commits by id, read when first asked for, parents before children."""

    def __init__(self, repository: Repository, accounts: Mapping[str, Account]) -> None:
        super().__init__()
        self._repository, self._store, self._accounts = repository, repository.store, accounts

    def __missing__(self, sha: CommitSha) -> Commit:
        found = known_commit(self._store, sha)
        parents = tuple(CommitSha(parent) for parent in found.parents)
        for parent in parents:
            self[parent]  # asking reads it
        author, committer = found.author.email.lower(), found.committer.email.lower()
        credited = [
            line.rpartition("<")[2].rstrip(">").lower() for line in found.message.split("\n")[1:] if "<" in line
        ]
        is_by_github = committer == "noreply@github.com"
        self[sha] = Commit(
            sha=sha,
            tree=ObjectId(found.tree),
            parents=parents,
            author=self._accounts.get(author),
            author_email=author,
            committer=WEB_FLOW if is_by_github else self._accounts.get(committer),
            committer_email=committer,
            co_author_emails=tuple(sorted(credited)),
            is_verified=sha in self._repository.server_commits,
        )
        return self[sha]


class _Trees(dict[ObjectId, dict[RepoPath, TreeEntry]]):
    """Trees by id, read when first asked for."""

    def __init__(self, store: GitStore) -> None:
        super().__init__()
        self._store = store

    def __missing__(self, tree: ObjectId) -> dict[RepoPath, TreeEntry]:
        listed = [entry for entry in list_tree(self._store, tree, recursive=True) if entry.kind != "tree"]
        self[tree] = {RepoPath(one.path): TreeEntry(FileMode(one.mode), ObjectId(one.oid)) for one in listed}
        return self[tree]


class _Blobs(dict[ObjectId, bytes]):
    """Blobs by id, read when first asked for."""

    def __init__(self, store: GitStore) -> None:
        super().__init__()
        self._store = store

    def __missing__(self, blob: ObjectId) -> bytes:
        found = self._store.read(blob)
        assert found is not None
        self[blob] = found[2]
        return self[blob]


class StoredObjects(Objects):
    """The objects of a real repository."""

    def __init__(self, repository: Repository, accounts: Mapping[str, Account], clock: "SandboxHost") -> None:
        store = repository.store
        super().__init__(_Blobs(store), _Trees(store), {}, _Commits(repository, accounts))
        self._repository, self._store, self._clock, self._made = repository, store, clock, 0

    def blob(self, content: bytes | str) -> ObjectId:
        return ObjectId(self._store.write("blob", content.encode() if isinstance(content, str) else content))

    def tree(self, entries: Mapping[RepoPath, TreeEntry]) -> ObjectId:
        changes = {str(path): (entry.mode.value, str(entry.blob)) for path, entry in entries.items()}
        return ObjectId(write_tree(self._store, None, changes))

    def commit(self, tree: ObjectId, parents: tuple[CommitSha, ...], who: Authorship) -> Commit:
        self._made += 1
        credits = [f"Co-authored-by: N <{email}>" for email in who.co_authors]
        author, committer = (GitSignature("A", one.email, self._clock.now) for one in (who.author, who.committer))
        message = "\n".join([f"A change, the {self._made}th", *credits])
        made = write_commit(self._store, NewCommit(tree, tuple(parents), author, committer, message))
        if who.is_verified:
            self._repository.server_commits.add(made)
        return self.commits[CommitSha(made)]

    def merge_base(self, one: CommitSha, other: CommitSha) -> CommitSha | None:
        found = merge_base(self._store, one, other)
        return None if found is None else CommitSha(found)

    def history(self, commit: CommitSha) -> dict[CommitSha, Commit]:
        self.commits[commit]  # read it first: parents then come before children
        return super().history(commit)


class _Branches(dict[str, CommitSha]):
    """Where branches are now."""

    def __init__(self, store: GitStore) -> None:
        super().__init__()
        self._store = store

    def __missing__(self, branch: str) -> CommitSha:
        found = branch_tip(self._store, branch)
        if found is None:
            raise KeyError(branch)
        return CommitSha(found)

    def get(self, branch: str, default: object = None) -> object:  # type: ignore[override] # as much of it as is used
        found = branch_tip(self._store, branch) if not branch.isalnum() or len(branch) != 40 else None
        return default if found is None else CommitSha(found)


class _Checks(dict[tuple[CommitSha, str], CheckRun]):
    """What people read in a check."""

    def __init__(self, reader: Person) -> None:
        super().__init__()
        self._reader = reader

    def __missing__(self, key: tuple[CommitSha, str]) -> CheckRun:
        commit, name = key
        run = next((run for run in self._reader.check_runs(commit) if run["name"] == name), None)
        if run is None:
            raise KeyError(key)
        output, said = run["output"], run["conclusion"]
        assert isinstance(output, dict)
        conclusion = None if said is None else Conclusion(str(said))
        return CheckRun(name, commit, conclusion, output["title"], output["summary"], output["text"] or "", ())


class SandboxHost(FakeCodeHost):
    """A sandbox with this project's content and people; whatever is not here is not used of the fake either."""

    def __init__(self, folder: Path, *, agents: Collection[str] = ()) -> None:
        """Hold this project's content: of its agents those whose codes are named, or all."""
        self.now: datetime = TUESDAY
        self.sandbox = Sandbox(folder / "sandbox", clock=lambda: self.now)
        self.sandbox.start()
        self.credentials = self._seeded(agents)
        # Days pass in a history, so what is asked for in a minute of ours was spread over hours of theirs.
        seconds = count()
        self.take_hands(folder / "contents", monotonic=lambda: float(next(seconds)))
        repository = self.sandbox.world.repository(ORGANIZATION, "agents")
        accounts = {f"{login}@example.com": self.person(login) for login in (*PEOPLE, STRANGER[0])}
        self.objects = StoredObjects(repository, accounts, self)
        self.branches = _Branches(repository.store)
        self.checks = _Checks(self._as("ada-admin"))
        self._branch = "main"

    def take_hands(
        self, contents: Path, *, monotonic: Callable[[], float], patience: Patience | None = None
    ) -> GitHubApp:
        """Read and write from now on as a controller that was just started; return its connection."""
        known = self.credentials
        self._app = GitHubApp(
            self.sandbox.api_url,
            known.app_id,
            known.private_key,
            REPOSITORY,
            patience=patience or Patience(),
            monotonic=monotonic,
        )
        reader = GitHubReader(self._app, contents, clock=lambda: self.now.timestamp())
        writer = GitHubWriter(self._app, _Index())
        self.proposer = GitHubProposer(self._app)
        for method in (
            "reviews",
            "open_pull_requests",
            "merged_pull_request",
            "pushes",
            "retargeted_at",
            "pull_request",
        ):
            setattr(self, method, getattr(reader, method))
        self.comments_since = GitHubConversation(self._app).comments_since  # type: ignore[method-assign] # as below
        for method in ("tip", "compare", "snapshot", "contents", "team_members", "may_write", "writer"):
            setattr(self, method, getattr(reader, method))
        self.merge_groups = GitHubMergeQueue(self._app).merge_groups  # type: ignore[method-assign] # in the place of the fake's
        for method in ("write_check", "write_comment", "request_reviews"):
            setattr(self, method, getattr(writer, method))
        return self._app

    def close_hands(self) -> None:
        """End the connection."""
        self._app.close()

    def close(self) -> None:
        """End it."""
        self.close_hands()
        self.sandbox.stop()

    @property
    def writes(self) -> int:  # type: ignore[override] # nobody sets it here
        """How often the App wrote: what people write below the same addresses is left out."""
        ours = ("/check-runs", "/comments", "/requested_reviewers", "/check_run_id}", "/comments/{comment_id}")
        counted = self.sandbox.faults.counts().by_route
        return sum(n for route, n in counted.items() if not route.startswith("GET ") and route.endswith(ours))

    def person(self, login: str, *, id: int | None = None, email: str | None = None) -> Account:  # as in the fake
        number = STRANGER[1] if login == STRANGER[0] else PEOPLE[login][0]
        return Account(number, Login(login), AccountKind.USER)

    def team(self, organization: str, slug: str, *members: Account) -> None:
        """Do nothing: the teams are there."""

    def signature(self, account: Account) -> Signature:
        return Signature(account, f"{account.login}@example.com")

    def move(self, branch: str, commit: CommitSha, *, by: Account | None) -> None:
        self._tick()
        pusher = self._as((by or self.person("omar-ops")).login)
        if self.branches.get(branch) is None:
            pusher.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
        else:
            pusher.call("PATCH", f"/git/refs/heads/{branch}", {"sha": commit, "force": True})
        if by is None:
            with self.sandbox.world.lock:
                self.sandbox.world.repository(ORGANIZATION, "agents").activities.clear()

    def open_pull_request(
        self, branch: str, files: Files | None = None, *, by: Account, base: str | None = None, is_fork: bool = False
    ) -> int:
        if files is not None:
            self.push(branch, files, by=by)
        self._tick()
        order = {"title": "A change", "head": branch, "base": base or "main"}
        return int(str(self._as(by.login).call("POST", "/pulls", dict(order))["number"]))

    def review(
        self, number: int, by: Account, state: ReviewState = ReviewState.APPROVED, *, commit: CommitSha | None = None
    ) -> int:
        self._tick()
        order: dict[str, object] = {"event": EVENTS[state], "body": "Seen"}
        if commit is not None:
            order["commit_id"] = commit
        answer = self._as(by.login).send("POST", f"/pulls/{number}/reviews", order)
        return 0 if self._is_refused(answer) else int(answer.json()["id"])

    def dismiss(self, number: int, review: int) -> None:
        place = f"/pulls/{number}/reviews/{review}/dismissals"
        self._is_refused(self._as("ada-admin").send("PUT", place, {"message": "Outdated"}))

    def edit(self, number: int, **changed: object) -> None:
        self._tick()
        state = "open" if changed["state"] is PullRequestState.OPEN else "closed"
        self._as("ada-admin").call("PATCH", f"/pulls/{number}", {"state": state})

    def merge(self, number: int, *, by: Account, method: str = "merge") -> CommitSha:
        self._tick()
        answer = self._as(by.login).send("PUT", f"/pulls/{number}/merge", {"merge_method": method})
        if self._is_refused(answer):
            raise ValueError(answer.text)
        return CommitSha(answer.json()["sha"])

    def commit(self, files: Files, *, parents: Sequence[CommitSha], who: Authorship) -> Commit:
        tree = self.objects.changed(self.objects.commits[parents[0]].tree, files)
        return self.objects.commit(tree, tuple(parents), who)

    def _as(self, login: str) -> Person:
        return self.sandbox.person(login, REPOSITORY)

    @staticmethod
    def _is_refused(answer: httpx.Response) -> bool:
        """Tell whether the host would not have it, which is its right; anything else must have worked."""
        assert answer.is_success or answer.status_code in _REFUSED, answer.text
        return answer.is_error

    def _seeded(self, agents: Collection[str]) -> AppCredentials:
        seeds = self.sandbox.seeds
        everybody: Iterable[tuple[str, int]] = [*((login, number) for login, (number, _) in PEOPLE.items()), STRANGER]
        for login, number in everybody:
            seeds.add_person(login, github_id=number, emails=[f"{login}@example.com"])
        seeds.add_organization(ORGANIZATION, owners=["ada-admin"])
        for slug, members in TEAMS.items():
            seeds.add_team(ORGANIZATION, slug, members=members)
        content = {path: text for path, text in project_content().items() if isinstance(text, bytes)}
        content = {path: text for path, text in content.items() if not agents or _is_among(agents, path)}
        seeds.add_repository(REPOSITORY, content, author="ada-admin")
        for slug in TEAMS:
            seeds.grant(REPOSITORY, "write", team=slug)
        for login, _ in everybody:
            seeds.grant(REPOSITORY, "write", person=login)
        return seeds.add_app(AppSeed("dvo", ORGANIZATION, private_key=app_key()))


def _is_among(agents: Collection[str], path: str) -> bool:
    """Tell whether a file belongs to one of these agents, or to none."""
    folder, _, rest = path.partition("/")
    if folder == "agents":
        return rest.partition("/")[0] in agents
    name = rest.rpartition("/")[2].removesuffix(".yaml")
    return folder != "environments" or name in (*agents, "environment")


class _Index(dict[str, str]):
    def recall(self, key: str) -> str | None:
        return self.get(key)

    def remember(self, key: str, value: str) -> None:
        self[key] = value
