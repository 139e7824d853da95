"""The checks and the comment show the same path to green, proven by a real OPA, while something is not green."""

from collections.abc import Mapping

from controller.ledger.event import EventType
from controller.policy.recorded import read_recorded
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited
from tests.workflow.world import World


def proposed(world: World, who: str) -> int:
    return world.propose(who, "prod", {PRODUCTION: edited(world.file(PRODUCTION), replicas=101)})


def test_a_refused_change_shows_what_turns_it_green_and_that_it_does(world: World) -> None:
    number = proposed(world, "dana-dev")
    text = world.check(number, "dvo/policy").text
    assert "### Path to green" in text
    assert "write `replicas: 100`" in text
    assert "Have the same change proposed by an operator" in text
    assert text.count("✓ judged again with this, and the rule is satisfied") >= 3
    assert "✗" not in text
    assert "With all of this applied, policy lets it pass" in text
    comment = world.host.say(number, world.account("vera-view"), "/dvo explain")
    world.look(f"comment/{number}/{comment}")
    path = text[text.index("### Path to green") : text.index("### For the record")]
    assert path in world.host.comments[number]


def test_looking_again_writes_nothing_new(world: World) -> None:
    number = proposed(world, "dana-dev")
    writes = world.host.writes
    world.look(f"pull/{number}")
    assert world.host.writes == writes


def test_a_green_change_shows_no_path(world: World) -> None:
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert "Path to green" not in world.check(number, "dvo/policy").text


def test_the_record_keeps_the_remedies_and_is_read_again_as_it_was(world: World) -> None:
    proposed(world, "dana-dev")
    (event,) = world.events(EventType.POLICY_EVALUATED, "pull/1")
    recorded = read_recorded(event.id, event.subject, event.at, event.details)
    assert recorded is not None
    kept = event.details["answer"]
    assert isinstance(kept, Mapping)
    bounds = next(finding for finding in kept["findings"] if finding["rule"] == "mc-bounds")
    assert bounds["params"]["remedy"][0]["value"] == 100
    assert any(finding.remedy for finding in recorded.answer.findings)
    assert recorded.document["purpose"] == "pull_request"
