"""Check runs: only Apps write them, limits, annotations that add up, latest and all, requests to run again."""

from typing import cast

import pytest

from tests.sandbox.conftest import MANIFEST, ONE, Api, Town

Json = dict[str, object]


def tip(api: Api) -> str:
    return str(cast(Json, api.get(f"{ONE}/git/ref/heads/main")["object"])["sha"])


def remark(line: int) -> Json:
    place = {"path": MANIFEST, "start_line": line, "end_line": line}
    return {**place, "annotation_level": "warning", "message": f"line {line}"}


def with_output(api: Api, **output: object) -> Json:
    return {"name": "dvo/policy", "head_sha": tip(api), "output": {"title": "t", "summary": "s", **output}}


def test_people_cannot_write_check_runs_whatever_their_role(town: Town) -> None:
    ada = town.api("ada")
    answer = ada.send("POST", f"{ONE}/check-runs", {"name": "dvo/policy", "head_sha": tip(ada)})
    assert (answer.status_code, answer.json()["message"]) == (403, "You must authenticate via a GitHub App.")


def test_fifty_annotations_a_call_and_later_calls_add(town: Town) -> None:
    app = town.installation()
    many = [remark(line) for line in range(1, 52)]
    assert app.raw("POST", f"{ONE}/check-runs", with_output(app, annotations=many)).status_code == 422
    made = cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", with_output(app, annotations=many[:50])))
    more = {"output": {"title": "t", "summary": "s", "annotations": many[50:]}}
    changed = cast(Json, app.wanted(200, "PATCH", f"{ONE}/check-runs/{made['id']}", more))
    assert cast(Json, changed["output"])["annotations_count"] == 51
    pages = [app.listed(f"{ONE}/check-runs/{made['id']}/annotations?per_page=50&page={page}") for page in (1, 2)]
    assert [len(page) for page in pages] == [50, 1]


@pytest.mark.parametrize("name", ["summary", "text"])
def test_texts_end_at_65535_characters(town: Town, name: str) -> None:
    app = town.installation()
    app.wanted(201, "POST", f"{ONE}/check-runs", with_output(app, **{name: "x" * 65535}))
    assert app.raw("POST", f"{ONE}/check-runs", with_output(app, **{name: "x" * 65536})).status_code == 422


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"start_line": 3, "end_line": 2}, id="ends before it starts"),
        pytest.param({"annotation_level": "fatal"}, id="unknown level"),
        pytest.param({"message": ""}, id="no message"),
        pytest.param({"start_line": 1, "end_line": 2, "start_column": 1}, id="columns over several lines"),
        pytest.param({"start_line": "1"}, id="a line that is text"),
    ],
)
def test_a_malformed_annotation_is_refused_and_nothing_is_kept(town: Town, broken: Json) -> None:
    app = town.installation()
    body = with_output(app, annotations=[remark(1), {**remark(1), **broken}])
    assert app.raw("POST", f"{ONE}/check-runs", body).status_code == 422
    assert app.get(f"{ONE}/commits/main/check-runs")["total_count"] == 0


@pytest.mark.parametrize(
    "broken",
    [{"status": "done"}, {"conclusion": "green"}, {"status": "completed"}, {"head_sha": "0" * 40}, {"name": ""}],
    ids=str,
)
def test_a_malformed_check_run_is_refused(town: Town, broken: Json) -> None:
    app = town.installation()
    body = {"name": "dvo/policy", "head_sha": tip(app), **broken}
    assert app.raw("POST", f"{ONE}/check-runs", body).status_code == 422


def test_the_latest_run_of_a_name_hides_older_ones_unless_all_are_wanted(town: Town) -> None:
    app = town.installation()
    body = {"name": "dvo/policy", "head_sha": tip(app), "status": "completed"}
    for conclusion in ("failure", "success"):
        app.wanted(201, "POST", f"{ONE}/check-runs", {**body, "conclusion": conclusion})
    latest = app.get(f"{ONE}/commits/main/check-runs?app_id={town.app.app_id}")
    assert [run["conclusion"] for run in cast(list[Json], latest["check_runs"])] == ["success"]
    assert app.get(f"{ONE}/commits/main/check-runs?filter=all")["total_count"] == 2
    assert app.get(f"{ONE}/commits/main/check-runs?app_id=42")["total_count"] == 0
    assert app.get(f"{ONE}/commits/main/check-runs?check_name=other")["total_count"] == 0


def test_a_finished_run_can_be_opened_again(town: Town) -> None:
    app = town.installation()
    done = {"name": "dvo/policy", "head_sha": tip(app), "conclusion": "success"}
    run = cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", done))
    assert (run["status"], run["completed_at"] is None) == ("completed", False)
    again = cast(Json, app.wanted(200, "PATCH", f"{ONE}/check-runs/{run['id']}", {"status": "in_progress"}))
    assert (again["status"], again["conclusion"], again["completed_at"]) == ("in_progress", None, None)


def test_running_again_is_asked_of_the_app_of_the_run(town: Town) -> None:
    app = town.installation()
    run = cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", {"name": "dvo/policy", "head_sha": tip(app)}))
    town.api("dana").wanted(201, "POST", f"{ONE}/check-runs/{run['id']}/rerequest")
    assert town.settled() == ["check_run.created", "check_run.rerequested"]
    suite = cast(Json, run["check_suite"])["id"]
    town.api("dana").wanted(201, "POST", f"{ONE}/check-suites/{suite}/rerequest")
    assert town.settled()[-1] == "check_suite.rerequested"


def test_a_check_run_names_the_pull_requests_at_its_commit(town: Town) -> None:
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    app = town.installation()
    head = cast(Json, app.get(f"{ONE}/pulls/{number}")["head"])["sha"]
    run = cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", {"name": "dvo/policy", "head_sha": head}))
    assert [pull["number"] for pull in cast(list[Json], run["pull_requests"])] == [number]
