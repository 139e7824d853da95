"""An answer is what the knowledge says, with its source, or says that there is none."""

from collections.abc import Mapping

import pytest

from controller.caat.definition import AgentDefinition, read_release
from controller.caat.runtime.agent import Agent
from controller.caat.runtime.answering import Respondent


@pytest.fixture
def respondent(files: Mapping[str, bytes]) -> Respondent:
    return _respondent(files)


def _respondent(files: Mapping[str, bytes]) -> Respondent:
    found = read_release(files)
    assert isinstance(found, AgentDefinition)
    agent = Agent(
        found.code,
        found.name,
        found.description,
        found.version,
        "development",
        "sha256:0",
        found.capabilities,
        found.hand_offs,
        found.knowledge,
    )
    return Respondent(agent, {path: files[path].decode() for path in found.knowledge})


def test_an_answer_is_a_passage_with_its_source(respondent: Respondent) -> None:
    answer = respondent.invoke("When is high water?")
    assert answer.capability == "tell_tide"
    assert answer.answer.startswith("High water: High water comes twice a day, some fifty minutes later")
    assert (answer.sources[0].file, answer.sources[0].section) == ("kb/tides.md", "High water")
    assert answer.sources[0].score > 0
    assert answer.hand_off is None


def test_nothing_known_is_said_so(respondent: Respondent) -> None:
    answer = respondent.invoke("Zeppelins?")
    assert answer.answer == "The knowledge of TST says nothing about this."
    assert (answer.capability, answer.sources, answer.confidence) == (None, (), 0.0)


def test_a_hand_off_says_to_whom_and_why(respondent: Respondent) -> None:
    answer = respondent.invoke("A storm on the open sea")
    assert answer.answer == "This is for SEA: The ship has left the harbour."
    assert (answer.capability, answer.hand_off) == ("find_pilot", "SEA")


def test_passages_far_worse_than_the_best_are_left_out(respondent: Respondent) -> None:
    answer = respondent.invoke("How many minutes later is high water each day?")
    assert [source.section for source in answer.sources] == ["High water"]


def test_a_capability_may_be_named(respondent: Respondent) -> None:
    answer = respondent.perform("find_pilot", "When is high water?")
    assert (answer.capability, answer.hand_off, answer.confidence) == ("find_pilot", None, 0.0)
    assert answer.sources[0].section == "High water"


def test_a_named_capability_that_fits_keeps_its_confidence_and_hand_off(respondent: Respondent) -> None:
    assert respondent.perform("tell_tide", "When is high water?") == respondent.invoke("When is high water?")
    assert respondent.perform("find_pilot", "A storm on the open sea").hand_off == "SEA"


def test_a_long_passage_ends_with_a_sentence(files: Mapping[str, bytes]) -> None:
    text = "# Pilots\n\n" + "A pilot steers ships. " * 100
    answer = _respondent({**files, "kb/pilots.md": text.encode()}).invoke("pilot")
    assert len(answer.answer) < 1000
    assert answer.answer.endswith("ships.")


def test_a_long_passage_without_sentences_is_cut(files: Mapping[str, bytes]) -> None:
    text = "# Pilots\n\n" + "pilot " * 400
    answer = _respondent({**files, "kb/pilots.md": text.encode()}).invoke("pilot")
    assert len(answer.answer) < 1000
    assert answer.answer.endswith(" ...")
