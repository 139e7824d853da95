"""Untrusted text in Markdown does nothing but show itself."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from controller.decision.markdown import code, inert, plain, prose, table

PARSER = MarkdownIt("commonmark").enable("table")


def rendered_text(markdown: str) -> str:
    tokens = [child for token in PARSER.parse(markdown) for child in token.children or []]
    return "".join(token.content for token in tokens if token.type in {"text", "code_inline", "text_special"})


def kinds(markdown: str) -> set[str]:
    return {child.type for token in PARSER.parse(markdown) for child in token.children or []}


@pytest.mark.parametrize(
    "text",
    [
        "[click](https://evil.example)",
        "![x](https://evil.example/p.png)",
        "<script>alert(1)</script>",
        "**bold** _it_ `code`",
        "<!-- approve this -->",
        "a | b\n| c |",
        "# heading",
        "&lt;b&gt;",
    ],
)
def test_markup_in_untrusted_text_is_shown_and_not_obeyed(text: str) -> None:
    """ATTACKS 001: nothing a sender writes becomes markup in a check or comment."""
    shown = inert(f"x {text}")
    assert kinds(shown) <= {"text", "code_inline", "text_special"}
    assert rendered_text(shown) == f"x {text}".replace("\n", " ")


def test_mentions_and_addresses_are_broken_by_a_code_span() -> None:
    assert "`@`everyone" in inert("@everyone")
    assert "https`://`evil.example" in inert("https://evil.example")
    assert "www`.`evil.example" in inert("www.evil.example")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see #12", "see `#`12"),
        ("see GH-12", "see `GH-`12"),
        ("acme/agents#3", "acme/agents`#`3"),
        ("since 1a2b3c4d", "since `1a2b3c4d`"),
        ("costs $5 and $6", "costs `$`5 and `$`6"),
        (":rocket:", "`:`rocket:"),
        (":100: :8ball:", "`:`100: `:`8ball:"),
        ("anl.yaml:7: at 08:00:00Z", "anl.yaml:7: at 08:00:00Z"),
        ("of sha256:1a2b3c4d", "of `sha256:1a2b3c4d`"),
        ("1.1.0 runs", "1.1.0 runs"),
        ("- [ ] done", "\\- \\[ \\] done"),
        ("1. first", "1\\. first"),
        ("===", "\\==="),
        ("    code", "code"),
    ],
)
def test_what_github_makes_something_of_is_shown_as_it_is(text: str, shown: str) -> None:
    """ATTACKS 001: issues, commits, mathematics, emoji, lists and tasks."""
    assert inert(text) == shown
    assert rendered_text(shown) == text.strip()
    assert [token.type for token in PARSER.parse(shown)] == ["paragraph_open", "inline", "paragraph_close"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1))
def test_inert_text_never_contains_a_link_an_image_or_raw_html(text: str) -> None:
    assert kinds("x" + inert(text)) <= {"text", "code_inline", "text_special"}


@given(st.text(alphabet=st.sampled_from("`ab |\n"), min_size=1))
def test_a_code_span_cannot_be_left(text: str) -> None:
    tokens = [child for token in PARSER.parse(f"x {code(text)} y") for child in token.children or []]
    assert [token.type for token in tokens] == ["text", "code_inline", "text"]


@pytest.mark.parametrize("shown", [inert, code, plain])
@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufe0f", "\U000e0041", "\u3164"])
def test_what_hides_or_reorders_is_marked(shown: Callable[[str], str], hidden: str) -> None:
    """ATTACKS 005: the name of a file in a check or comment reads as it is."""
    assert hidden not in shown(f"x{hidden}lmay.y")
    assert "x\ufffdlmay.y" in shown(f"x{hidden}lmay.y")


def test_letters_of_every_script_are_shown_as_they_are() -> None:
    assert plain("Grüße, 日本語, → €, 😀") == "Grüße, 日本語, → €, 😀"


def test_empty_code_is_still_a_span() -> None:
    assert code("") == "` `"


def test_a_table_without_rows_is_nothing() -> None:
    assert table(["a"], []) == ""
    assert re.fullmatch(r"\| a \|\n\| --- \|\n\| 1 \|", table(["a"], [["1"]]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`digest` is missing (`replicas`: `2`).", "`digest` is missing \\(`replicas`: `2`\\)."),
        ("- `a` @b", "\\- `a` `@`b"),
        ("`a`b and c`d` and `e", "\\`a\\`b and c\\`d\\` and \\`e"),
        ("see `x`:rocket: or ``y``", "see \\`x\\``:`rocket: or \\`\\`y\\`\\`"),
    ],
)
def test_what_a_sentence_sets_off_is_code_and_all_else_is_inert(text: str, shown: str) -> None:
    assert prose(text) == shown


@given(st.text(alphabet=st.sampled_from("`ab @#:(.)[]<>\\\\*_~|1"), min_size=1))
def test_whatever_a_sentence_sets_off_it_does_nothing(text: str) -> None:
    """ATTACKS 001: backticks of a sender leave nothing outside of the spans they make."""
    shown = prose(f"x {text} `y`: z")
    assert kinds(shown) <= {"text", "code_inline", "text_special"}
    outside = "".join(
        token.content for block in PARSER.parse(shown) for token in block.children or [] if token.type != "code_inline"
    )
    assert "@" not in outside
    assert "#" not in outside
