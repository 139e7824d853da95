"""What a reviewer cannot see has no place in a governed text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.characters import is_unseen, shown, spelled, unseen_characters

UNSEEN = {
    "null": "\x00",
    "escape": "\x1b",
    "delete": "\x7f",
    "carriage-return": "\r",
    "next-line": "\x85",
    "no-break-space": "\xa0",
    "soft-hyphen": "\xad",
    "grapheme-joiner": "\u034f",
    "hangul-filler": "\u3164",
    "mongolian-selector": "\u180b",
    "zero-width-space": "\u200b",
    "zero-width-joiner": "\u200d",
    "right-to-left-mark": "\u200f",
    "line-separator": "\u2028",
    "paragraph-separator": "\u2029",
    "right-to-left-override": "\u202e",
    "isolate": "\u2066",
    "word-joiner": "\u2060",
    "braille-blank": "\u2800",
    "ideographic-space": "\u3000",
    "private-use": "\ue000",
    "variation-selector": "\ufe0f",
    "byte-order-mark": "\ufeff",
    "noncharacter": "\uffff",
    "surrogate": "\udc80",
    "tag-letter": "\U000e0041",
    "variation-selector-17": "\U000e0100",
    "unassigned": "\U000dffff",
}


@pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN)
def test_invisible_and_reordering_characters_are_found_where_they_stand(character: str) -> None:
    """ATTACKS 005."""
    assert list(unseen_characters(f"ab{character}c")) == [(2, character)]


def test_ordinary_text_of_any_script_is_fine() -> None:
    assert (
        list(unseen_characters("Tab\there, line\nfeed, Gr\u00fc\u00dfe, \u65e5\u672c\u8a9e, \u0440, \U0001f600")) == []
    )


@given(st.text(st.characters(codec="ascii")))
def test_of_ascii_only_control_characters_are_refused(text: str) -> None:
    expected = [offset for offset, letter in enumerate(text) if not letter.isprintable() and letter not in "\t\n"]
    assert [offset for offset, _ in unseen_characters(text)] == expected


@given(st.characters())
def test_whatever_python_would_escape_is_unseen(character: str) -> None:
    if not character.isprintable() and character not in "\t\n":
        assert is_unseen(character)


def test_a_character_is_named_by_its_code_point() -> None:
    assert spelled("\u202e") == "U+202E RIGHT-TO-LEFT OVERRIDE"
    assert spelled("\x07") == "U+0007"


@given(st.text())
def test_what_is_shown_is_short_printable_ascii(text: str) -> None:
    assert shown(text).isascii()
    assert shown(text).isprintable()
    assert len(shown(text)) <= 660


def test_what_is_shown_says_when_it_was_cut() -> None:
    assert shown("x" * 61) == "'" + "x" * 60 + "...'"
    assert shown("x" * 60) == "'" + "x" * 60 + "'"
