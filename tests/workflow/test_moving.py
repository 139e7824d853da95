"""What moves between two looks: a head that is told late, a base that moves, a pull request that comes back."""

import pytest

from controller.change.facts import PullRequest, PullRequestState
from controller.change.names import CommitSha
from controller.decision.check import Conclusion
from controller.errors import UnavailableError
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production, release_files
from tests.workflow.world import World


def approved(world: World) -> int:
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    return number


def test_while_the_host_still_tells_the_older_head_nothing_of_the_newer_is_green(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATTACKS 008."""
    number = approved(world)
    old, ask = world.host.pull_request(number), world.host.pull_request
    head = world.host.push(
        "prod", {PRODUCTION: edited(world.file(PRODUCTION), replicas=9)}, by=world.account("omar-ops")
    )

    def lagging(asked: int) -> PullRequest:
        return old if asked == number else ask(asked)

    with monkeypatch.context() as patched:
        patched.setattr(world.host, "pull_request", lagging)
        world.look(f"pull/{number}")
    assert (CommitSha(head), "dvo/policy") not in world.host.checks
    world.look(f"pull/{number}")
    assert world.conclusions(number)[1] == "action_required"


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_of_two_that_are_fine_alone_the_second_turns_red_when_the_first_merges(world: World, method: str) -> None:
    """ATTACKS 074: both change one file."""
    first = world.propose("dana-dev", "a", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    second = world.propose("dana-dev", "b", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=4)})
    assert world.conclusions(first) == world.conclusions(second) == ("success", "success")
    world.merge("dana-dev", first, method)
    world.look("changes")
    assert world.conclusions(second)[0] == "failure"
    assert "was also changed on the base branch" in world.check(second, "dvo/policy").summary


def test_what_came_to_lie_on_another_main_is_judged_with_that(world: World) -> None:
    """ATTACKS 074: of different files, each is fine alone; on what main is now, nobody could run it."""
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number) == ("success", "success")
    gone: dict[str, bytes | str | None] = {f"agents/anl/{name}": None for name in release_files(world)}
    world.host.push_main(gone, by=world.account("ada-admin"))
    world.look(f"pull/{number}")
    assert world.conclusions(number)[0] == "failure"
    assert "there is no agent ANL" in world.check(number, "dvo/policy").summary


def test_a_pull_request_that_was_closed_pushed_to_and_opened_again_is_judged_anew(world: World) -> None:
    """ATTACKS 077."""
    number = approved(world)
    world.host.edit(number, state=PullRequestState.CLOSED)
    world.look(f"pull/{number}")
    files: dict[str, bytes | str | None] = {PRODUCTION: edited(world.file(PRODUCTION), replicas=9)}
    head = world.host.commit(
        files, parents=(world.host.branches["main"],), who=world.host.authorship(world.account("omar-ops"))
    )
    world.host.move("prod", head.sha, by=world.account("omar-ops"))
    world.host.edit(number, state=PullRequestState.OPEN, head=head.sha)
    merge = world.merge("ada-admin", number)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE, "before anybody looked"


def test_what_was_approved_while_the_pull_request_led_elsewhere_counts_for_nothing(world: World) -> None:
    """ATTACKS 014, 077: towards a branch that holds most of it, it seemed to do next to nothing."""
    fields = ready_for_production(world)
    files: dict[str, bytes | str | None] = {PRODUCTION: edited(world.file(PRODUCTION), **fields)}
    omar = world.account("omar-ops")
    world.host.push("below", files, by=omar)
    world.host.move("topic", world.host.branches["below"], by=omar)
    world.host.push("topic", {"README.md": "Hello\n"}, by=omar)
    number = world.host.open_pull_request("topic", by=omar, base="below")
    world.approve("rita-release", number)
    world.host.edit(number, base_branch="main")
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "action_required")
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")


def test_while_nobody_says_whether_it_led_elsewhere_no_approval_turns_it_green(world: World) -> None:
    """ATTACKS 010, 044."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.host.trouble["retargeted_at"] = UnavailableError("502", component="github")
    world.approve("rita-release", number)
    assert [str(error) for _, error in world.failures] == ["502"]
    assert world.conclusions(number) == ("success", "action_required")
    world.host.trouble.clear()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")
