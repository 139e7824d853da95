"""Honest histories on an unlucky network: late, lost, doubled and interrupted; the end is the right one."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from controller.decision.check import Conclusion
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import UnavailableError
from controller.ledger.event import Entry, EventType
from tests.fakes.ledger import MemoryLedger
from tests.workflow.lagging_host import LaggingHost
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, bring, edited, publish, ready_for_production
from tests.workflow.world import MONDAY, SATURDAY, World

ANL_DEVELOPMENT = Key(EnvironmentName("development"), AgentCode("ANL"))
ANL_PRODUCTION = Key(EnvironmentName("production"), AgentCode("ANL"))
GHA = "environments/development/gha.yaml"


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


@dataclass
class FullLedger:
    """A ledger that takes no entry of one kind while it is full."""

    ledger: MemoryLedger
    refuses: EventType | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self.ledger, name)

    def append(self, entries: Sequence[Entry]) -> str:
        if any(entry.event.type is self.refuses for entry in entries):
            raise UnavailableError("no space left", component="ledger")
        return self.ledger.append(entries)


@pytest.fixture
def full(world: World) -> FullLedger:
    """The world's ledger, which can be full."""
    ledger = FullLedger(world.ledger)
    world.ledger = ledger  # type: ignore[assignment]  # it passes everything on but one method
    world.workflows = world.wired()
    return ledger


def test_nothing_starts_before_its_announcement_is_sealed_however_often_it_is_tried(
    world: World, full: FullLedger
) -> None:
    """ATTACKS 028, 068."""
    fields = publish(world)
    full.refuses = EventType.DEPLOY_STARTED
    merge = bring(world, "dana-dev", DEVELOPMENT, fields, "dev")
    world.look("deployment/development/ANL")
    world.look("deployment/development/ANL")
    assert world.target.effects == []
    full.refuses = None
    world.look("deployment/development/ANL")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.target.count("started") == 1


def test_nothing_stops_before_its_announcement_is_sealed(world: World, full: FullLedger) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    full.refuses = EventType.DEPLOY_STARTED
    number = world.propose("dana-dev", "gone", {DEVELOPMENT: None})
    world.merge("dana-dev", number)
    world.look("deployment/development/ANL")
    assert world.target.live(ANL_DEVELOPMENT) is not None
    full.refuses = None
    world.look("deployment/development/ANL")
    assert world.target.live(ANL_DEVELOPMENT) is None


def test_nothing_turns_green_before_its_admission_is_sealed(world: World, full: FullLedger) -> None:
    full.refuses = EventType.POLICY_EVALUATED
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    world.look(f"pull/{number}")
    assert (world.host.pull_request(number).head, "dvo/policy") not in world.host.checks
    full.refuses = None
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")
    assert len(world.events(EventType.POLICY_EVALUATED, f"pull/{number}")) == 1


def test_a_restored_agent_is_announced_before_it_starts(world: World, full: FullLedger) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    world.target.mute.add("ANL")
    bring(world, "dana-dev", DEVELOPMENT, {"replicas": 2}, "dev2")
    world.target.mute.clear()
    world.target.crash(ANL_DEVELOPMENT)
    before = list(world.target.effects)
    full.refuses = EventType.DEPLOY_ROLLED_BACK
    world.look("deployment/development/ANL")
    world.look("deployment/development/ANL")
    assert world.target.effects == before
    full.refuses = None
    world.look("deployment/development/ANL")
    assert world.target.live(ANL_DEVELOPMENT) is not None
    hows = [event.details["how"] for event in world.events(EventType.DEPLOY_ROLLED_BACK)]
    assert hows == ["kept", "restoring", "restored"]


def test_a_database_that_is_lost_in_the_middle_changes_nothing(world: World) -> None:
    fields = publish(world)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), **fields)})
    merge = world.host.merge(number, by=world.account("dana-dev"))
    world.workflows.main.look()
    world.lose_database()
    world.look("sweep")
    assert world.events(EventType.DEPLOY_REFUSED) == ()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.target.count("started") == 1
    world.lose_database()
    world.look("main", "sweep")
    assert world.target.count("started") == 1
    assert len(world.events(EventType.DEPLOY_INITIATED, f"merge/{merge}")) == 1


def test_a_held_merge_goes_out_after_the_controller_and_its_timers_are_gone(world: World) -> None:
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    merge = world.merge("omar-ops", number)
    for _ in range(3):
        world.look("sweep")
    assert len(world.events(EventType.DEPLOY_HELD)) == 1
    world.lose_database()
    world.travel(MONDAY + timedelta(days=1))
    world.look("sweep")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_several_merges_held_for_one_key_end_in_the_newest_whatever_is_looked_at_first(world: World) -> None:
    """ATTACKS 033, 118."""
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    merges = []
    for branch, replicas in (("one", 3), ("two", 5)):
        content = edited(world.file(PRODUCTION), **fields, replicas=replicas)
        number = world.propose("omar-ops", branch, {PRODUCTION: content})
        world.approve("rita-release", number)
        assert world.conclusions(number) == ("success", "success")
        merges.append(world.merge("omar-ops", number))
    world.travel(MONDAY)
    for merge in reversed(merges):
        world.workflows.look_at(f"merge/{merge}")
    world.settle()
    newest = world.events(EventType.DEPLOY_COMPLETED, "production/ANL")[-1]
    assert newest.details["commit"] == merges[-1]
    assert world.check(merges[-1], "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_two_controllers_that_do_everything_twice_end_as_one_would(world: World) -> None:
    """ATTACKS 029: as after a lost lease, both hold the same work."""
    fields = publish(world)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), **fields)})
    merge = world.host.merge(number, by=world.account("dana-dev"))
    replicas = [world.wired() for _ in range(2)]
    keys = ["main", f"merge/{merge}", "deployment/development/ANL", "sweep"]
    for key in keys:
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(replica.look_at, key) for replica in replicas]:
                done.result()
    world.settle()
    assert world.target.count("started") == 1
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert {event.details["position"] for event in world.events(EventType.DEPLOY_VALIDATED)} == {2}


def test_a_deployment_that_fails_for_good_does_not_hold_up_the_next_merge(world: World) -> None:
    """ATTACKS 047: quarantined by its place on main, tried again by the next admitted change."""
    fields = publish(world)
    world.target.mute.add("ANL")
    failed = bring(world, "dana-dev", DEVELOPMENT, fields, "one")
    for _ in range(3):
        world.look("sweep")
    assert len(world.events(EventType.DEPLOY_FAILED)) == 1
    assert world.target.live(ANL_DEVELOPMENT) is None
    world.target.mute.clear()
    merge = bring(world, "dana-dev", DEVELOPMENT, {"replicas": 2}, "two")
    assert world.check(failed, "dvo/deploy").conclusion is Conclusion.FAILURE
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_nothing_is_restored_across_a_retirement(world: World) -> None:
    fields = publish(world)
    bring(world, "dana-dev", DEVELOPMENT, fields, "one")
    manifest = world.file(DEVELOPMENT)
    gone = world.propose("dana-dev", "gone", {DEVELOPMENT: None})
    world.merge("dana-dev", gone)
    world.target.mute.add("ANL")
    back = world.propose("dana-dev", "back", {DEVELOPMENT: edited(manifest, replicas=2)})
    world.merge("dana-dev", back)
    for _ in range(2):
        world.look("sweep")
    assert world.target.live(ANL_DEVELOPMENT) is None
    assert world.events(EventType.DEPLOY_ROLLED_BACK) == ()


def test_taking_back_a_held_merge_before_its_time_deploys_neither(world: World) -> None:
    fields = ready_for_production(world)
    bring_to_production(world, fields, "first")
    live = world.target.live(ANL_PRODUCTION)
    good = world.file(PRODUCTION)
    world.travel(SATURDAY)
    bring_to_production(world, {"replicas": 5}, "held")
    number = world.propose("omar-ops", "back", {PRODUCTION: good})
    world.approve("rita-release", number)
    merge = world.merge("omar-ops", number)
    world.travel(MONDAY)
    world.settle()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.target.live(ANL_PRODUCTION) == live


def bring_to_production(world: World, fields: Mapping[str, object], branch: str) -> str:
    number = world.propose("omar-ops", branch, {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    return world.merge("omar-ops", number)


def test_judging_asks_for_more_only_where_something_was_refused(world: World) -> None:
    """What was refused long ago and put back since costs nothing any more."""
    manifest = world.file(DEVELOPMENT)
    world.host.push_main({DEVELOPMENT: edited(manifest, replicas=9)}, by=world.account("ada-admin"))
    world.look("main")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.settle()
    number = world.propose("dana-dev", "back", {DEVELOPMENT: manifest})
    world.merge("dana-dev", number)
    number = world.propose("dana-dev", "next", {DEVELOPMENT: edited(manifest, replicas=3)})
    world.workflows = world.wired()
    world.host.calls.clear()
    world.look(f"pull/{number}")
    assert world.host.calls.count("snapshot") <= 3
