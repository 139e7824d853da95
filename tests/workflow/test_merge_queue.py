"""The merge queue: groups are judged on the tree that main would get, and held to what was admitted."""

import re

import pytest

from controller.change.facts import ReviewState
from controller.change.names import CommitSha
from controller.errors import UnavailableError
from controller.ledger.event import EventType
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production
from tests.workflow.test_refusals import BrokenEngine
from tests.workflow.world import World

GHA = "environments/development/gha.yaml"


def enqueue(world: World, login: str, *numbers: int, method: str = "merge") -> None:
    for number in numbers:
        world.host.enqueue(number, by=world.account(login), method=method)


def two_green(world: World) -> tuple[int, int]:
    one = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    other = world.propose("dana-dev", "other", {GHA: edited(world.file(GHA), replicas=3)})
    assert world.conclusions(one) == world.conclusions(other) == ("success", "success")
    return one, other


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_two_in_the_queue_are_each_judged_merged_attributed_and_deployed(world: World, method: str) -> None:
    """ATTACKS 075."""
    numbers = two_green(world)
    enqueue(world, "dana-dev", *numbers, method=method)
    groups = world.host.merge_groups()
    world.look("queue")
    assert world.host.merge_groups() == ()
    world.look("main")
    assert world.failures == []
    for group, key in zip(groups, ("development/ANL", "development/GHA"), strict=True):
        assert world.check(group.head, "dvo/policy").conclusion == "success"
        told = world.events(EventType.POLICY_EVALUATED, f"pull/{group.pull}")
        assert [event.details["outcome"] for event in told if event.details.get("group") == group.head] == ["admitted"]
        (validated,) = world.events(EventType.DEPLOY_VALIDATED, key)
        assert (validated.details["pull"], validated.details["commit"]) == (group.pull, group.head)
        assert world.events(EventType.DEPLOY_COMPLETED, key)


def test_a_group_with_another_effect_than_was_admitted_is_red_and_thrown_out(world: World) -> None:
    """ATTACKS 074: each fine alone; on top of the other, what it does was never admitted."""
    one = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    text = edited(world.file(DEVELOPMENT), replicas=3)
    other = world.propose("dana-dev", "other", {DEVELOPMENT: text, GHA: edited(world.file(GHA), replicas=3)})
    enqueue(world, "dana-dev", one, other)
    first, second = world.host.merge_groups()
    world.look("queue", "main")
    assert "another effect" in world.check(second.head, "dvo/policy").summary
    assert world.host.branches["main"] == first.head
    assert world.host.merge_groups() == ()


def test_an_approval_withdrawn_while_in_the_queue_turns_the_group_red(world: World) -> None:
    """ATTACKS 078."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "production", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    tip = world.host.branches["main"]
    enqueue(world, "omar-ops", number)
    (group,) = world.host.merge_groups()
    world.host.review(number, world.account("rita-release"), ReviewState.CHANGES_REQUESTED)
    world.look("queue")
    assert world.check(group.head, "dvo/approval").conclusion == "action_required"
    assert world.host.branches["main"] == tip


def test_a_group_waits_while_what_judges_differs_from_main(world: World) -> None:
    """ATTACKS 088: the policy of an admitted group ahead judges nothing until it is on main."""
    rule = "policies/rego/company/README.md"
    number = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    governing = world.propose("dana-dev", "rule", {rule: world.file(rule) + b"\nMore.\n"})
    world.approve("ada-admin", governing)
    enqueue(world, "ada-admin", governing, number)
    proceed = world.host.merge_queue.proceed
    world.host.merge_queue.proceed = lambda checks: None  # type: ignore[method-assign]  # another check is not green yet
    ahead, behind = world.host.merge_groups()
    world.look("queue")
    assert world.check(ahead.head, "dvo/approval").conclusion == "success"
    assert world.check(behind.head, "dvo/approval").conclusion is None
    assert "how changes are judged" in world.check(behind.head, "dvo/policy").summary
    world.host.merge_queue.proceed = proceed  # type: ignore[method-assign]
    proceed(world.host.checks)
    world.look("main")
    assert world.host.branches["main"] == behind.head


def test_a_group_waits_until_the_one_ahead_is_admitted(world: World) -> None:
    """ATTACKS 088: the policy of a group ahead in the queue judges nothing until it is on main."""
    rule = "policies/rego/company/README.md"
    governing = world.propose("ada-admin", "rule", {rule: world.file(rule) + b"\nMore.\n"})
    number = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    enqueue(world, "ada-admin", governing, number)
    ahead, behind = world.host.merge_groups()
    world.workflows.look_at(f"queue/{behind.name}")
    assert world.check(behind.head, "dvo/policy").conclusion is None
    assert "ahead of it" in world.check(behind.head, "dvo/policy").summary
    assert (ahead.head, "dvo/policy") not in world.host.checks


def test_where_only_the_last_of_a_group_must_be_green_a_red_one_ahead_holds_up_all_behind(world: World) -> None:
    """ATTACKS 021: with `HEADGREEN`, or whatever else GitHub groups by, nothing green stands on what is red."""
    world.host.merge_queue.checks_every_entry = False
    fields = ready_for_production(world)
    first = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", first)
    numbers = (first, *two_green(world))
    enqueue(world, "omar-ops", *numbers)
    groups, tip = world.host.merge_groups(), world.host.branches["main"]
    for group in groups[:2]:
        world.workflows.look_at(f"queue/{group.name}")
        assert world.check(group.head, "dvo/policy").conclusion == "success"
    [review] = world.host.reviews(first)
    world.host.dismiss(first, review.id)
    world.look(f"queue/{groups[0].name}", f"queue/{groups[2].name}")
    assert world.check(groups[0].head, "dvo/approval").conclusion == "action_required"
    for group in groups[1:]:
        assert world.check(group.head, "dvo/policy").conclusion is None
        assert f"Pull request {first} is ahead of it" in re.sub(
            r"\\", "", world.check(group.head, "dvo/policy").summary
        )
    assert (world.host.branches["main"], world.host.merge_groups()) == (tip, groups)
    world.approve("rita-release", first)
    world.look("queue", "main")
    assert world.host.merge_groups() == ()
    assert world.events(EventType.DEPLOY_REFUSED) == ()
    assert world.events(EventType.DEPLOY_COMPLETED, "production/ANL")


def test_a_group_that_stands_on_nothing_known_waits(world: World) -> None:
    number, _ = two_green(world)
    enqueue(world, "dana-dev", number)
    (group,) = world.host.merge_groups()
    world.host.push_main({"README.md": "moved"}, by=world.account("ada-admin"))
    world.look("queue")
    assert world.check(group.head, "dvo/policy").conclusion is None
    assert "neither the tip of main" in world.check(group.head, "dvo/policy").summary


def test_without_an_answer_of_policy_the_group_waits_and_nothing_merges(world: World) -> None:
    """ATTACKS 044."""
    number, _ = two_green(world)
    engine = world.engine
    world.engine = BrokenEngine(UnavailableError("it is down", component="opa"))  # type: ignore[assignment]  # it keeps only the failing part of the port
    world.workflows = world.wired()
    tip = world.host.branches["main"]
    enqueue(world, "dana-dev", number)
    (group,) = world.host.merge_groups()
    world.look("queue")
    assert [key for key, _ in world.failures] == [f"queue/{group.name}"]
    assert world.check(group.head, "dvo/approval").conclusion is None
    assert world.host.branches["main"] == tip
    world.engine = engine
    world.workflows = world.wired()
    world.look("queue")
    assert world.host.branches["main"] == group.head


def test_a_pull_request_never_admitted_is_not_admitted_by_the_queue(world: World) -> None:
    """ATTACKS 021: somebody who can go around the checks puts it into the queue."""
    number = world.host.open_pull_request(
        "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)}, by=world.account("dana-dev")
    )
    tip = world.host.branches["main"]
    enqueue(world, "dana-dev", number)
    (group,) = world.host.merge_groups()
    world.look("queue")
    assert world.check(group.head, "dvo/policy").conclusion == "failure"
    assert world.host.branches["main"] == tip


def test_a_group_a_lost_webhook_told_of_is_found_by_the_sweep(world: World) -> None:
    number, _ = two_green(world)
    enqueue(world, "dana-dev", number)
    world.look("sweep")
    world.look("main")
    assert world.host.merge_groups() == ()
    assert len(world.events(EventType.DEPLOY_VALIDATED, "development/ANL")) == 1


def test_the_queue_of_another_state_or_an_unknown_group_is_left_alone(world: World) -> None:
    number, _ = two_green(world)
    enqueue(world, "dana-dev", number)
    (group,) = world.host.merge_groups()
    world.host.edit(number, base_branch="other")
    world.look("queue", f"queue/pr-9-{'0' * 40}")
    assert (group.head, "dvo/policy") not in world.host.checks
    assert world.failures == []


def test_a_group_that_does_not_build_on_its_base_is_red(world: World) -> None:
    number, _ = two_green(world)
    before = world.host.branches["main"]
    world.host.push_main({"README.md": "moved"}, by=world.account("ada-admin"))
    enqueue(world, "dana-dev", number)
    entry = world.host.merge_queue.entries[0]
    entry.group = type(entry.group)(number, entry.group.base, CommitSha(before))
    world.look(f"queue/{entry.group.name}")
    assert "to build on" in world.check(before, "dvo/policy").summary


def test_a_review_after_the_judgement_looks_at_the_queue_again(world: World) -> None:
    """The group was judged and waits for another check of GitHub's; its approval goes meanwhile."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "production", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    review = world.host.review(number, world.account("rita-release"))
    world.look(f"pull/{number}")
    enqueue(world, "omar-ops", number)
    (group,) = world.host.merge_groups()
    landed = world.host.merge_queue.proceed
    world.host.merge_queue.proceed = lambda checks: None  # type: ignore[method-assign]  # another check is not green yet
    world.look("queue")
    assert world.check(group.head, "dvo/approval").conclusion == "success"
    world.host.dismiss(number, review)
    world.look(f"pull/{number}")
    assert world.check(group.head, "dvo/approval").conclusion == "action_required"
    landed(world.host.checks)
    assert world.host.merge_groups() == ()
