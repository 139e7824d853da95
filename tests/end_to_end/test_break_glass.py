"""Break-glass on a Saturday, over HTTP from the label to the closed review."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from controller.ledger.event import EventType, Severity
from controller.sandbox.records import Issue
from tests.end_to_end.edits import PRODUCTION, edited, moved, new_release
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world

SATURDAY = datetime(2027, 3, 13, 10, 0, tzinfo=UTC)
BODY = "It hurts.\r\n\r\nBreak-glass-reason: it answers with other people's data\r\nBreak-glass-ticket: INC-4711\r\n"


@pytest.fixture
def saturday(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("saturday")) as made:
        yield made


def review_issue(company: World) -> Issue | None:
    with company.sandbox.world.lock:
        [repository] = company.sandbox.world.repositories.values()
        found = [one for one in repository.issues.values() if "dvo/break-glass-review" in {x.name for x in one.labels}]
    assert len(found) < 2
    return found[0] if found else None


def stages(company: World) -> list[object]:
    return [event.details["stage"] for event in company.events(EventType.BREAKGLASS_USED)]


def test_a_label_two_approvals_a_deployment_and_a_review(saturday: World) -> None:
    """ATTACKS 021."""
    files, pin = new_release("1.1.0")
    release = saturday.propose("dana-dev", files, "ANL 1.1.0")
    saturday.check(release, "dvo/approval", "action_required")
    saturday.person("omar-ops").approve(release)
    saturday.green(release)
    saturday.check(saturday.merge("omar-ops", release), "dvo/deploy", "success")
    saturday.clock.move(SATURDAY)
    number = saturday.propose("omar-ops", {PRODUCTION: moved(saturday.file(PRODUCTION), pin)})
    saturday.check(number, "dvo/policy", "failure")
    omar = saturday.person("omar-ops")
    omar.call("PATCH", f"/pulls/{number}", {"body": BODY})
    assert omar.send("POST", f"/issues/{number}/labels", {"labels": ["dvo/break-glass"]}).status_code == 200
    check = saturday.check(number, "dvo/policy", "success", "BREAK-GLASS: ")
    assert "INC-4711" in check.summary.splitlines()[0]
    saturday.check(number, "dvo/approval", "action_required", "Waiting for 2 approvals")
    for login in ("rita-release", "ravi-release"):
        saturday.person(login).approve(number)
    saturday.green(number)
    saturday.deployed(saturday.merge("omar-ops", number))
    issue = until(lambda: review_issue(saturday), "the issue of the review")
    assert "production/ANL" in str(issue.body)
    until(lambda: "review_opened" in stages(saturday), "the opened issue in the ledger")
    saturday.clock.move(SATURDAY + timedelta(days=3, hours=1))
    after = saturday.propose("omar-ops", {PRODUCTION: edited(saturday.file(PRODUCTION), replicas=2)})
    blocked = saturday.check(after, "dvo/policy", "failure")
    assert "is overdue" in blocked.summary
    assert f"Issue `#`{issue.number}" in blocked.summary
    saturday.person("ada-admin").call("PATCH", f"/issues/{issue.number}", {"state": "closed"})
    until(lambda: "review_closed" in stages(saturday), "the closed review in the ledger")
    head = saturday.head(after)
    until(lambda: "is overdue" not in saturday.checks(head)["dvo/policy"].summary, "a check without an overdue review")
    assert sorted(map(str, stages(saturday))) == ["admitted", "asked", "deployed", "review_closed", "review_opened"]
    used = [event for event in saturday.events(EventType.BREAKGLASS_USED) if "ticket" in event.details]
    assert [event.severity for event in used] == [Severity.CRITICAL] * 3
    saturday.assert_ledger_holds()
