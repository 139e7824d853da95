"""Reviews, protection and who may decide."""

from typing import cast

import pytest

from controller.sandbox.records import Protection, RequiredCheck
from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Api, Town

Json = dict[str, object]


def opened(town: Town) -> str:
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    return f"{ONE}/pulls/{number}"


def head_of(api: Api, pull: str) -> str:
    return str(cast(Json, api.get(pull)["head"])["sha"])


@pytest.mark.parametrize("event", ["APPROVE", "REQUEST_CHANGES"])
def test_nobody_decides_on_their_own_pull_request(town: Town, event: str) -> None:
    answer = town.api("dana").send("POST", f"{opened(town)}/reviews", {"event": event, "body": "mine"})
    assert answer.status_code == 422
    assert "your own pull request" in answer.json()["errors"][0]


def test_authors_may_comment_on_their_own(town: Town) -> None:
    town.api("dana").wanted(200, "POST", f"{opened(town)}/reviews", {"event": "COMMENT", "body": "note"})


def test_a_review_may_name_an_older_commit_of_the_pull_request_only(town: Town) -> None:
    pull, olga = opened(town), town.api("olga")
    older = head_of(olga, pull)
    town.person("dana").commit("feature", {"README.md": b"more\n"}, "More")
    review = olga.wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE", "commit_id": older})
    assert cast(Json, review)["commit_id"] == older
    foreign = {"event": "APPROVE", "commit_id": "1" * 40}
    assert olga.send("POST", f"{pull}/reviews", foreign).status_code == 422


def test_refusing_without_a_word_is_refused(town: Town) -> None:
    assert town.api("olga").send("POST", f"{opened(town)}/reviews", {"event": "REQUEST_CHANGES"}).status_code == 422


def test_the_webhook_tells_the_state_in_lower_case(town: Town) -> None:
    town.api("olga").wanted(200, "POST", f"{opened(town)}/reviews", {"event": "APPROVE"})
    assert town.settled()[-1] == "pull_request_review.submitted"
    assert cast(Json, town.receiver.received[-1].payload["review"])["state"] == "approved"


def test_protection_holds_a_merge_until_reviewed_and_checked(town: Town) -> None:
    rules = Protection(approving_reviews=1, required_checks=[RequiredCheck("dvo/policy", town.app.app_id)])
    town.sandbox.seeds.protect(REPOSITORY, rules)
    pull, olga, app = opened(town), town.api("olga"), town.installation()
    head = head_of(olga, pull)

    def reasons() -> str:
        answer = olga.send("PUT", f"{pull}/merge", {})
        assert answer.status_code == 405
        return str(answer.json()["message"])

    assert "approving review" in reasons()
    assert olga.get(pull)["mergeable_state"] == "blocked"
    town.api("rita").wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE"})
    assert "approving review" in reasons(), "a reader's approval does not count"
    olga.wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE"})
    assert "expected" in reasons()
    run = cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", {"name": "dvo/policy", "head_sha": head}))["id"]
    assert "pending" in reasons()
    red = {"name": "dvo/policy", "head_sha": head, "status": "completed", "conclusion": "failure"}
    app.wanted(201, "POST", f"{ONE}/check-runs", red)
    assert "failing" in reasons()
    green = {"name": "dvo/policy", "head_sha": head, "status": "completed", "conclusion": "success"}
    app.wanted(201, "POST", f"{ONE}/check-runs", green)
    app.wanted(200, "PATCH", f"{ONE}/check-runs/{run}", {"status": "completed", "conclusion": "failure"})
    olga.wanted(200, "PUT", f"{pull}/merge", {})


def test_a_required_check_must_come_from_its_app(town: Town) -> None:
    """ATTACKS 012."""
    town.sandbox.seeds.protect(REPOSITORY, Protection(required_checks=[RequiredCheck("dvo/policy", 42)]))
    pull, app = opened(town), town.installation()
    green = {"name": "dvo/policy", "head_sha": head_of(app, pull), "status": "completed", "conclusion": "success"}
    app.wanted(201, "POST", f"{ONE}/check-runs", green)
    assert town.api("olga").send("PUT", f"{pull}/merge", {}).status_code == 405


def test_an_administrator_may_merge_past_protection_unless_it_binds_them(town: Town) -> None:
    """ATTACKS 021."""
    rules = Protection(approving_reviews=1, enforce_admins=True)
    town.sandbox.seeds.protect(REPOSITORY, rules)
    pull, ada = opened(town), town.api("ada")
    assert ada.send("PUT", f"{pull}/merge", {}).status_code == 405
    rules.enforce_admins = False
    ada.wanted(200, "PUT", f"{pull}/merge", {})


def test_changes_requested_block_until_the_same_person_approves(town: Town) -> None:
    town.sandbox.seeds.protect(REPOSITORY, Protection(approving_reviews=1))
    town.sandbox.seeds.grant(REPOSITORY, "write", person="rita")
    pull, olga, rita = opened(town), town.api("olga"), town.api("rita")
    olga.wanted(200, "POST", f"{pull}/reviews", {"event": "REQUEST_CHANGES", "body": "no"})
    rita.wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE"})
    assert "Changes have been requested" in rita.send("PUT", f"{pull}/merge", {}).json()["message"]
    olga.wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE"})
    olga.wanted(200, "POST", f"{pull}/reviews", {"event": "COMMENT", "body": "a comment decides nothing"})
    rita.wanted(200, "PUT", f"{pull}/merge", {})


def test_a_push_dismisses_stale_approvals_when_protection_says_so(town: Town) -> None:
    """ATTACKS 014."""
    town.sandbox.seeds.protect(REPOSITORY, Protection(approving_reviews=1, dismiss_stale_reviews=True))
    pull, olga = opened(town), town.api("olga")
    olga.wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE"})
    town.person("dana").commit("feature", {"README.md": b"more\n"}, "More")
    assert olga.listed(f"{pull}/reviews")[0]["state"] == "DISMISSED"
    assert "pull_request_review.dismissed" in town.settled()


def test_the_last_pusher_does_not_count_when_protection_says_so(town: Town) -> None:
    """ATTACKS 017."""
    town.sandbox.seeds.protect(REPOSITORY, Protection(approving_reviews=1, require_last_push_approval=True))
    pull, olga = opened(town), town.api("olga")
    town.person("olga").commit("feature", {"README.md": b"more\n"}, "More")
    olga.wanted(200, "POST", f"{pull}/reviews", {"event": "APPROVE"})
    assert olga.send("PUT", f"{pull}/merge", {}).status_code == 405


def test_a_strict_branch_must_be_up_to_date(town: Town) -> None:
    town.sandbox.seeds.protect(REPOSITORY, Protection(strict=True))
    pull, olga = opened(town), town.api("olga")
    town.person("ada").commit("main", {"NOTICE": b"meanwhile\n"}, "Meanwhile")
    olga.get(pull)
    assert olga.get(pull)["mergeable_state"] == "behind"
    olga.wanted(202, "PUT", f"{pull}/update-branch", {})
    olga.wanted(200, "PUT", f"{pull}/merge", {})


def test_only_decisions_can_be_dismissed(town: Town) -> None:
    pull, olga = opened(town), town.api("olga")
    review = cast(Json, olga.wanted(200, "POST", f"{pull}/reviews", {"event": "COMMENT", "body": "hm"}))["id"]
    assert olga.send("PUT", f"{pull}/reviews/{review}/dismissals", {"message": "no"}).status_code == 422


def test_no_more_than_fifteen_are_asked_in_one_request(town: Town) -> None:
    answer = town.api("dana").send("POST", f"{opened(town)}/requested_reviewers", {"reviewers": ["olga"] * 16})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("reviewer", "allowed"), [("olga", True), ("dana", False), ("sam", False), ("nobody-at-all", False)]
)
def test_reviews_are_asked_of_collaborators_but_never_of_the_author(town: Town, reviewer: str, allowed: bool) -> None:
    answer = town.api("dana").send("POST", f"{opened(town)}/requested_reviewers", {"reviewers": [reviewer]})
    assert answer.status_code == (201 if allowed else 422)
