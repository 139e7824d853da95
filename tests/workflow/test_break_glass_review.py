"""After break-glass: one issue, closed by the right person in time, or production is blocked for the agent."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from controller.decision.review_issue import IssueDraft
from controller.errors import UnavailableError
from controller.ledger.event import EventType
from controller.ports.policy_engine import PolicyEngine
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.workflow.steps import PRODUCTION, STAGING, bring, edited
from tests.workflow.test_break_glass import approved, used
from tests.workflow.world import World


@pytest.fixture
def broken(world: World) -> str:
    """A merge that broke the glass, of a release that was then tried in staging; its issue is 101."""
    merge = world.merge("omar-ops", approved(world))
    world.settle()
    lines = dict(line.split(": ", 1) for line in world.file(PRODUCTION).decode().splitlines() if ": " in line)
    bring(world, "omar-ops", STAGING, {name: lines[name] for name in ("version", "digest")}, "staging")
    return merge


def next_change(world: World, branch: str = "next", **fields: object) -> int:
    content = edited(world.file(PRODUCTION), **(fields or {"replicas": 3}))
    return world.propose("omar-ops", branch, {PRODUCTION: content})


def close(world: World, login: str) -> None:
    world.issues.close(101, world.account(login))
    world.look("issue/101")


def overdue(world: World) -> None:
    """Go to a working day after the review was due, and let the timer do its work."""
    world.travel(world.clock.moment + timedelta(days=3, hours=1))
    world.settle()


def test_one_issue_tells_everything_in_inert_words(world: World, broken: str) -> None:
    world.look("sweep", f"review/{broken}")
    assert world.issues.opened == 1
    draft = world.issues.drafts[101]
    assert broken in draft.marker
    assert draft.label == "dvo/break-glass-review"
    for said in (
        "`production/ANL`",
        "`mc-weekend-block`",
        "`omar-ops`",
        "`ravi-release`",
        "`rita-release`",
        "`INC-4711`",
        "2027-03-16 10:00 UTC",
    ):
        assert said in draft.body, said
    assert len(used(world, "review_opened")) == 1


@dataclass
class OvertakenTracker(FakeIssueTracker):
    """While it answers, the same look is taken over by another worker and done to its end."""

    overtake: Callable[[], None] | None = None

    def open_issue(self, draft: IssueDraft) -> int:
        number = super().open_issue(draft)
        overtake, self.overtake = self.overtake, None
        if overtake is not None:
            overtake()
        return number


def test_a_look_that_another_worker_took_over_tells_nothing_twice(engine: PolicyEngine, pool: Executor) -> None:
    """ATTACKS 029: the first worker was only slow, and goes on."""
    tracker = OvertakenTracker()
    world = World(engine, pool, issues=tracker)
    world.look("main")
    number = approved(world)

    def overtake() -> None:
        merges = {event.subject for event in world.events(EventType.BREAKGLASS_USED)} - {f"pull/{number}"}
        [merge] = {subject.removeprefix("merge/") for subject in merges if subject.startswith("merge/")}
        world.workflows.look_at(f"review/{merge}")

    tracker.overtake = overtake
    world.merge("omar-ops", number)
    assert tracker.opened == 1
    assert len(used(world, "review_opened")) == 1


def test_an_answer_that_was_lost_opens_no_second_issue(world: World) -> None:
    world.issues.trouble = UnavailableError("the answer was lost", component="github")
    merge = world.merge("omar-ops", approved(world))
    assert {key for key, _ in world.failures} == {f"review/{merge}"}
    world.issues.trouble = None
    world.look(f"review/{merge}")
    assert (world.issues.opened, len(used(world, "review_opened"))) == (1, 1)


def test_an_open_review_warns_and_an_overdue_one_blocks_until_the_right_person_closed_it(
    world: World, broken: str
) -> None:
    assert broken
    world.travel(world.clock.moment + timedelta(days=2))
    number = next_change(world)
    assert world.conclusions(number) == ("success", "action_required")
    assert "Issue `#`101" in world.check(number, "dvo/policy").summary
    overdue(world)
    assert world.conclusions(number)[0] == "failure"
    close(world, "ada-admin")
    assert world.conclusions(number)[0] == "success"
    [closed] = used(world, "review_closed")
    assert closed.actor == "github:1005"


@pytest.mark.parametrize("login", ["omar-ops", "rita-release", "ravi-release", "dana-dev", "vera-view", "stranger"])
def test_closed_by_anybody_else_it_counts_as_open_and_is_opened_again_once(
    world: World, broken: str, login: str
) -> None:
    """The author and merger, the approvers, those without the permission, and whoever nobody knows."""
    assert broken
    close(world, login)
    [(number, why)] = world.issues.remarks
    assert number == 101
    assert "still counts as open" in why
    close(world, login)
    world.look("issue/101", "sweep")
    assert len(world.issues.remarks) == 1
    assert len(used(world, "review_rejected")) == 2
    overdue(world)
    assert world.conclusions(next_change(world))[0] == "failure"


def test_closed_without_a_name_it_counts_as_open(world: World, broken: str) -> None:
    assert broken
    world.issues.close(101, None)
    world.look("sweep")
    assert used(world, "review_closed") == []


def test_an_issue_that_is_gone_counts_as_open_and_is_opened_anew(world: World, broken: str) -> None:
    assert broken
    world.issues.delete(101)
    world.look("issue/101")
    assert list(world.issues.drafts) == [102]
    overdue(world)
    assert world.conclusions(next_change(world))[0] == "failure"


def test_a_review_that_is_opened_again_is_open_until_it_is_closed_again(world: World, broken: str) -> None:
    assert broken
    close(world, "ada-admin")
    del world.issues.closings[101]
    overdue(world)
    world.look("sweep")
    number = next_change(world)
    assert world.conclusions(number)[0] == "failure"
    close(world, "ada-admin")
    assert world.conclusions(number)[0] == "success"


def test_an_overdue_agent_may_be_taken_out_of_production(world: World, broken: str) -> None:
    assert broken
    overdue(world)
    number = world.propose("omar-ops", "out", {PRODUCTION: None})
    assert world.conclusions(number) == ("success", "action_required")


def test_another_agent_is_not_blocked(world: World, broken: str) -> None:
    assert broken
    overdue(world)
    path = "environments/production/gha.yaml"
    number = world.propose("omar-ops", "other", {path: edited(world.file(path), replicas=3)})
    assert "overdue" not in world.check(number, "dvo/policy").summary


def test_the_block_survives_the_loss_of_the_database(world: World, broken: str) -> None:
    assert broken
    world.lose_database()
    overdue(world)
    world.look("main", "sweep")
    assert world.conclusions(next_change(world))[0] == "failure"
    assert len(world.events(EventType.BREAKGLASS_USED)) == len(
        [entry for entry in world.ledger.entries() if entry.event.type is EventType.BREAKGLASS_USED]
    )
