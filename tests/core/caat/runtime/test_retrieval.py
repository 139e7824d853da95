"""Sections are found by what they say."""

import pytest

from controller.caat.runtime.retrieval import Knowledge, Relevance, Section, sections
from tests.core.caat.conftest import TIDES


def test_a_file_is_cut_at_its_headings() -> None:
    assert [(section.title, section.text) for section in sections("kb/tides.md", TIDES)] == [
        ("kb/tides.md", "The moon makes the tides."),
        ("High water", "High water comes twice a day, some fifty minutes later each day."),
        ("Low water", "Low water lies between two high waters."),
    ]


@pytest.mark.parametrize("line", ["#no space", "####### seven", "#", "text # in it"])
def test_what_only_looks_like_a_heading_is_text(line: str) -> None:
    assert [section.title for section in sections("a.md", line)] == ["a.md"]


def _knowledge(*texts: str) -> Knowledge:
    return Knowledge([Section("a.md", f"Part {number}", text) for number, text in enumerate(texts)])


def test_the_section_that_speaks_most_of_it_comes_first() -> None:
    found = _knowledge("boats and tides", "tides, tides and tides", "boats").search("tide", 5)
    assert [hit.section.title for hit in found] == ["Part 1", "Part 0"]
    assert found[0].score > found[1].score > 0


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    found = _knowledge("boat harbour", "boat pilot", "boat harbour", "boat harbour").search("boat pilot", 1)
    assert found[0].section.title == "Part 1"


def test_a_title_counts_as_text() -> None:
    knowledge = Knowledge([Section("a.md", "Pilots", "They steer."), Section("a.md", "Tugs", "They pull pilots.")])
    assert knowledge.search("pilot", 1)[0].section.title == "Pilots"


def test_no_more_than_the_limit_is_returned() -> None:
    assert len(_knowledge(*["tide"] * 9).search("tide", 3)) == 3


@pytest.mark.parametrize("question", ["", "the and of", "zeppelin"])
def test_a_question_that_shares_no_word_finds_nothing(question: str) -> None:
    assert _knowledge("tides").search(question, 3) == []


def test_nothing_known_is_nothing_found() -> None:
    assert Knowledge([]).search("tide", 3) == []


def test_a_score_does_not_depend_on_the_order_of_the_query() -> None:
    relevance = Relevance([{"tide": 1.0, "boat": 2.0}, {"boat": 1.0}])
    assert relevance.scores(["tide", "boat"]) == relevance.scores(["boat", "tide", "tide"])
