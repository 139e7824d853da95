"""What people ask for by comments, buttons and re-runs: once, by who may, in one comment at most."""

from datetime import timedelta

import pytest

from controller.change.facts import Account, AccountKind
from controller.change.names import login
from controller.decision.check import Conclusion
from controller.errors import InputError, UnavailableError
from controller.ledger.event import EventType
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited
from tests.workflow.world import World


def green(world: World) -> int:
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number) == ("success", "success")
    return number


def said(world: World, who: str, number: int, body: str) -> int:
    comment = world.host.say(number, world.account(who), body)
    world.look(f"comment/{number}/{comment}")
    return comment


def test_an_explanation_comes_in_the_one_comment_and_ends_with_the_effect(world: World) -> None:
    number = green(world)
    assert world.host.comments.get(number) is None
    comment = said(world, "vera-view", number, "/dvo explain")
    assert world.host.comments[number].startswith("### Why: admitted")
    assert world.host.reactions == {comment: {"+1"}}
    world.lose_database()
    world.look("main", f"pull/{number}")
    assert world.host.comments[number].startswith("### Why: admitted")
    world.host.push("dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=4)}, by=world.account("dana-dev"))
    world.look(f"pull/{number}")
    assert world.host.comments.get(number) is None


def test_a_command_acts_once_however_often_it_is_looked_at(world: World) -> None:
    """ATTACKS 121."""
    number = green(world)
    comment = said(world, "dana-dev", number, "/dvo recheck")
    stands = world.check(number, "dvo/policy")
    writes = world.host.writes
    world.look(f"comment/{number}/{comment}", f"comment/{number}/{comment}")
    assert world.check(number, "dvo/policy") == stands
    assert world.host.writes == writes
    assert len(world.events(EventType.AUTHZ_GRANTED, f"pull/{number}")) == 1


def test_a_recheck_writes_both_checks_anew_and_adds_no_comment(world: World) -> None:
    number = green(world)
    before = [world.check(number, name).external_id for name in ("dvo/policy", "dvo/approval")]
    said(world, "dana-dev", number, "/dvo recheck")
    after = [world.check(number, name).external_id for name in ("dvo/policy", "dvo/approval")]
    assert not set(before) & set(after)
    assert world.host.comments.get(number) is None


def test_help_lists_the_commands_in_the_one_comment(world: World) -> None:
    number = green(world)
    said(world, "vera-view", number, "/dvo help")
    assert "| `/dvo recheck` |" in world.host.comments[number]


@pytest.mark.parametrize("body", ["> /dvo recheck", "```\n/dvo recheck\n```", "I wonder: /dvo recheck", "/dvo approve"])
def test_talk_about_commands_does_nothing(world: World, body: str) -> None:
    """ATTACKS 001."""
    number = green(world)
    writes = world.host.writes
    said(world, "dana-dev", number, body)
    assert world.host.writes == writes
    assert world.events(EventType.AUTHZ_GRANTED) == world.events(EventType.AUTHZ_DENIED) == ()


def test_a_comment_edited_or_removed_before_it_was_read_does_nothing(world: World) -> None:
    number = green(world)
    comment = world.host.say(number, world.account("dana-dev"), "Looks fine")
    world.host.edit_comment(comment, "/dvo recheck")
    gone = world.host.say(number, world.account("dana-dev"), "/dvo recheck")
    del world.host.spoken[gone]
    world.look(f"comment/{number}/{comment}", f"comment/{number}/{gone}")
    assert world.events(EventType.AUTHZ_GRANTED) == ()
    assert world.failures == []


def test_bots_apps_and_comments_of_other_pull_requests_command_nothing(world: World) -> None:
    """ATTACKS 003, 121."""
    number = green(world)
    bot = Account(9, login("helper[bot]"), AccountKind.BOT)
    dana = world.account("dana-dev")
    asked = [world.host.say(number, bot, "/dvo recheck"), world.host.say(number, dana, "/dvo recheck", is_by_app=True)]
    asked.append(world.host.say(number, None, "/dvo recheck"))
    world.look(*(f"comment/{number}/{comment}" for comment in asked))
    world.look(f"comment/{number + 1}/{world.host.say(number, dana, '/dvo recheck')}")
    assert world.events(EventType.AUTHZ_GRANTED) == world.events(EventType.AUTHZ_DENIED) == ()


def test_who_may_not_gets_nothing_and_the_ledger_says_who_tried(world: World) -> None:
    number = green(world)
    before = world.check(number, "dvo/policy")
    refused = said(world, "vera-view", number, "/dvo recheck")
    stranger = said(world, "mallory", number, "/dvo explain")
    assert world.check(number, "dvo/policy") == before
    assert world.host.comments.get(number) is None
    assert world.host.reactions == {refused: {"confused"}}
    denied = world.events(EventType.AUTHZ_DENIED, f"pull/{number}")
    assert [event.actor for event in denied] == ["github:1006", "stranger"]
    assert [event.details["comment"] for event in denied] == [refused, stranger]


def test_a_button_acts_for_the_account_that_pressed_it(world: World) -> None:
    number = green(world)
    before = world.check(number, "dvo/policy")
    assert [button.identifier for button in before.buttons] == ["explain", "recheck"]
    world.look(f"button/{number}/explain/1006")
    assert world.host.comments[number].startswith("### Why: admitted")
    world.look(f"button/{number}/recheck/1006", f"button/{number}/recheck/404")
    assert world.check(number, "dvo/policy").external_id == before.external_id
    world.look(f"button/{number}/recheck/1001")
    assert world.check(number, "dvo/policy").external_id != before.external_id
    assert len(world.events(EventType.AUTHZ_DENIED, f"pull/{number}")) == 2


def test_a_re_run_is_answered_by_a_fresh_check_even_after_a_restart(world: World) -> None:
    """ATTACKS 078: whoever looks sees the queued run become a result again."""
    number = green(world)
    before = world.check(number, "dvo/approval")
    world.host.trouble["write_check"] = UnavailableError("GitHub is down", component="github")
    world.look(f"rerun/pull/{number}")
    assert world.check(number, "dvo/approval") == before
    world.host.trouble.clear()
    world.lose_database()
    world.look("main", f"pull/{number}")
    after = world.check(number, "dvo/approval")
    assert (after.conclusion, after.title) == (Conclusion.SUCCESS, before.title)
    assert after.external_id != before.external_id


def test_a_pull_request_that_cannot_be_judged_answers_a_re_run_too(world: World) -> None:
    number = green(world)
    world.host.trouble["compare"] = InputError("251 commits lie between")
    world.look(f"pull/{number}")
    before = world.check(number, "dvo/policy")
    assert [button.identifier for button in before.buttons] == ["recheck"]
    world.look(f"rerun/pull/{number}")
    assert world.check(number, "dvo/policy").external_id != before.external_id


def test_the_check_of_a_merge_is_written_anew_and_other_commits_get_none(world: World) -> None:
    number = green(world)
    merge = world.merge("dana-dev", number)
    before = world.check(merge, "dvo/deploy")
    world.look(f"rerun/commit/{merge}")
    assert world.check(merge, "dvo/deploy").external_id != before.external_id
    writes = world.host.writes
    world.look(f"rerun/commit/{world.host.pull_request(number).head}")
    assert world.host.writes == writes


@pytest.mark.parametrize(
    "key",
    ["comment/x/1", "comment/1", "button/1/approve/2", "button/1/explain/-2", "rerun/1", "rerun/commit/x", "nothing/1"],
)
def test_a_key_that_names_nothing_is_an_error_and_does_nothing(world: World, key: str) -> None:
    """ATTACKS 036."""
    world.look(key)
    assert [(failed, type(error)) for failed, error in world.failures] == [(key, InputError)]


def test_an_approval_that_a_push_voided_names_the_line_that_did(world: World) -> None:
    manifest = world.file(PRODUCTION)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(manifest, replicas=3)})
    world.approve("rita-release", number)
    world.host.push("prod", {PRODUCTION: edited(manifest, replicas=4)}, by=world.account("omar-ops"))
    world.look(f"pull/{number}")
    [line] = [at for at, text in enumerate(manifest.decode().splitlines(), 1) if text.startswith("replicas:")]
    check = world.check(number, "dvo/approval")
    assert f"`{PRODUCTION}:{line}` production/ANL replicas was 3 when approved and is 4 now" in check.summary
    assert [(note.line, note.title) for note in check.annotations] == [(line, "Voids the approval of rita-release")]


def test_a_command_whose_webhook_was_lost_is_found_by_the_sweep_and_done_once(world: World) -> None:
    number = green(world)
    before = world.check(number, "dvo/policy").external_id
    comment = world.host.say(number, world.account("dana-dev"), "/dvo recheck")
    for body in ("Looks good", "> /dvo recheck", "/dvo approve"):
        world.host.say(number, world.account("dana-dev"), body)
    world.travel(world.clock.moment + timedelta(minutes=1))
    world.look("changes")
    assert world.check(number, "dvo/policy").external_id != before
    assert world.host.reactions == {comment: {"+1"}}
    stranger = world.host.say(number, world.host.person("nobody", id=9999), "/dvo recheck")
    world.look("changes")
    asked = [event.details["comment"] for event in world.events(EventType.AUTHZ_DENIED, f"pull/{number}")]
    assert asked == [stranger]
    calls = world.host.calls.count("comment")
    world.look("changes", "sweep")
    assert world.host.calls.count("comment") == calls
    assert len(world.events(EventType.AUTHZ_GRANTED, f"pull/{number}")) == 1
