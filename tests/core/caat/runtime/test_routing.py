"""Inputs reach the capability that claims them, are handed off, or are nobody's."""

import pytest

from controller.caat.runtime.agent import Agent, Capability, HandOff, Parameter
from controller.caat.runtime.retrieval import Knowledge, Section
from controller.caat.runtime.routing import Route, Router


def _capability(name: str, keywords: tuple[str, ...], description: str = "", output: str = "text") -> Capability:
    outputs = {"result": Parameter(output, "What comes out", required=True)}
    return Capability(name, description, keywords, {"place": Parameter("text", "The wharf", required=True)}, outputs)


TIDE = _capability("tell_tide", ("tide", "high water"), "Says when ships may sail.")
PILOT = _capability("find_pilot", ("pilot",), "Finds who steers.")
PASS_ON = _capability("pass_on", ("pass on", "somebody else"), output="agent")
SEA = HandOff("SEA", "The ship has left the harbour.", ("open sea", "storm"))


def _router(
    *capabilities: Capability, hand_offs: tuple[HandOff, ...] = (), sections: tuple[Section, ...] = ()
) -> Router:
    agent = Agent("TST", "Tester", "", "1.0.0", "development", "sha256:0", capabilities, hand_offs, ())
    return Router(agent, Knowledge(sections))


@pytest.mark.parametrize(
    ("text", "capability"),
    [
        ("When is the tide?", "tell_tide"),
        ("Who is our pilot today?", "find_pilot"),
        ("Where is the wharf, and when may I sail?", "tell_tide"),
        ("Which ships may sail", "tell_tide"),
    ],
)
def test_an_input_reaches_the_capability_whose_words_it_uses(text: str, capability: str) -> None:
    assert _router(TIDE, PILOT).route(text).capability == capability


def test_words_found_together_say_more_than_apart() -> None:
    router = _router(_capability("read_gauges", ("high pole", "salt water")), _capability("tell_tide", ("high water",)))
    assert router.route("The high water mark").capability == "tell_tide"


def test_an_input_that_names_only_a_method_is_routed_through_the_knowledge() -> None:
    sections = (Section("a.md", "Who may be a pilot", "A pilot needs the patent of Trafalgar."),)
    assert _router(TIDE, PILOT, sections=sections).route("Trafalgar?").capability == "find_pilot"


@pytest.mark.parametrize("text", ["", "and so on", "zeppelin"])
def test_an_input_that_nobody_claims_goes_nowhere(text: str) -> None:
    assert _router(TIDE, PILOT, hand_offs=(SEA,)).route(text) == Route(None, None, 0.0)


def test_work_of_another_agent_is_handed_off_by_the_capability_that_hands_off() -> None:
    route = _router(TIDE, PASS_ON, hand_offs=(SEA,)).route("A storm on the open sea")
    assert (route.capability, route.hand_off) == ("pass_on", "SEA")


def test_work_of_another_agent_names_it_beside_the_best_of_ones_own() -> None:
    router = _router(TIDE, PILOT, hand_offs=(SEA,))
    assert router.route("A storm on the open sea") == Route(None, "SEA", 1.0)
    route = router.route("A storm on the open sea: who is our pilot?")
    assert (route.capability, route.hand_off) == ("find_pilot", "SEA")


def test_asking_for_a_hand_off_names_the_best_one() -> None:
    route = _router(TIDE, PASS_ON, hand_offs=(SEA,)).route("Pass this on to somebody else, there is a storm")
    assert (route.capability, route.hand_off) == ("pass_on", "SEA")


def test_asking_for_a_hand_off_to_nobody_names_none() -> None:
    route = _router(TIDE, PASS_ON, hand_offs=(SEA,)).route("Pass on to somebody else")
    assert (route.capability, route.hand_off) == ("pass_on", None)


def test_confidence_is_the_share_of_the_best_against_the_next() -> None:
    router = _router(TIDE, PILOT)
    assert router.route("tide").confidence == 1.0
    assert 0.5 <= router.route("tide pilot").confidence < 1.0
