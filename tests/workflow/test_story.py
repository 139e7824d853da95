"""The life of a change, told on a world in memory with a real OPA."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.decision.check import Conclusion
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import LedgerIntegrityError
from controller.ledger.chain import verify_chain
from controller.ledger.event import EventType, Severity
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, STAGING, bring, edited, publish, ready_for_production
from tests.workflow.world import MONDAY, SATURDAY, World

ANL_DEVELOPMENT = Key(EnvironmentName("development"), AgentCode("ANL"))
ANL_PRODUCTION = Key(EnvironmentName("production"), AgentCode("ANL"))


def test_the_first_look_at_main_is_a_baseline_that_publishes_and_deploys_nothing(world: World) -> None:
    assert world.target.effects == []
    assert {event.details["code"] for event in world.events(EventType.RELEASE_PUBLISHED)} == {"ORC", "ANL", "GHA"}
    [main] = world.events(EventType.CONFIG_CHANGED, "main")
    assert main.details["kind"] == "baseline"


def test_a_release_needs_an_owner_and_is_published_when_it_merges(world: World) -> None:
    fields = publish(world)
    newest = world.events(EventType.RELEASE_PUBLISHED)[-1]
    assert (newest.details["version"], newest.details["digest"]) == ("1.1.0", fields["digest"])
    assert world.target.effects == []


def test_a_developer_brings_a_release_to_development_and_it_answers(world: World) -> None:
    merge = bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    live = world.target.live(ANL_DEVELOPMENT)
    assert live is not None
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert live.endpoint in world.check(merge, "dvo/deploy").summary.replace("`", "").replace("\\", "")
    assert world.target.invoke(live.endpoint, "Project reach for a budget over 8 weeks").capability == "project_results"


def test_a_developer_is_refused_at_production_with_every_reason_at_its_line(world: World) -> None:
    fields = publish(world)
    number = world.propose("dana-dev", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    check = world.check(number, "dvo/policy")
    assert check.conclusion is Conclusion.FAILURE
    rules = {note.title for note in check.annotations}
    assert {"mc-prod-approval", "mc-deny-direct-prod"} <= rules
    lines = world.file(PRODUCTION).decode().splitlines()
    places = {lines[note.line - 1].split(":")[0] for note in check.annotations if note.path == PRODUCTION}
    assert "version" in places
    assert world.host.comments[number].startswith("### dvo/policy: Refused")


def test_an_operator_proposes_production_and_only_an_owner_with_the_role_approves_it(world: World) -> None:
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    assert world.conclusions(number) == ("success", "action_required")
    waiting = world.check(number, "dvo/approval").title
    assert waiting == "Waiting for 1 approval: ravi-release or rita-release"
    for login in ("omar-ops", "dana-dev", "vera-view"):
        world.approve(login, number)
        assert world.conclusions(number) == ("success", "action_required"), login
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    assert number not in world.host.comments


def test_a_push_that_changes_the_effect_voids_the_approval_and_says_so(world: World) -> None:
    """ATTACKS 014, 015."""
    fields = ready_for_production(world)
    content = edited(world.file(PRODUCTION), **fields)
    number = world.propose("omar-ops", "prod", {PRODUCTION: content})
    world.approve("rita-release", number)
    world.host.push("prod", {PRODUCTION: edited(content, replicas=3)}, by=world.account("omar-ops"))
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "action_required")
    assert "another effect" in world.check(number, "dvo/approval").summary
    world.approve("rita-release", number)
    merge = world.merge("omar-ops", number)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    live = world.target.live(ANL_PRODUCTION)
    assert live is not None


def test_a_push_that_changes_nothing_that_runs_keeps_the_approval(world: World) -> None:
    fields = ready_for_production(world)
    content = edited(world.file(PRODUCTION), **fields)
    number = world.propose("omar-ops", "prod", {PRODUCTION: content})
    world.approve("rita-release", number)
    world.host.push("prod", {PRODUCTION: content + b"# a remark\n"}, by=world.account("omar-ops"))
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def approved_for_production(world: World, **fields: object) -> int:
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    return number


def test_on_a_saturday_a_merge_is_held_and_goes_out_by_itself_on_monday(world: World) -> None:
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = approved_for_production(world, **fields)
    assert world.check(number, "dvo/policy").title.endswith("will be held until Mon 2027-03-15 09:00 Europe/Berlin")
    merge = world.merge("omar-ops", number)
    held = world.check(merge, "dvo/deploy")
    assert (held.conclusion, held.title) == (None, "production/ANL held: until Mon 2027-03-15 09:00 Europe/Berlin")
    world.look("sweep")
    assert world.target.live(ANL_PRODUCTION) is None
    assert len(world.events(EventType.DEPLOY_HELD)) == 1
    world.travel(MONDAY)
    world.settle()
    assert world.target.live(ANL_PRODUCTION) is not None
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_a_direct_push_is_refused_reported_and_never_deployed(world: World) -> None:
    """ATTACKS 079."""
    ready_for_production(world)
    before = list(world.target.effects)
    content = edited(world.file(STAGING), replicas=9)
    pushed = world.host.push_main({STAGING: content}, by=world.account("ada-admin"))
    world.look("main")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("sweep")
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"commit/{pushed}")
    assert refused.severity is Severity.CRITICAL
    assert world.check(pushed, "dvo/deploy").conclusion is Conclusion.FAILURE
    assert world.target.effects == before


def test_a_pull_request_merged_past_its_checks_is_refused(world: World) -> None:
    """ATTACKS 021."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    merge = world.merge("ada-admin", number)
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert "without having been admitted" in str(refused.details["reason"])
    assert world.target.live(ANL_PRODUCTION) is None
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_what_was_pushed_after_the_last_judgement_is_not_deployed(world: World) -> None:
    """ATTACKS 071: the merge has another effect than the one that was admitted."""
    fields = ready_for_production(world)
    number = approved_for_production(world, **fields)
    content = edited(world.file(PRODUCTION), **fields, replicas=7)
    world.host.push("prod", {PRODUCTION: content}, by=world.account("omar-ops"))
    merge = world.merge("omar-ops", number)
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert "another effect" in str(refused.details["reason"])
    assert world.target.live(ANL_PRODUCTION) is None


def test_an_approver_who_lost_the_role_before_the_deployment_does_not_count(world: World) -> None:
    """ATTACKS 057: held over the weekend, judged again on Monday with the facts of then."""
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = approved_for_production(world, **fields)
    merge = world.merge("omar-ops", number)
    people = world.directory.people
    people[:] = [replace(one, groups=frozenset()) if one.login == "rita-release" else one for one in people]
    world.travel(MONDAY)
    world.settle()
    assert world.target.live(ANL_PRODUCTION) is None
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert "approvals" in str(refused.details["reason"])


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_each_way_to_merge_finds_its_decision(world: World, method: str) -> None:
    """ATTACKS 075."""
    fields = publish(world)
    first = edited(world.file(DEVELOPMENT), **fields)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: first})
    world.host.push("dev", {DEVELOPMENT: edited(first, replicas=3)}, by=world.account("dana-dev"))
    world.look(f"pull/{number}")
    merge = world.merge("dana-dev", number, method)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    assert world.events(EventType.DEPLOY_REFUSED) == ()
    assert world.target.live(ANL_DEVELOPMENT) is not None


def test_a_rewritten_main_stops_every_deployment_until_it_is_whole_again(world: World) -> None:
    fields = publish(world)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), **fields)})
    good = world.host.branches["main"]
    older = world.host.objects.commits[good].parents[0]
    world.host.move("main", older, by=world.account("ada-admin"))
    world.look("main", "main")
    [rewritten] = [
        event for event in world.events(EventType.CONFIG_CHANGED, "main") if event.details["kind"] == "rewritten"
    ]
    assert rewritten.severity is Severity.CRITICAL
    stopped = world.check(older, "dvo/deploy")
    assert stopped.conclusion is Conclusion.FAILURE
    assert good[:12] in stopped.title
    command = f"git push --force-with-lease=main:{older} origin {good}:main"
    assert command in re.sub(r"[`\\]", "", stopped.summary)
    world.host.move("main", good, by=world.account("ada-admin"))
    world.merge("dana-dev", number)
    assert world.target.live(ANL_DEVELOPMENT) is not None


def test_a_rewritten_main_that_moves_on_is_put_back_with_a_lease_on_its_newest_tip(world: World) -> None:
    world.look("main")
    admin, good = world.account("ada-admin"), world.host.branches["main"]
    other = world.host.commit({"README.md": "another"}, parents=(), who=world.host.authorship(admin)).sha
    world.host.move("main", other, by=admin)
    world.look("main")
    newest = world.host.push_main({"README.md": "one more"}, by=admin)
    world.look("main", "main")
    for found in (other, newest):
        command = f"git push --force-with-lease=main:{newest} origin {good}:main"
        assert command in re.sub(r"[`\\]", "", world.check(found, "dvo/deploy").summary)
    told = [event.details.get("found") for event in world.events(EventType.CONFIG_CHANGED, "main")]
    assert told == [None, other, newest]
    world.host.move("main", good, by=admin)
    world.look("main")
    assert world.events(EventType.CONFIG_CHANGED, "main")[-1].details["sound"] is True


def test_a_manifest_that_goes_stops_its_agent(world: World) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    number = world.propose("dana-dev", "gone", {DEVELOPMENT: None})
    merge = world.merge("dana-dev", number)
    assert world.target.live(ANL_DEVELOPMENT) is None
    assert "stopped" in world.check(merge, "dvo/deploy").summary


def test_the_newest_admitted_change_wins_whatever_the_order_of_looking(world: World) -> None:
    """ATTACKS 033."""
    fields = publish(world)
    first = world.propose("dana-dev", "one", {DEVELOPMENT: edited(world.file(DEVELOPMENT), **fields)})
    merged_first = world.host.merge(first, by=world.account("dana-dev"))
    second = world.propose("dana-dev", "two", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=5)})
    merged_second = world.host.merge(second, by=world.account("dana-dev"))
    world.workflows.main.look()
    world.look(f"merge/{merged_second}", f"merge/{merged_first}")
    live = world.target.live(ANL_DEVELOPMENT)
    newest = world.workflows.roll_out.live(ANL_DEVELOPMENT)
    assert live == newest
    validated = world.events(EventType.DEPLOY_VALIDATED, str(ANL_DEVELOPMENT))
    wanted = max(validated, key=lambda event: int(str(event.details["position"])))
    assert live is not None
    assert live.plan == wanted.details["plan"]


def test_every_effect_was_announced_in_the_sealed_ledger_before(world: World) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    entries = tuple(world.ledger.entries())
    assert verify_chain(entries, None) is None
    kinds = [entry.event.type for entry in entries if entry.event.subject == str(ANL_DEVELOPMENT)]
    assert kinds == [EventType.DEPLOY_VALIDATED, EventType.DEPLOY_STARTED, EventType.DEPLOY_COMPLETED]


def test_a_ledger_that_lost_its_end_stops_the_controller(world: World) -> None:
    publish(world)
    world.ledger.sealed.pop()
    with pytest.raises(LedgerIntegrityError):
        world.wired().sealer.restore()


def test_judging_again_reads_little_and_writes_nothing(world: World) -> None:
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    writes, events = world.host.writes, len(world.journal.find(frozenset(EventType)))
    world.travel(world.clock.moment + timedelta(minutes=5))
    world.look(f"pull/{number}")
    assert world.host.writes == writes
    assert len(world.journal.find(frozenset(EventType))) == events
