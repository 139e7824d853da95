"""Words that mean one thing have one stem."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.caat.runtime.words import stem, stems

FAMILIES = [
    "project projects projected projecting projection projections",
    "calculate calculates calculated calculating calculation calculator",
    "plan plans planned planning planner",
    "allocate allocation allocating",
    "optimize optimise optimization optimisation optimal",
    "analyze analyse analysis analyses analytics analytical analyst",
    "strategy strategies strategic",
    "measure measures measurement measuring",
    "study studies studied",
    "ready readiness",
    "model modeling modelling models",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_one_family_has_one_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize("words", ["bus business", "test text", "rate ratio", "seed speed", "cross across"])
def test_different_words_stay_apart(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == len(words.split())


def test_words_that_only_carry_grammar_are_left_out() -> None:
    assert stems("What is the reach of it?") == ["reach"]


def test_case_compatibility_forms_and_camel_case_do_not_matter() -> None:
    assert stems("RunScenario ＲＥＡＣＨ run_scenario") == ["run", "scenario", "reach", "run", "scenario"]


def test_figures_are_words_too() -> None:
    assert stems("500K euros, 12 weeks") == ["500k", "euro", "12", "week"]


@given(st.text(max_size=60))
def test_any_text_has_stems_without_spaces(text: str) -> None:
    assert all(word and not word.isspace() and word == word.strip() for word in stems(text))


@given(st.from_regex(r"[a-z]{4,20}", fullmatch=True))
def test_a_stem_is_never_empty_and_never_much_longer_than_its_word(word: str) -> None:
    assert 0 < len(stem(word)) <= len(word)
