"""A merge whose pull request GitHub names long after its commit: refused meanwhile, and then taken back."""

from datetime import timedelta

import pytest

from controller.change.facts import PullRequestState
from controller.change.names import CommitSha
from controller.decision.check import Conclusion
from controller.ledger.event import EventType
from controller.workflow.history import History
from tests.workflow.lagging_host import LaggingHost
from tests.workflow.steps import DEVELOPMENT, STAGING, edited, publish
from tests.workflow.test_recovery import ANL_DEVELOPMENT
from tests.workflow.world import World


def admitted(world: World) -> int:
    """Return a pull request of two commits that is admitted."""
    first = edited(world.file(DEVELOPMENT), **publish(world))
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: first})
    world.host.push("dev", {DEVELOPMENT: edited(first, replicas=3)}, by=world.account("dana-dev"))
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")
    return number


def merged_unnamed(world: World, late: LaggingHost, number: int, method: str = "merge") -> str:
    """Merge without the host naming the pull request, until it is refused as a direct push."""
    merge = world.host.merge(number, by=world.account("dana-dev"), method=method)
    late.late.add(merge)
    world.look("main", "sweep")
    wait(world, timedelta(seconds=31))
    assert world.events(EventType.DEPLOY_REFUSED, f"commit/{merge}")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE
    return merge


def wait(world: World, time: timedelta) -> None:
    world.travel(world.clock.moment + time)
    world.look("sweep")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_named_within_the_hour_goes_out(world: World, late: LaggingHost, method: str) -> None:
    number = admitted(world)
    merge = merged_unnamed(world, late, number, method)
    position = world.events(EventType.DEPLOY_REFUSED, f"commit/{merge}")[0].details["position"]
    wait(world, timedelta(minutes=10))
    assert world.target.live(ANL_DEVELOPMENT) is None
    late.late.clear()
    wait(world, timedelta(minutes=10))
    [told] = world.events(EventType.DEPLOY_INITIATED, f"merge/{merge}")
    assert (told.details["pull"], told.details["position"]) == (number, position)
    refused = [event.subject.removeprefix("commit/") for event in world.events(EventType.DEPLOY_REFUSED)]
    assert told.details["takes_back"] == refused
    assert len(refused) == (2 if method == "rebase" else 1)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.target.live(ANL_DEVELOPMENT) is not None
    assert History(world.journal).refused_steps(0) == ()
    world.look("sweep", "late")
    assert len(world.events(EventType.DEPLOY_INITIATED, f"merge/{merge}")) == 1


def test_the_closing_of_its_pull_request_asks_at_once_also_with_an_empty_database(
    world: World, late: LaggingHost
) -> None:
    number = admitted(world)
    merge = merged_unnamed(world, late, number)
    world.lose_database()
    late.late.clear()
    world.look(f"pull/{number}")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_nothing_stands_on_what_was_refused_once_that_is_taken_back(world: World, late: LaggingHost) -> None:
    number = admitted(world)
    merged_unnamed(world, late, number)
    other = world.propose("dana-dev", "more", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=4)})
    assert world.conclusions(other)[0] == "failure"
    late.late.clear()
    wait(world, timedelta(minutes=1))
    world.look(f"pull/{other}")
    assert world.conclusions(other) == ("success", "success")


def test_after_an_hour_nobody_asks_any_more(world: World, late: LaggingHost) -> None:
    merge = merged_unnamed(world, late, admitted(world))
    wait(world, timedelta(hours=1, seconds=1))
    late.late.clear()
    world.look("sweep", "late")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE
    assert world.target.effects == []


def test_what_was_not_admitted_stays_refused_whoever_names_it(world: World, late: LaggingHost) -> None:
    """ATTACKS 071, 079: a push between the judgement and the merge, and a merge past the checks."""
    number = admitted(world)
    world.host.push("dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=4)}, by=world.account("dana-dev"))
    merge = merged_unnamed(world, late, number)
    late.late.clear()
    wait(world, timedelta(minutes=1))
    assert world.events(EventType.DEPLOY_INITIATED, f"merge/{merge}") == ()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_a_push_right_before_a_late_merge_is_not_taken_back_with_it(world: World, late: LaggingHost) -> None:
    """ATTACKS 079: what somebody pushed straight to main stays refused, beside a rebase merge of two commits."""
    number = admitted(world)
    pushed = world.host.push_main({STAGING: edited(world.file(STAGING), replicas=3)}, by=world.account("ada-admin"))
    merge = merged_unnamed(world, late, number, "rebase")
    late.late.clear()
    wait(world, timedelta(minutes=1))
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.check(pushed, "dvo/deploy").conclusion is Conclusion.FAILURE
    assert [one.after for one in History(world.journal).refused_steps(0)] == [pushed]


def test_on_a_rewritten_main_nothing_is_taken_back(world: World, late: LaggingHost) -> None:
    number = admitted(world)
    before = world.host.branches["main"]
    merge = merged_unnamed(world, late, number)
    world.host.move("main", before, by=world.account("ada-admin"))
    late.late.clear()
    wait(world, timedelta(minutes=1))
    assert world.events(EventType.DEPLOY_INITIATED, f"merge/{merge}") == ()
    world.host.move("main", CommitSha(merge), by=world.account("ada-admin"))
    wait(world, timedelta(minutes=1))
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_a_merge_by_hand_of_a_merge_among_others_is_no_rebase(world: World, late: LaggingHost) -> None:
    """ATTACKS 075: two commits on main that end as was admitted, of which one is a merge, are no rebase merge."""
    number = admitted(world)
    head = world.host.pull_request(number).head
    first = world.host.objects.commits[head].parents[0]
    dana = world.account("dana-dev")
    tip = world.host.branches["main"]
    tree = world.host.objects.commits[first].tree
    side = world.host.objects.commit(tree, (tip, first), world.host.authorship(dana)).sha
    world.host.move("main", side, by=dana)
    last = world.host.objects.commit(world.host.objects.commits[head].tree, (side,), world.host.authorship(dana)).sha
    world.host.move("main", last, by=dana)
    late.late |= {side, last}
    world.look("main")
    wait(world, timedelta(seconds=31))
    world.host.edit(number, state=PullRequestState.MERGED, merge_commit=last, merged_at=world.host.now)
    late.late.clear()
    wait(world, timedelta(minutes=1))
    assert world.events(EventType.DEPLOY_INITIATED, f"merge/{last}") == ()
