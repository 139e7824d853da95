"""Honest histories on an unlucky network: late, lost, doubled and interrupted; the end is the right one."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from controller.change.facts import PullRequest
from controller.change.names import CommitSha
from controller.decision.check import Conclusion
from controller.ledger.event import EventType
from tests.fakes.code_host import FakeCodeHost
from tests.workflow.steps import DEVELOPMENT, edited, publish
from tests.workflow.world import World

GHA = "environments/development/gha.yaml"


@dataclass
class LaggingHost:
    """A code host that learns of a merge later than of its commit."""

    host: FakeCodeHost
    late: set[CommitSha] = field(default_factory=set)

    def __getattr__(self, name: str) -> object:
        return getattr(self.host, name)

    def merged_pull_request(self, commit: CommitSha) -> PullRequest | None:
        return None if commit in self.late else self.host.merged_pull_request(commit)


@pytest.fixture
def late(world: World) -> LaggingHost:
    """The world's code host, lagging."""
    host = LaggingHost(world.host)
    world.host = host  # type: ignore[assignment]  # it passes everything on but one method
    world.workflows = world.wired()
    return host


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_the_host_does_not_know_of_yet_is_not_taken_for_a_direct_push(
    world: World, late: LaggingHost, method: str
) -> None:
    """ATTACKS 008."""
    first = edited(world.file(DEVELOPMENT), **publish(world))
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: first})
    world.host.push("dev", {DEVELOPMENT: edited(first, replicas=3)}, by=world.account("dana-dev"))
    world.look(f"pull/{number}")
    merge = world.host.merge(number, by=world.account("dana-dev"), method=method)
    late.late.add(merge)
    world.look("main", "sweep")
    assert world.target.effects == []
    late.late.clear()
    world.travel(world.clock.moment + timedelta(seconds=6))
    world.settle()
    assert world.events(EventType.DEPLOY_REFUSED) == ()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_what_nobody_accounts_for_is_a_direct_push_after_a_while_and_holds_nothing_up_longer(world: World) -> None:
    """ATTACKS 079."""
    ada = world.account("ada-admin")
    pushed = world.host.push_main({DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=9)}, by=ada)
    world.look("main")
    world.host.push_main({"README.md": "one"}, by=world.account("ada-admin"))
    number = world.propose("omar-ops", "gha", {GHA: edited(world.file(GHA), replicas=4)})
    merge = world.merge("omar-ops", number)
    assert world.events(EventType.DEPLOY_REFUSED) == ()
    for _ in range(2):
        world.travel(world.clock.moment + timedelta(seconds=31))
        world.settle()
    assert {event.subject for event in world.events(EventType.DEPLOY_REFUSED)} >= {f"commit/{pushed}"}
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert [event.details["position"] for event in world.events(EventType.DEPLOY_INITIATED)] == [3]


def test_waiting_for_the_host_is_told_once_and_survives_a_restart(world: World) -> None:
    world.host.push_main({"README.md": "one"}, by=world.account("ada-admin"))
    world.look("main", "main", "sweep")
    world.workflows = world.wired()
    world.look("main")
    assert [one.details["kind"] for one in world.events(EventType.CONFIG_CHANGED, "main")] == ["baseline", "waiting"]
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.settle()
    assert len(world.events(EventType.DEPLOY_REFUSED)) == 1


def test_a_main_that_moved_further_than_the_host_tells_of_is_followed_commit_by_commit(world: World) -> None:
    """ATTACKS 007, 119: a controller that was away for long is not stopped for ever."""
    ada = world.account("ada-admin")
    for number in range(260):
        world.host.push_main({"README.md": f"{number}"}, by=ada)
    number = world.propose("omar-ops", "gha", {GHA: edited(world.file(GHA), replicas=4)})
    merge = world.merge("omar-ops", number)
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.settle()
    assert {one.details["kind"] for one in world.events(EventType.CONFIG_CHANGED, "main")} <= {
        "baseline",
        "waiting",
        "followed",
    }
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
