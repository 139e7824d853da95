"""Trouble at every single call of the adapter: a named error, no second write, nothing invented."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.exchange import Patience
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.change.facts import ReviewState
from controller.change.names import CommitSha
from controller.decision.check import CheckRun, Conclusion
from controller.errors import ConfigurationError, ControllerError, InputError, StaleError, UnavailableError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.sandbox.faults import Fault, FaultKind
from controller.sandbox.sandbox import Sandbox
from tests.adapters.github.conftest import PATIENT, REPOSITORY, MemoryIndex, SandboxStage
from tests.contracts.code_host import MANIFEST


@dataclass
class Played:
    """A sandbox with one reviewed pull request, shared by all trouble."""

    stage: SandboxStage
    number: int
    head: CommitSha
    apps: dict[Patience, GitHubApp] = field(default_factory=dict)
    folders: int = 0

    def hands(self, folder: Path, patience: Patience = PATIENT) -> tuple[GitHubReader, GitHubWriter]:
        """Return reader and writer that know nothing yet but have their token."""
        app = self.apps.get(patience) or self.new_app(patience)
        self.folders += 1
        return GitHubReader(app, folder / str(self.folders)), GitHubWriter(app, MemoryIndex())

    def new_app(self, patience: Patience = PATIENT) -> GitHubApp:
        """Forget the App that was told to be quiet, and open another."""
        self.close(patience)
        known = self.stage.credentials
        app = GitHubApp(self.stage.sandbox.api_url, known.app_id, known.private_key, REPOSITORY, patience=patience)
        app.get(app.path("/git/ref/heads/main"))
        self.apps[patience] = app
        return app

    def close(self, patience: Patience) -> None:
        """Close the App of some patience, if there is one."""
        if patience in self.apps:
            self.apps.pop(patience).close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("faults")
    with Sandbox.running(folder / "sandbox") as sandbox:
        stage = SandboxStage(sandbox, folder)
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        stage.review(number, "olga", ReviewState.APPROVED)
        made = Played(stage, number, head)
        yield made
        for patience in list(made.apps):
            made.close(patience)
        stage.app.close()


@pytest.fixture(autouse=True)
def _calm(played: Played) -> Iterator[None]:
    yield
    played.stage.sandbox.faults.clear()
    played.stage.sandbox.faults.reset_counts()


Deed = Callable[[Played, GitHubReader, GitHubWriter], object]


@dataclass(frozen=True)
class Call:
    """One call of the port, and which request of it goes wrong."""

    deed: Deed
    method: str
    path: str


def _tree(played: Played, reader: GitHubReader) -> object:
    tip = played.stage.reader.compare("main", "main").base
    return reader.snapshot(tip.sha, tip.tree)


def _blobs(played: Played, reader: GitHubReader) -> object:
    tip = played.stage.reader.compare("main", "main").base
    entries = played.stage.reader.snapshot(tip.sha, tip.tree).entries
    return reader.contents(frozenset(entry.blob for entry in entries.values()))


def _check(played: Played) -> CheckRun:
    return CheckRun("dvo/policy", played.head, Conclusion.FAILURE, "Denied", "A summary", "", ())


CALLS = {
    "pull_request": Call(lambda p, r, w: r.pull_request(p.number), "GET", "*/pulls/*"),
    "open_pull_requests": Call(lambda p, r, w: r.open_pull_requests(), "GET", "*/pulls"),
    "reviews": Call(lambda p, r, w: r.reviews(p.number), "GET", "*/reviews"),
    "retargeted_at": Call(lambda p, r, w: r.retargeted_at(p.number), "GET", "*/events"),
    "pushes": Call(lambda p, r, w: r.pushes(p.number), "GET", "*/activity"),
    "merged": Call(lambda p, r, w: r.merged_pull_request(p.head), "GET", "*/commits/*/pulls"),
    "tip": Call(lambda p, r, w: r.tip("main"), "GET", "*/git/ref/*"),
    "compare": Call(lambda p, r, w: r.compare("main", p.head), "GET", "*/compare/*"),
    "snapshot": Call(lambda p, r, w: _tree(p, r), "GET", "*/git/trees/*"),
    "contents": Call(lambda p, r, w: _blobs(p, r), "GET", "*/git/blobs/*"),
    "team_members": Call(lambda p, r, w: r.team_members(TeamOwner("acme", "platform")), "GET", "*/members"),
    "may_write": Call(lambda p, r, w: r.may_write(TeamOwner("acme", "platform")), "GET", "*/teams/*/repos/*"),
    "writer": Call(lambda p, r, w: r.writer(UserOwner("dana")), "GET", "*/permission"),
    "first check": Call(lambda p, r, w: w.write_check(_check(p), is_first=True), "POST", "*/check-runs"),
    "first comment": Call(lambda p, r, w: w.write_comment(p.number, "Hello", is_first=True), "POST", "*/comments"),
    "check, look": Call(lambda p, r, w: w.write_check(_check(p)), "GET", "*/check-runs"),
    "check, write": Call(lambda p, r, w: w.write_check(_check(p)), "POST", "*/check-runs"),
    "comment, look": Call(lambda p, r, w: w.write_comment(p.number, "Hello"), "GET", "*/comments"),
    "comment, write": Call(lambda p, r, w: w.write_comment(p.number, "Hello"), "POST", "*/comments"),
    "request, write": Call(
        lambda p, r, w: w.request_reviews(
            p.number, [p.stage.account("rita")], waited_for=r.pull_request(p.number).requested
        ),
        "POST",
        "*/requested_reviewers",
    ),
}
ABSENT: dict[str, object] = {
    "pushes": (),
    "retargeted_at": None,
    "merged": None,
    "team_members": (),
    "may_write": False,
    "writer": None,
}
"""Calls for which a 404 is an answer, as are a 410 and a 422, but for one: that issues are disabled says nothing."""

LIMIT = '{"message": "You have exceeded a secondary rate limit."}'
TROUBLE: dict[str, tuple[Fault, type[ControllerError]]] = {
    "401": (Fault(FaultKind.STATUS, status=401, body='{"message": "Requires authentication"}'), ConfigurationError),
    "bad credentials": (Fault(FaultKind.STATUS, status=401, body='{"message": "Bad credentials"}'), ConfigurationError),
    "403": (Fault(FaultKind.STATUS, status=403, body='{"message": "Resource not accessible"}'), ConfigurationError),
    "403 limit": (Fault(FaultKind.STATUS, status=403, body=LIMIT), UnavailableError),
    "403 retry-after": (Fault(FaultKind.STATUS, status=403, headers={"Retry-After": "9"}), UnavailableError),
    "429": (Fault(FaultKind.STATUS, status=429, headers={"Retry-After": "9"}), UnavailableError),
    "404": (Fault(FaultKind.STATUS, status=404, body='{"message": "Not Found"}'), InputError),
    "409": (Fault(FaultKind.STATUS, status=409), StaleError),
    "410": (Fault(FaultKind.STATUS, status=410, body='{"message": "Issues are disabled for this repo"}'), InputError),
    "422": (Fault(FaultKind.STATUS, status=422, body='{"message": "Validation Failed"}'), InputError),
    "500": (Fault(FaultKind.STATUS, status=500), UnavailableError),
    "502 html": (Fault(FaultKind.STATUS, status=502, body="<html>Bad gateway</html>"), UnavailableError),
    "503 retry-after": (Fault(FaultKind.STATUS, status=503, headers={"Retry-After": "1"}), UnavailableError),
    "reset": (Fault(FaultKind.RESET), UnavailableError),
    "truncated": (Fault(FaultKind.TRUNCATE), UnavailableError),
    "garbage": (Fault(FaultKind.GARBAGE), UnavailableError),
    "empty": (Fault(FaultKind.STATUS, status=200, body=""), UnavailableError),
    "null": (Fault(FaultKind.STATUS, status=200, body="null"), UnavailableError),
    "wrong type": (Fault(FaultKind.STATUS, status=200, body='"yes"'), UnavailableError),
    "list of nothing": (Fault(FaultKind.STATUS, status=200, body="[null]"), UnavailableError),
    "deep": (Fault(FaultKind.STATUS, status=200, body="[" * 100_000), UnavailableError),
    "202": (Fault(FaultKind.STATUS, status=202, body="{}"), UnavailableError),
    "redirect": (
        Fault(FaultKind.STATUS, status=301, headers={"Location": "https://elsewhere.example/x"}, body="{}"),
        ConfigurationError,
    ),
}

WAITS = {"403 limit": 60, "403 retry-after": 9, "429": 9, "503 retry-after": 1}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_is_named_and_nothing_is_invented(played: Played, tmp_path: Path, call: str, trouble: str) -> None:
    """ATTACKS 010, 044."""
    planned, (fault, expected) = CALLS[call], TROUBLE[trouble]
    reader, writer = played.hands(tmp_path)
    fault = Fault(fault.kind, planned.method, planned.path, 99, fault.status, fault.headers, fault.body, fault.after)
    faults = played.stage.sandbox.faults
    faults.plan(fault)
    faults.reset_counts()
    if call in ABSENT and (trouble == "404" or (trouble in ("410", "422") and call != "retargeted_at")):
        assert planned.deed(played, reader, writer) == ABSENT[call]
        return
    with pytest.raises(ControllerError) as raised:
        planned.deed(played, reader, writer)
    assert isinstance(raised.value, expected)
    if isinstance(raised.value, UnavailableError):
        assert raised.value.component == "github"
    if trouble in WAITS:
        assert isinstance(raised.value, UnavailableError)
        assert raised.value.retry_after_seconds == WAITS[trouble]
        played.close(PATIENT)
    if planned.method == "POST":
        sent = sum(
            n for route, n in faults.counts().by_route.items() if route.startswith("POST ") and "token" not in route
        )
        assert sent == (2 if trouble == "bad credentials" else 1)


@pytest.mark.parametrize("call", CALLS)
def test_a_slow_answer_is_not_waited_for(played: Played, tmp_path: Path, call: str) -> None:
    impatient = Patience(connect_seconds=0.5, read_seconds=0.1, total_seconds=0.5, retries=0)
    reader, writer = played.hands(tmp_path, impatient)
    played.stage.sandbox.faults.latency_ms = 150
    with pytest.raises(UnavailableError, match="in time"):
        CALLS[call].deed(played, reader, writer)


@pytest.mark.parametrize("call", ["check, write", "first check", "comment, write", "first comment", "request, write"])
@pytest.mark.parametrize("kind", [FaultKind.TRUNCATE, FaultKind.RESET, FaultKind.STATUS])
def test_a_write_whose_answer_was_lost_is_found_again(
    stage: SandboxStage, tmp_path: Path, call: str, kind: FaultKind
) -> None:
    """ATTACKS 029: a 502 after the work was done does not double it."""
    head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    played = Played(stage, stage.open("topic", "dana"), head)
    stage.sandbox.faults.reset_counts()
    stage.sandbox.faults.plan(Fault(kind, "POST", CALLS[call].path, 1, 502, after=True))
    for attempt in range(3):
        if attempt == 0:
            with pytest.raises(UnavailableError):
                CALLS[call].deed(played, stage.reader, stage.writer)
        else:
            CALLS[call].deed(played, stage.reader, stage.writer)
    assert stage.writes() == 1


@pytest.mark.parametrize("kind", ["500", "502 html", "reset"])
@pytest.mark.parametrize("call", [name for name, call in CALLS.items() if call.method == "GET"])
def test_a_read_that_failed_once_is_repeated(played: Played, tmp_path: Path, call: str, kind: str) -> None:
    planned, (fault, _) = CALLS[call], TROUBLE[kind]
    reader, writer = played.hands(tmp_path)
    once = Fault(fault.kind, planned.method, planned.path, 1, fault.status, fault.headers, fault.body)
    played.stage.sandbox.faults.plan(once)
    told = planned.deed(played, reader, writer)
    assert once.times == 0
    assert told == planned.deed(played, *played.hands(tmp_path))


def test_while_github_wants_to_be_left_alone_nothing_is_sent(played: Played, tmp_path: Path) -> None:
    """ATTACKS 010."""
    reader, writer = played.hands(tmp_path)
    faults = played.stage.sandbox.faults
    faults.plan(Fault(FaultKind.STATUS, "GET", "*/reviews", 1, 429, {"Retry-After": "30"}))
    faults.reset_counts()
    with pytest.raises(UnavailableError):
        reader.reviews(played.number)
    for call in CALLS.values():
        if call.path in ("*/git/trees/*", "*/git/blobs/*"):
            continue
        with pytest.raises(UnavailableError) as raised:
            call.deed(played, reader, writer)
        assert raised.value.retry_after_seconds is not None
        assert 0 < raised.value.retry_after_seconds <= 30
    assert sum(faults.counts().by_route.values()) == 1
