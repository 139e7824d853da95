"""Checks within GitHub's limits, one comment of our own, and nothing written twice."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.adapters.github.checks import cut, written_as
from controller.adapters.github.writing import STICKY, GitHubWriter
from controller.change.names import CommitSha
from controller.decision.check import Annotation, AnnotationLevel, CheckRun, Conclusion
from controller.errors import InputError, UnavailableError
from controller.sandbox.faults import Fault, FaultKind
from controller.sandbox.records import Comment
from controller.sandbox.seeding import AppSeed
from tests.adapters.github.conftest import REPOSITORY, MemoryIndex, SandboxStage
from tests.contracts.code_host import MANIFEST

RUNS = "/repos/{owner}/{repo}/check-runs"
ONE_RUN = RUNS + "/{check_run_id}"
OF_COMMIT = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs"


def check(
    commit: str, conclusion: Conclusion | None = Conclusion.FAILURE, *, notes: int = 0, title: str = "Denied"
) -> CheckRun:
    annotations = tuple(Annotation(MANIFEST, n + 1, AnnotationLevel.WARNING, f"Note {n}", "Why") for n in range(notes))
    return CheckRun("dvo/policy", CommitSha(commit), conclusion, title, "A summary", "Details", annotations)


def runs(stage: SandboxStage, commit: str) -> list[dict[str, object]]:
    answer = stage.person("olga").send("GET", f"/commits/{commit}/check-runs?filter=all&per_page=100").json()
    return [dict(run) for run in answer["check_runs"]]


def counts(stage: SandboxStage) -> dict[str, int]:
    found = dict(stage.sandbox.faults.counts().by_route)
    stage.sandbox.faults.reset_counts()
    return found


@pytest.fixture
def head(stage: SandboxStage) -> CommitSha:
    made = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    stage.reader.tip("main")
    stage.sandbox.faults.reset_counts()
    return made


def test_a_check_is_one_write_and_no_read_when_it_is_known(stage: SandboxStage, head: CommitSha) -> None:
    stage.writer.write_check(check(head, None, title="Looking"))
    assert counts(stage) == {OF_COMMIT: 1, f"POST {RUNS}": 1}
    stage.writer.write_check(check(head))
    assert counts(stage) == {f"PATCH {ONE_RUN}": 1}
    stage.writer.write_check(check(head))
    assert counts(stage) == {}
    stage.writer.write_check(check(head, Conclusion.SUCCESS, title="Admitted"))
    assert counts(stage) == {f"POST {RUNS}": 1}


def test_a_first_check_is_one_write_and_no_read(stage: SandboxStage, head: CommitSha) -> None:
    stage.writer.write_check(check(head), is_first=True)
    assert counts(stage) == {f"POST {RUNS}": 1}


def test_a_lost_index_costs_one_read_and_no_write(stage: SandboxStage, head: CommitSha) -> None:
    stage.writer.write_check(check(head))
    counts(stage)
    for known in (
        {},
        {f"github/check/{head}/dvo/policy": "garbled"},
        {f"github/check/{head}/dvo/policy": '{"id": "x"}'},
    ):
        GitHubWriter(stage.app, MemoryIndex(dict(known))).write_check(check(head))
        assert counts(stage) == {OF_COMMIT: 1}
    assert len(runs(stage, head)) == 1


def test_a_hundred_and_twenty_annotations_go_in_batches_of_fifty(stage: SandboxStage, head: CommitSha) -> None:
    stage.writer.write_check(check(head, notes=120))
    assert counts(stage) == {OF_COMMIT: 1, f"POST {RUNS}": 1, f"PATCH {ONE_RUN}": 2}
    assert stage.check(head, "dvo/policy") == ("failure", "Denied", 120)


def test_of_annotations_without_end_the_first_are_written(stage: SandboxStage, head: CommitSha) -> None:
    """ATTACKS 010: a pull request full of faults must not use up the hour's calls."""
    stage.writer.write_check(check(head, notes=20_000))
    assert counts(stage) == {OF_COMMIT: 1, f"POST {RUNS}": 1, f"PATCH {ONE_RUN}": 9}
    assert stage.check(head, "dvo/policy") == ("failure", "Denied", 500)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_check_whose_annotations_are_not_all_written_is_not_done(
    stage: SandboxStage, head: CommitSha, lost: int
) -> None:
    """ATTACKS 078: neither green nor taken for finished, and whole at the next attempt."""
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "PATCH", "*/check-runs/*", lost, 502))
    green = check(head, Conclusion.SUCCESS, notes=120, title="Admitted")
    for _ in range(lost):
        with pytest.raises(UnavailableError):
            stage.writer.write_check(green)
        assert {run["conclusion"] for run in runs(stage, head)} == {None}
    stage.writer.write_check(green)
    assert stage.check(head, "dvo/policy") == ("success", "Admitted", 120)


def test_a_check_that_comes_after_its_successor_is_found_and_superseded(stage: SandboxStage, head: CommitSha) -> None:
    """ATTACKS 029: a green one, given up for lost, that GitHub writes when the facts have changed."""
    green, red = check(head, Conclusion.SUCCESS), check(head, title="Withdrawn")
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    stage.app.now = lambda: moment
    stage.sandbox.faults.plan(Fault(FaultKind.RESET, "POST", "*/check-runs"))
    with pytest.raises(UnavailableError):
        stage.writer.write_check(green)
    stage.writer.write_check(red)
    GitHubWriter(stage.app, MemoryIndex()).write_check(green)
    assert stage.check(head, "dvo/policy")[0] == "success", "it came late"
    stage.writer.write_check(red)
    assert stage.check(head, "dvo/policy")[:2] == ("failure", "Withdrawn")
    counts(stage)
    stage.writer.write_check(red)
    moment += timedelta(seconds=61)
    stage.writer.write_check(red)
    assert counts(stage) == {OF_COMMIT: 1}, "looked for while it may still come, and not afterwards"


def test_another_apps_run_of_our_name_is_not_ours(stage: SandboxStage, head: CommitSha) -> None:
    """ATTACKS 012."""
    wanted = check(head)
    other = stage.new_app(stage.sandbox.seeds.add_app(AppSeed(slug="other", owner="acme")))
    GitHubWriter(other, MemoryIndex()).write_check(wanted)
    stage.writer.write_check(wanted)
    by_app = [run["app"] for run in runs(stage, head)]
    assert sorted(app["slug"] for app in by_app if isinstance(app, dict)) == ["dvo", "other"]
    other.close()


def test_a_run_of_a_foreign_app_in_the_answer_is_not_taken_for_ours(stage: SandboxStage, head: CommitSha) -> None:
    """ATTACKS 012: whatever the filter does."""
    run = {"id": 1, "name": "dvo/policy", "external_id": check(head).external_id, "app": {"id": 999}}
    nameless = {**run, "app": None}
    body = json.dumps({"total_count": 2, "check_runs": [run, nameless]})
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", "*/check-runs", 1, 200, {}, body))
    stage.writer.write_check(check(head))
    assert len(runs(stage, head)) == 1


def test_a_check_on_an_unknown_commit_is_an_input_error(stage: SandboxStage) -> None:
    with pytest.raises(InputError):
        stage.writer.write_check(check("0" * 40))


def test_everything_is_cut_to_what_github_takes(stage: SandboxStage, head: CommitSha) -> None:
    long = "A line of text\n" * 10_000
    note = Annotation(MANIFEST, 1, AnnotationLevel.FAILURE, "é" * 300, "é" * 70_000)
    wanted = CheckRun("dvo/policy", head, Conclusion.FAILURE, "T" * 300, long, long, (note,))
    body = written_as(wanted)[0]
    output = body["output"]
    assert isinstance(output, dict)
    assert len(output["title"]) == len(output["annotations"][0]["title"]) == 255
    assert 65_000 < len(output["summary"].encode()) <= 65_535
    assert output["summary"].endswith("text\n… (cut here: GitHub takes no more)")
    assert 65_000 < len(output["annotations"][0]["message"].encode()) <= 65_536
    stage.writer.write_check(wanted)
    assert stage.check(head, "dvo/policy")[2] == 1


@given(st.text(), st.integers(60, 200))
def test_what_fits_is_kept_and_what_does_not_is_marked(text: str, most: int) -> None:
    result = cut(text, most)
    assert len(result) <= len(result.encode()) <= most
    assert result == text or (len(text.encode()) > most and result.endswith("takes no more)"))


def test_a_text_is_cut_between_characters_by_what_it_takes_in_bytes() -> None:
    assert cut("é" * 50, 99) == "é" * 31 + "… (cut here: GitHub takes no more)"
    assert cut("é" * 50, 100) == "é" * 50


@given(st.integers(0, 180))
def test_the_conclusion_and_the_id_come_with_the_last_batch_only(notes: int) -> None:
    wanted = check("a" * 40, Conclusion.SUCCESS, notes=notes)
    *before, last = written_as(wanted)
    assert (last["external_id"], last["status"], last["conclusion"]) == (wanted.external_id, "completed", "success")
    assert all(body["external_id"] == "" and body["status"] == "in_progress" for body in before)
    assert all("conclusion" not in body for body in before)
    outputs = [body["output"] for body in (*before, last)]
    sent = [note for output in outputs if isinstance(output, dict) for note in output["annotations"]]
    assert [note["start_line"] for note in sent] == list(range(1, notes + 1))


def test_a_comment_of_a_person_is_never_ours(stage: SandboxStage) -> None:
    """Anyone can write our marker; only what our App wrote is rewritten."""
    number = stage.open_topic()
    stage.person("rita").comment(number, f"{STICKY}\nNot the controller")
    other = stage.new_app(stage.sandbox.seeds.add_app(AppSeed(slug="other", owner="acme")))
    GitHubWriter(other, MemoryIndex()).write_comment(number, "Another App")
    stage.writer.write_comment(number, "Denied")
    stage.writer.write_comment(number, None)
    assert stage.comments(number) == ["Not the controller", "Another App"]
    other.close()


def test_a_comment_behind_a_long_talk_is_found(stage: SandboxStage) -> None:
    """ATTACKS 007."""
    number = stage.open_topic()
    world = stage.sandbox.world
    with world.lock:
        comments = world.repository(*REPOSITORY.split("/")).comments
        for _ in range(230):
            made = world.next_id()
            comments[made] = Comment(made, number, world.account("rita"), "Talk", world.now(), world.now())
    stage.writer.write_comment(number, "Denied")
    before = stage.writes()
    GitHubWriter(stage.app, MemoryIndex()).write_comment(number, "Denied")
    assert stage.writes() == before


def test_twins_of_the_comment_are_removed(stage: SandboxStage) -> None:
    number = stage.open_topic()
    for text in ("First", "Second", "Third"):
        stage.app.send("POST", stage.app.path(f"/issues/{number}/comments"), {"body": f"{STICKY}\n{text}"})
    stage.writer.write_comment(number, "Now")
    assert stage.comments(number) == ["Now"]


def test_a_comment_somebody_deleted_is_written_again(stage: SandboxStage) -> None:
    number = stage.open_topic()
    stage.writer.write_comment(number, "Denied")
    comment = stage.person("olga").send("GET", f"/issues/{number}/comments").json()[0]["id"]
    stage.person("olga").call("DELETE", f"/issues/comments/{comment}")
    stage.writer.write_comment(number, "Denied again")
    assert stage.comments(number) == ["Denied again"]
    comment = stage.person("olga").send("GET", f"/issues/{number}/comments").json()[0]["id"]
    stage.person("olga").call("DELETE", f"/issues/comments/{comment}")
    stage.writer.write_comment(number, None)
    assert stage.comments(number) == []


def test_a_very_long_comment_is_cut(stage: SandboxStage) -> None:
    number = stage.open_topic()
    stage.writer.write_comment(number, "A line\n" * 20_000)
    (said,) = stage.comments(number)
    assert said.endswith("(cut here: GitHub takes no more)")
    assert len(said) <= 65_000


def test_a_reviewer_github_does_not_accept_is_an_input_error(stage: SandboxStage) -> None:
    number = stage.open_topic()
    stage.sandbox.seeds.add_person("eve", github_id=6666, emails=["eve@example.com"])
    with pytest.raises(InputError, match="collaborators"):
        stage.writer.request_reviews(number, [stage.stranger("eve", 6666)])


def test_one_whom_github_does_not_take_keeps_nobody_else_from_being_asked_and_is_not_asked_again(
    stage: SandboxStage,
) -> None:
    number = stage.open_topic()
    stage.sandbox.seeds.add_person("eve", github_id=6666, emails=["eve@example.com"])
    people = [stage.stranger("eve", 6666), stage.account("olga")]
    with pytest.raises(InputError, match="collaborators"):
        stage.writer.request_reviews(number, people)
    assert stage.requested(number) == {"olga"}
    counts(stage)
    stage.writer.request_reviews(number, people)
    assert counts(stage) == {}


def test_many_are_asked_in_as_many_requests_as_github_wants(stage: SandboxStage) -> None:
    number = stage.open_topic()
    people = [stage.stranger(f"person-{index:02}", 7000 + index) for index in range(17)]
    for one in people[:-1]:
        stage.sandbox.seeds.add_person(one.login, github_id=one.id, emails=[f"{one.login}@example.com"])
        stage.sandbox.seeds.grant(REPOSITORY, "write", person=one.login)
    before = stage.writes()
    with pytest.raises(InputError, match="collaborators"):
        stage.writer.request_reviews(number, people)
    assert stage.requested(number) == {one.login for one in people[:-1]}
    assert stage.writes() == before + 4, "fifteen, two, and those two one by one"


def test_who_took_the_request_back_is_not_asked_again_for_the_same(stage: SandboxStage) -> None:
    number = stage.open_topic()
    people = [stage.account("olga"), stage.account("rita")]
    stage.person("dana").call("POST", f"/pulls/{number}/requested_reviewers", {"reviewers": ["olga"]})
    stage.writer.request_reviews(number, people, "this effect", stage.reader.pull_request(number).requested)
    for one in people:
        stage.person(one.login).call("DELETE", f"/pulls/{number}/requested_reviewers", {"reviewers": [one.login]})
    stage.writer.request_reviews(number, people, "this effect")
    assert stage.requested(number) == set()


def test_requests_that_are_known_cost_nothing(stage: SandboxStage) -> None:
    number = stage.open_topic()
    stage.writer.request_reviews(number, [stage.account("olga")])
    counts(stage)
    stage.writer.request_reviews(number, [stage.account("olga")])
    stage.writer.request_reviews(number, [])
    assert counts(stage) == {}
    stage.writer.request_reviews(number, [stage.account("rita"), stage.account("olga")])
    assert stage.requested(number) == {"olga", "rita"}


def test_somebody_a_person_asked_is_not_asked_again(stage: SandboxStage) -> None:
    number = stage.open_topic()
    stage.person("dana").call("POST", f"/pulls/{number}/requested_reviewers", {"reviewers": ["olga"]})
    waited_for = stage.reader.pull_request(number).requested
    before = stage.writes()
    stage.writer.request_reviews(number, [stage.account("olga")], waited_for=waited_for)
    assert stage.writes() == before


def test_an_index_that_fails_stops_the_write(stage: SandboxStage, head: CommitSha) -> None:
    """ATTACKS 044."""

    class Broken(MemoryIndex):
        def remember(self, key: str, value: str) -> None:
            raise UnavailableError("down", component="database")

    with pytest.raises(UnavailableError, match="down"):
        GitHubWriter(stage.app, Broken()).write_check(check(head))
    assert runs(stage, head) == []
