"""Deliveries: signed, in order, logged, not repeated by themselves; lost, doubled, held and shuffled on request."""

import hashlib
import hmac
import uuid
from typing import cast

from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Town

Json = dict[str, object]


def comments(town: Town, count: int) -> None:
    number = cast(Json, town.api("dana").wanted(201, "POST", f"{ONE}/issues", {"title": "x"}))["number"]
    for text in range(count):
        town.person("dana").comment(cast(int, number), f"{text}")


def bodies(town: Town) -> list[object]:
    town.settled()
    return [cast(Json, item.payload["comment"])["body"] for item in town.receiver.received]


def test_a_delivery_is_signed_over_its_raw_body(town: Town) -> None:
    comments(town, 1)
    town.settled()
    item = town.receiver.received[0]
    expected = hmac.new(town.app.webhook_secret.encode(), item.raw, hashlib.sha256).hexdigest()
    assert item.headers["x-hub-signature-256"] == f"sha256={expected}"
    assert (item.headers["x-github-event"], item.headers["content-type"]) == ("issue_comment", "application/json")
    assert uuid.UUID(item.headers["x-github-delivery"])
    assert item.headers["x-github-hook-installation-target-type"] == "integration"


def test_a_payload_names_repository_sender_organization_and_installation(town: Town) -> None:
    comments(town, 1)
    town.settled()
    payload = town.receiver.received[0].payload
    assert cast(Json, payload["repository"])["full_name"] == REPOSITORY
    assert cast(Json, payload["sender"])["login"] == "dana"
    assert cast(Json, payload["organization"])["login"] == "acme"
    assert cast(Json, payload["installation"])["id"] == town.app.installation_id


def test_the_life_of_a_pull_request_arrives_in_order(town: Town) -> None:
    dana, olga = town.person("dana"), town.person("olga")
    number = dana.open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    town.api("dana").wanted(201, "POST", f"{ONE}/pulls/{number}/requested_reviewers", {"reviewers": ["olga"]})
    town.api("dana").wanted(200, "POST", f"{ONE}/issues/{number}/labels", {"labels": ["production"]})
    dana.commit("feature", {"README.md": b"more\n"}, "More")
    olga.approve(number)
    olga.merge(number)
    assert town.settled() == [
        "push",
        "pull_request.opened",
        "pull_request.review_requested",
        "pull_request.labeled",
        "push",
        "pull_request.synchronize",
        "pull_request_review.submitted",
        "pull_request.closed",
        "push",
    ]


def test_what_becomes_of_a_label_is_told_once_and_of_no_pull_request(town: Town) -> None:
    dana = town.api("dana")
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    dana.wanted(200, "POST", f"{ONE}/issues/{number}/labels", {"labels": ["urgent", "bug"]})
    town.settled()
    town.receiver.received.clear()
    dana.wanted(200, "PATCH", f"{ONE}/labels/Urgent", {"new_name": "very/urgent"})
    assert dana.send("PATCH", f"{ONE}/labels/bug", {"new_name": "Very/Urgent"}).status_code == 422
    dana.wanted(204, "DELETE", f"{ONE}/labels/very%2Furgent")
    assert dana.send("DELETE", f"{ONE}/labels/very%2Furgent").status_code == 404
    assert [label["name"] for label in dana.listed(f"{ONE}/issues/{number}/labels")] == ["bug"]
    town.settled()
    told = [(item.payload["action"], item.payload.get("changes")) for item in town.receiver.received]
    assert told == [("edited", {"name": {"from": "urgent"}}), ("deleted", None)]


def test_a_failed_delivery_is_logged_and_not_tried_again_by_itself(town: Town) -> None:
    """ATTACKS 119."""
    town.receiver.answer = 500
    comments(town, 1)
    town.settled()
    log = town.app_api().listed("/app/hook/deliveries")
    assert [(item["status_code"], item["redelivery"]) for item in log] == [(500, False)]
    town.receiver.answer = 202
    town.app_api().wanted(202, "POST", f"/app/hook/deliveries/{log[0]['id']}/attempts")
    town.settled()
    again = town.app_api().listed("/app/hook/deliveries")
    assert [(item["status_code"], item["redelivery"]) for item in again] == [(202, True), (500, False)]
    assert again[0]["guid"] == again[1]["guid"]


def test_nobody_listening_is_logged_as_such(town: Town) -> None:
    town.sandbox.point_webhooks(town.app, "http://127.0.0.1:9/nobody")
    comments(town, 1)
    town.settled()
    assert "failed to connect" in str(town.app_api().listed("/app/hook/deliveries")[0]["status"])


def test_lost_deliveries_never_arrive(town: Town) -> None:
    """ATTACKS 118."""
    town.sandbox.outbox.lose(2)
    comments(town, 3)
    assert bodies(town) == ["2"]


def test_doubled_deliveries_arrive_twice_with_one_guid(town: Town) -> None:
    """ATTACKS 118."""
    town.sandbox.outbox.repeat(2)
    comments(town, 2)
    assert bodies(town) == ["0", "0", "1", "1"]
    assert len({item.headers["x-github-delivery"] for item in town.receiver.received}) == 2


def test_held_deliveries_wait_and_may_come_shuffled(town: Town) -> None:
    """ATTACKS 118."""
    town.sandbox.outbox.hold()
    comments(town, 8)
    assert bodies(town) == []
    town.sandbox.outbox.release(shuffled=True)
    arrived = bodies(town)
    assert sorted(map(str, arrived)) == [str(text) for text in range(8)]
    assert arrived != sorted(map(str, arrived))


def test_a_team_that_changes_is_told(town: Town) -> None:
    team = "/orgs/acme/teams/release"
    town.api("ada").wanted(200, "PUT", f"{team}/memberships/rita", {})
    town.api("ada").wanted(204, "DELETE", f"{team}/memberships/rita")
    town.api("ada").wanted(204, "PUT", f"{team}/repos/{REPOSITORY}", {"permission": "push"})
    assert town.settled() == ["membership.added", "membership.removed", "team.added_to_repository"]
    assert cast(Json, town.receiver.received[0].payload["member"])["login"] == "rita"


def test_only_owners_change_teams(town: Town) -> None:
    answer = town.api("olga").send("PUT", "/orgs/acme/teams/release/memberships/olga", {})
    assert answer.status_code == 403


def test_only_subscribed_events_are_sent(town: Town) -> None:
    with town.sandbox.world.lock:
        town.sandbox.world.apps[town.app.app_id].events = ["push"]
    town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    assert town.settled() == ["push"]


def test_the_life_of_an_issue_arrives_with_its_labels_and_who_closed_it(town: Town) -> None:
    town.sandbox.world.apps[town.app.app_id].events.append("issues")
    api = town.api("dana")
    made = cast(Json, api.wanted(201, "POST", f"{ONE}/issues", {"title": "x", "labels": ["audit"]}))
    one = f"{ONE}/issues/{made['number']}"
    api.wanted(200, "POST", f"{one}/labels", {"labels": ["late"]})
    api.wanted(200, "PATCH", one, {"state": "closed"})
    api.wanted(200, "PATCH", one, {"state": "open"})
    assert town.settled() == ["issues.opened", "issues.labeled", "issues.closed", "issues.reopened"]
    closed = cast(Json, town.receiver.received[2].payload["issue"])
    assert cast(Json, closed["closed_by"])["login"] == "dana"
    assert [cast(Json, label)["name"] for label in cast(list[object], closed["labels"])] == ["audit", "late"]
