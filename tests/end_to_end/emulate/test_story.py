"""The life of a change on another author's GitHub (npm `emulate`): a second opinion to our own sandbox.

It has no list of activity, so the controller knows nobody who pushed and asks for one approver
more. The head of an open pull request never moves there, so an approval voided by another push
cannot be played. It knows neither CODEOWNERS nor who may not approve: it lets people approve
their own work and take any check for the required one. The controller must not.
"""

from collections import Counter
from datetime import timedelta
from typing import cast

import httpx
import pytest

from controller.cli.demo.stage import ask_agent, health
from controller.ledger.event import EventType
from controller.sandbox.person import Json
from tests.end_to_end.edits import PRODUCTION, edited, moved
from tests.end_to_end.emulate.conftest import Deployed, Release
from tests.end_to_end.emulate.elsewhere import CHECKS, Elsewhere
from tests.end_to_end.waiting import until

_QUESTION = "Did brand search cause sales or would they come anyway?"
_ANSWERED_BY = "measure_incrementality"


def test_a_developers_change_in_development_goes_out_and_answers(abroad: Elsewhere, in_development: Deployed) -> None:
    assert health(in_development.endpoint)["version"] == "1.1.0"
    assert ask_agent(in_development.endpoint, _QUESTION)["capability"] == _ANSWERED_BY
    runs = abroad.person("vera-view").check_runs(abroad.head(in_development.number))
    assert sorted((run["name"], run["conclusion"]) for run in runs) == [
        ("dvo/approval", "success"),
        ("dvo/policy", "success"),
    ]


def test_the_same_developer_is_refused_at_production_on_the_line(abroad: Elsewhere, release: Release) -> None:
    number = abroad.propose("dana-dev", {PRODUCTION: moved(abroad.file(PRODUCTION), release.pin)}, "To production")
    check = abroad.check(number, "dvo/policy", "failure", "Refused")
    notes = abroad.annotations(check)
    line = abroad.file(PRODUCTION).decode().splitlines().index("version: 1.0.0") + 1
    assert any(
        (note["path"], note["start_line"], note["annotation_level"]) == (PRODUCTION, line, "failure") for note in notes
    ), notes
    with pytest.raises(httpx.HTTPStatusError, match="Required status checks"):
        abroad.merge("dana-dev", number)
    abroad.person("dana-dev").call("PATCH", f"/pulls/{number}", {"state": "closed"})


def test_production_takes_two_release_managers_where_nobody_knows_who_pushed(
    abroad: Elsewhere, in_staging: Deployed, release: Release
) -> None:
    """The author's own approval, which this GitHub takes, and a release manager's second thoughts do not count."""
    assert health(in_staging.endpoint)["version"] == "1.1.0"
    number = abroad.propose("omar-ops", {PRODUCTION: moved(abroad.file(PRODUCTION), release.pin)}, "To production")
    abroad.check(number, "dvo/policy", "success")
    abroad.check(number, "dvo/approval", "action_required", "Waiting for 2 approvals: ravi-release and rita-release")

    abroad.person("omar-ops").approve(number)
    abroad.person("rita-release").review(number, "REQUEST_CHANGES", "First tell support")
    blocked = abroad.check(number, "dvo/approval", "action_required", "Changes requested by rita-release")
    assert "omar-ops" in str(blocked["output"]).partition("Approval that does not count")[2]

    abroad.person("rita-release").approve(number)
    abroad.check(number, "dvo/approval", "action_required", "Waiting for 1 approval: ravi-release")
    with pytest.raises(httpx.HTTPStatusError, match="Required status checks"):
        abroad.merge("omar-ops", number)

    abroad.person("ravi-release").approve(number)
    abroad.check(number, "dvo/approval", "success", "Approved by rita-release and ravi-release")
    endpoint = abroad.deployed(abroad.merge("omar-ops", number))
    assert health(endpoint)["version"] == "1.1.0"
    assert ask_agent(endpoint, _QUESTION)["capability"] == _ANSWERED_BY
    abroad.assert_ledger_holds()


def test_what_is_merged_on_forged_checks_is_not_deployed(abroad: Elsewhere) -> None:
    """Here anybody may write a check, and any check of a required name lets a change merge."""
    path = "environments/production/gha.yaml"
    number = abroad.propose("dana-dev", {path: edited(abroad.file(path), replicas=3)}, "Past everybody")
    abroad.check(number, "dvo/policy", "failure")
    for name in CHECKS:
        forged = {"name": name, "head_sha": abroad.head(number), "status": "completed", "conclusion": "success"}
        abroad.person("dana-dev").call("POST", "/check-runs", dict(forged))
    merge = abroad.merge("dana-dev", number)
    abroad.check(merge, "dvo/deploy", "failure", "merged without having been admitted")
    assert abroad.events("production/GHA") == []


def test_a_push_straight_to_main_is_refused_and_what_runs_stays(abroad: Elsewhere, in_development: Deployed) -> None:
    before = health(in_development.endpoint)
    path = "environments/development/anl.yaml"
    pushed = abroad.push({path: edited(abroad.file(path), replicas=9)}, "Quick fix")
    until(lambda: abroad.main()["kind"] == "waiting", "the controller to ask again whether a pull request brought it")
    abroad.clock.move(abroad.clock.now() + timedelta(minutes=1))
    abroad.check(pushed, "dvo/deploy", "failure", "refused")
    assert health(in_development.endpoint) == before


def test_every_event_arrives_twice_and_is_acted_on_once(abroad: Elsewhere, in_development: Deployed) -> None:
    told = {(delivery["event"], delivery["status_code"]) for delivery in abroad.deliveries()}
    assert {status for _, status in told} == {httpx.codes.ACCEPTED}
    assert {"pull_request", "check_run"} <= {event for event, _ in told}
    steps = Counter(event.type for event in abroad.events("development/ANL"))
    assert steps == {EventType.DEPLOY_VALIDATED: 1, EventType.DEPLOY_STARTED: 1, EventType.DEPLOY_COMPLETED: 1}
    merge = abroad.person("vera-view").call("GET", f"/commits/{in_development.merge}/check-runs?filter=all")
    assert [run["name"] for run in cast(list[Json], merge["check_runs"])] == ["dvo/deploy"]
    announced = abroad.events(f"merge/{in_development.merge}")
    assert [event.type for event in announced] == [EventType.DEPLOY_INITIATED, EventType.POLICY_EVALUATED]


def test_what_is_merged_on_a_saturday_goes_out_by_itself_on_monday(
    abroad: Elsewhere, in_staging: Deployed, release: Release
) -> None:
    saturday = abroad.friday + timedelta(days=1)
    abroad.clock.move(saturday)
    manifest = edited(moved(abroad.file(PRODUCTION), release.pin), replicas=4)
    number = abroad.propose("omar-ops", {PRODUCTION: manifest}, "Four replicas for the campaign")
    abroad.check(number, "dvo/policy", "success", "will be held until Mon")
    for manager in ("rita-release", "ravi-release"):
        abroad.person(manager).approve(number)
    abroad.green(number)
    merge = abroad.merge("omar-ops", number)
    abroad.check(merge, "dvo/deploy", None, "held")
    assert [event for event in abroad.events("production/ANL") if event.at >= saturday] == []

    monday = saturday.replace(hour=9) + timedelta(days=2, seconds=5)
    abroad.clock.move(monday)
    assert health(abroad.deployed(merge))["version"] == "1.1.0"
    abroad.assert_ledger_holds()
