"""Break-glass at the weekend: asked by label, approved by two, out on Saturday, reviewed afterwards."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.decision.check import Conclusion
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.ledger.event import Event, EventType, Severity
from tests.workflow.steps import PRODUCTION, edited, publish, ready_for_production
from tests.workflow.world import SATURDAY, World

ANL_PRODUCTION = Key(EnvironmentName("production"), AgentCode("ANL"))
BODY = "Please!\n\nBreak-glass-reason: it answers with other people's data\r\nBreak-glass-ticket: INC-4711\n"


def used(world: World, stage: str) -> list[Event]:
    return [event for event in world.events(EventType.BREAKGLASS_USED) if event.details["stage"] == stage]


def emergency(world: World, *, login: str = "omar-ops", body: str | None = BODY) -> int:
    """Propose, on a Saturday, a release that never ran in staging."""
    fields = publish(world)
    world.travel(SATURDAY)
    number = world.propose(login, "fix", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    ask(world, number, body)
    return number


def ask(world: World, number: int, body: str | None = BODY) -> None:
    world.host.ask_break_glass(number, body)
    world.look(f"pull/{number}")


def approved(world: World) -> int:
    number = emergency(world)
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "action_required"), "one is not enough"
    world.approve("ravi-release", number)
    assert world.conclusions(number) == ("success", "success")
    return number


def test_two_approve_and_it_goes_out_on_saturday_with_an_alert_at_each_stage(world: World) -> None:
    number = approved(world)
    merge = world.merge("omar-ops", number)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.target.live(ANL_PRODUCTION) is not None
    world.look("sweep", f"pull/{number}", f"merge/{merge}", f"deployment/{ANL_PRODUCTION}")
    for stage in ("asked", "admitted", "deployed"):
        [event] = used(world, stage)
        assert event.severity is Severity.CRITICAL
        assert (event.actor, event.details["ticket"]) == ("github:1002", "INC-4711")
        assert event.details["reason"] == "it answers with other people's data"
        assert event.details["waived"] == ["mc-deny-direct-prod", "mc-weekend-block"]
    assert used(world, "admitted")[0].details["approved_by"] == ["github:1003", "github:1004"]


def test_asking_is_sealed_at_once_and_said_in_the_first_line(world: World) -> None:
    number = emergency(world)
    assert {entry.event.id for entry in world.ledger.entries()} >= {event.id for event in used(world, "asked")}
    check = world.check(number, "dvo/policy")
    assert check.title.startswith("BREAK-GLASS: ")
    assert "INC-4711" in check.summary.splitlines()[0]
    assert "INC-4711" in world.host.comments[number].splitlines()[0]


def test_the_comment_stays_while_break_glass_is_asked_for(world: World) -> None:
    number = approved(world)
    assert "Break-glass" in world.host.comments[number]


def test_without_the_label_the_same_change_is_refused(world: World) -> None:
    number = emergency(world, body=None)
    assert world.conclusions(number)[0] == "failure"
    assert used(world, "asked") == []


def test_a_label_that_goes_takes_what_it_waived_with_it(world: World) -> None:
    number = approved(world)
    ask(world, number, None)
    assert world.conclusions(number)[0] == "failure"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Break-glass-reason: urgent",
        BODY + "Break-glass-ticket: INC-4712\n",
        "Break-glass-reason: urgent\nBreak-glass-ticket: https://tickets.example.com/1",
        "Break-glass-reason: \u202egnitiaw\nBreak-glass-ticket: INC-1",
    ],
)
def test_what_is_asked_for_badly_is_refused_with_the_remedy(world: World, body: str) -> None:
    """ATTACKS 001, 005."""
    number = emergency(world, body=body)
    assert world.conclusions(number)[0] == "failure"
    assert "Break-glass-reason" in world.check(number, "dvo/policy").summary
    assert used(world, "asked") == []


def test_a_developer_breaks_no_glass(world: World) -> None:
    number = emergency(world, login="dana-dev")
    for login in ("rita-release", "ravi-release"):
        world.approve(login, number)
    assert world.conclusions(number)[0] == "failure"


def test_another_effect_is_asked_anew_and_approved_anew(world: World) -> None:
    """ATTACKS 025."""
    number = approved(world)
    content = edited(world.file(PRODUCTION), **publish(world, "1.2.0"))
    world.travel(world.clock.moment + timedelta(hours=5))
    world.host.push("fix", {PRODUCTION: content}, by=world.account("omar-ops"))
    world.look(f"pull/{number}")
    first, second = used(world, "asked")
    assert first.details["effect"] != second.details["effect"]
    assert world.conclusions(number) == ("success", "action_required")


def test_what_was_asked_for_an_effect_runs_out_by_itself_and_does_not_start_again(world: World) -> None:
    """ATTACKS 025."""
    number = approved(world)
    world.travel(SATURDAY + timedelta(hours=4, seconds=1))
    world.settle()
    assert world.conclusions(number)[0] == "failure"
    ask(world, number, None)
    ask(world, number)
    for login in ("rita-release", "ravi-release"):
        world.approve(login, number)
    assert world.conclusions(number)[0] == "failure"
    assert "too long ago" in world.check(number, "dvo/policy").summary
    assert len(used(world, "asked")) == 1


def test_what_merges_too_late_is_refused(world: World) -> None:
    """ATTACKS 021: the checks were green when they were last written."""
    number = approved(world)
    world.travel(SATURDAY + timedelta(hours=5))
    merge = world.merge("omar-ops", number)
    assert world.target.live(ANL_PRODUCTION) is None
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert refused.severity is Severity.CRITICAL
    assert used(world, "admitted") == []


def test_a_label_set_after_the_merge_changes_nothing(world: World) -> None:
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    merge = world.merge("omar-ops", number)
    world.host.ask_break_glass(number, BODY)
    world.look(f"merge/{merge}", f"pull/{number}")
    assert world.target.live(ANL_PRODUCTION) is None
    assert world.check(merge, "dvo/deploy").title.startswith("production/ANL held")


def test_a_reason_that_holds_a_secret_is_shown_nowhere(world: World) -> None:
    secret = "ghp_" + "a1B2" * 9
    number = emergency(world, body=f"Break-glass-reason: use {secret} now\nBreak-glass-ticket: INC-1")
    shown = world.host.comments[number] + world.check(number, "dvo/policy").summary
    assert secret not in shown + repr(world.journal.find(frozenset(EventType)))


def test_the_reason_reaches_no_policy(world: World) -> None:
    """ATTACKS 001."""
    number = emergency(world)
    evaluated = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1]
    assert "other people" not in repr(evaluated.details["input"])


def test_an_approver_who_lost_the_role_counts_no_more_at_the_merge(world: World) -> None:
    number = approved(world)
    people = world.directory.people
    people[:] = [replace(one, groups=frozenset()) if one.login == "ravi-release" else one for one in people]
    world.merge("omar-ops", number)
    assert world.target.live(ANL_PRODUCTION) is None
