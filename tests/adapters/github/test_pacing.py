"""One budget for everything: what finds none is put off, with the time to come again; on a clock that tests wind."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from controller.adapters.github.listening import Budget
from controller.adapters.github.pacing import (
    CREATIONS_A_MINUTE,
    CREATIONS_AN_HOUR,
    POINTS_A_MINUTE,
    Pace,
    Shortage,
    ShortageError,
    is_content,
)
from controller.adapters.github.refusals import unavailable
from controller.errors import UnavailableError
from controller.sandbox.faults import Fault, FaultKind
from tests.adapters.github.conftest import SandboxStage
from tests.adapters.github.scripted import Said, scripted
from tests.sandbox.openapi import description

START = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
READ = ("GET", "/repos/o/r/pulls/1")
WRITE = ("PATCH", "/repos/o/r/check-runs/1")
COMMENT = ("POST", "/repos/o/r/issues/1/comments")


@dataclass
class Wound:
    """A clock that a test winds, with both of its hands."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> Wound:
    return Wound()


@pytest.fixture
def pace(clock: Wound) -> Pace:
    return Pace(clock.now, clock.monotonic)


def spent(pace: Pace, call: tuple[str, str]) -> int:
    """Return how many such calls go out before one is put off."""
    for number in range(10_000):
        try:
            pace.spend(*call)
        except ShortageError:
            return number
    raise AssertionError("nothing is ever put off")


def refused(pace: Pace, call: tuple[str, str]) -> ShortageError:
    with pytest.raises(ShortageError) as raised:
        pace.spend(*call)
    return raised.value


@pytest.mark.parametrize(("call", "most"), [(READ, POINTS_A_MINUTE), (WRITE, POINTS_A_MINUTE // 5)])
def test_a_minute_has_so_many_points(pace: Pace, clock: Wound, call: tuple[str, str], most: int) -> None:
    """ATTACKS 010: a read costs one, a write five; the minute slides."""
    assert spent(pace, call) == most
    clock.seconds = 59.9
    error = refused(pace, call)
    assert (error.shortage, error.component) == (Shortage.POINTS, "github")
    assert error.retry_after_seconds == pytest.approx(1.0)
    clock.seconds = 60.0
    assert spent(pace, call) == most


def test_room_comes_back_as_the_oldest_calls_pass(pace: Pace, clock: Wound) -> None:
    for second in range(8):
        clock.seconds = float(second)
        for _ in range(POINTS_A_MINUTE // 8):
            pace.spend(*READ)
    assert refused(pace, READ).retry_after_seconds == pytest.approx(53.0)
    clock.seconds = 61.5
    assert spent(pace, READ) == 2 * (POINTS_A_MINUTE // 8)
    assert pace.points() == POINTS_A_MINUTE


def test_a_minute_and_an_hour_have_so_many_creations(pace: Pace, clock: Wound) -> None:
    """ATTACKS 010."""
    assert spent(pace, COMMENT) == CREATIONS_A_MINUTE
    assert refused(pace, COMMENT).shortage is Shortage.CONTENT
    pace.spend(*READ)
    for minute in range(1, 7):
        clock.seconds = minute * 60.0
        spent(pace, COMMENT)
    assert pace.creations() == CREATIONS_AN_HOUR
    clock.seconds = 3599.0
    assert refused(pace, COMMENT).retry_after_seconds == pytest.approx(1.0)
    clock.seconds = 3600.0
    assert spent(pace, COMMENT) == CREATIONS_A_MINUTE


def test_an_hour_without_calls_left_is_waited_out(pace: Pace, clock: Wound) -> None:
    pace.note(Budget(0, int(START.timestamp()) + 600, 12_500))
    error = refused(pace, READ)
    assert (error.shortage, error.retry_after_seconds) == (Shortage.HOUR, 600.0)
    clock.seconds = 600.0
    pace.spend(*READ)


def test_answers_that_overtake_each_other_never_raise_what_is_left(pace: Pace) -> None:
    resets_at = int(START.timestamp()) + 600
    for remaining in (3, 0, 2):
        pace.note(Budget(remaining, resets_at, 12_500))
    assert refused(pace, READ).shortage is Shortage.HOUR
    pace.note(Budget(12_499, resets_at + 3600, 12_500))
    pace.spend(*READ)


def test_what_can_wait_leaves_a_tenth_for_merges_and_deployments(pace: Pace, clock: Wound) -> None:
    pace.spare()
    pace.note(Budget(1251, int(START.timestamp()) + 600, 12_500))
    pace.spare()
    pace.note(Budget(1250, int(START.timestamp()) + 600, 12_500))
    with pytest.raises(ShortageError) as raised:
        pace.spare()
    assert (raised.value.shortage, raised.value.retry_after_seconds) == (Shortage.RESERVE, 600.0)
    pace.spend(*READ)
    clock.seconds = 600.0
    pace.spare()


@pytest.mark.parametrize("call", [READ, WRITE, COMMENT])
def test_what_can_wait_leaves_a_tenth_of_each_window(pace: Pace, clock: Wound, call: tuple[str, str]) -> None:
    def is_spare() -> bool:
        try:
            pace.spare()
        except ShortageError:
            return False
        return True

    sent = 0
    while is_spare():
        pace.spend(*call)
        sent += 1
    assert 0 < spent(pace, call) < sent / 5
    clock.seconds = 60.0
    pace.spare()


def test_while_github_asks_to_be_left_alone_nothing_goes_out(pace: Pace, clock: Wound) -> None:
    pace.learn(unavailable("slow down", 30.0))
    pace.learn(unavailable("down"))
    assert refused(pace, READ).shortage is Shortage.ASKED
    clock.seconds = 29.0
    assert refused(pace, COMMENT).retry_after_seconds == pytest.approx(1.0)
    with pytest.raises(ShortageError):
        pace.spare()
    clock.seconds = 30.0
    pace.spend(*READ)


def test_content_is_what_githubs_own_description_warns_of() -> None:
    """Every POST below a repository's issues and pull requests that says so, and no check run."""
    paths = description()["paths"]
    assert isinstance(paths, dict)
    for template, methods in paths.items():
        if not template.startswith("/repos/{owner}/{repo}/") or "post" not in methods:
            continue
        path = template.replace("{issue_number}", "7").replace("{pull_number}", "7")
        if is_content("POST", path):
            assert "secondary rate" in methods["post"]["description"], template
    for ours in ("issues", "issues/7/comments", "pulls", "pulls/7/requested_reviewers", "pulls/7/reviews"):
        assert is_content("POST", f"/repos/o/r/{ours}")
        assert not is_content("GET", f"/repos/o/r/{ours}")
    assert "secondary rate" not in paths["/repos/{owner}/{repo}/check-runs"]["post"]["description"]
    assert not is_content("POST", "/repos/o/r/check-runs")


def test_a_call_without_budget_is_not_sent() -> None:
    """ATTACKS 010: it is put off, in no thread that waits."""
    reset = int(datetime.now(UTC).timestamp()) + 500
    told = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset), "X-RateLimit-Limit": "5000"}
    with scripted(lambda method, path: Said(b"{}", headers=told)) as (app, server):
        app.get("/x")
        with pytest.raises(UnavailableError) as raised:
            app.get("/x")
        assert raised.value.retry_after_seconds == pytest.approx(500, abs=5)
        assert server.calls == ["GET /x"]


def test_every_kind_of_call_comes_out_of_the_same_budget(stage: SandboxStage) -> None:
    number = stage.open_topic()
    stage.app.get(stage.app.path("/pulls/1"))
    before = stage.app.pace.points()
    stage.reader.reviews(number)
    stage.app.send("POST", stage.app.path(f"/issues/{number}/comments"), {"body": "Hello"})
    assert stage.app.pace.points() == before + 1 + 5
    assert stage.app.pace.creations() == 1


def test_what_did_not_change_is_not_sent_again_and_costs_nothing(stage: SandboxStage) -> None:
    number = stage.open_topic()
    app, path = stage.app, stage.app.path(f"/issues/{number}/comments")
    stage.person("olga").call("POST", f"/issues/{number}/comments", {"body": "First"})
    first = app.get(path)
    left = app.get("/rate_limit")
    for _ in range(3):
        assert app.get(path) == first
    assert stage.sandbox.faults.counts().not_modified == 3
    assert app.get("/rate_limit") == left
    stage.person("olga").call("POST", f"/issues/{number}/comments", {"body": "Second"})
    assert app.get(path) != first


def test_a_list_goes_on_where_it_did_when_its_pages_did_not_change(stage: SandboxStage) -> None:
    """ATTACKS 007: the link to the next page is remembered with the page."""
    number = stage.open_topic()
    for each in range(150):
        stage.person("olga").call("POST", f"/issues/{number}/comments", {"body": f"Comment {each}"})
    path = stage.app.path(f"/issues/{number}/comments")
    assert len(stage.app.pages(path)) == 150
    assert len(stage.app.pages(path)) == 150
    assert stage.sandbox.faults.counts().not_modified == 2
    stage.person("olga").call("POST", f"/issues/{number}/comments", {"body": "One more"})
    assert len(stage.app.pages(path)) == 151


def test_a_garbled_answer_is_never_kept(stage: SandboxStage) -> None:
    app = stage.app
    path = app.path("/git/ref/heads/main")
    good = app.get(path)
    for kind in (FaultKind.GARBAGE, FaultKind.TRUNCATE):
        stage.sandbox.faults.plan(Fault(kind, "GET", "*/git/ref/*", 9))
        with pytest.raises(UnavailableError):
            app.get(path)
        stage.sandbox.faults.clear()
        assert app.get(path) == good


def test_that_nothing_changed_is_only_believed_when_it_was_asked() -> None:
    with scripted(lambda method, path: Said(b"", 304)) as (app, _), pytest.raises(UnavailableError, match="not asked"):
        app.get("/x")


def test_an_answer_that_changed_replaces_the_one_that_was_kept() -> None:
    answers = iter([b'{"n": 1}', b'{"n": 2}'])

    def script(method: str, path: str) -> Said:
        body = next(answers, None)
        return Said(b"", 304) if body is None else Said(body, headers={"ETag": f'"{hash(body)}"'})

    with scripted(script) as (app, _):
        assert [app.get("/x") for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 2}]


def test_without_etags_every_answer_is_read_again() -> None:
    numbers = iter(range(9))
    with scripted(lambda method, path: Said(json.dumps(next(numbers)).encode())) as (app, _):
        assert [app.get("/x") for _ in range(3)] == [0, 1, 2]
