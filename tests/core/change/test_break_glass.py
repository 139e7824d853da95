"""What a body must say to ask for break-glass, and what is a fault by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.break_glass import BreakGlass, MalformedBreakGlass, break_glass_in

TICKET = "Break-glass-ticket: INC-4711"
REASON = "Break-glass-reason: it answers with other people's data"
GOOD = BreakGlass("it answers with other people's data", "INC-4711")


@pytest.mark.parametrize(
    "body",
    [
        f"{REASON}\n{TICKET}",
        f"Hello\r\n\r\n{TICKET}\r\n{REASON}\r\nThe end",
        f"  {REASON.upper().replace(REASON.upper()[20:], REASON[20:])}  \n\t{TICKET.lower().replace('inc', 'INC')}",
    ],
)
def test_two_lines_anywhere_in_the_body_ask(body: str) -> None:
    assert break_glass_in(body) == GOOD


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (None, "reason:` in the body, got none"),
        (TICKET, "reason:` in the body, got none"),
        (REASON, "ticket:` in the body, got none"),
        (f"{REASON}\n{TICKET}\n{REASON}", "reason:` in the body, got 2 of them"),
        (f"> {REASON}\n{TICKET}", "got none"),
        (f"Break-glass-rea\u017fon: urgent\n{TICKET}", "reason:` in the body, got none"),
        (f"{REASON}\nBreak-glass-tic\u212aet: INC-4711", "ticket:` in the body, got none"),
        (f"Break-glass-reason:\n{TICKET}", "says nothing"),
        (f"Break-glass-reason: ...\n{TICKET}", "says nothing"),
        (f"Break-glass-reason: {'x' * 301}\n{TICKET}", "301 characters"),
        (f"Break-glass-reason: a\tb\n{TICKET}", "U+0009"),
        (f"{REASON}\nBreak-glass-ticket:", "The ticket is an id"),
        (f"{REASON}\nBreak-glass-ticket: https://example.com/1", "no address"),
        (f"{REASON}\nBreak-glass-ticket: INC 1", "The ticket is an id"),
        (f"{REASON}\nBreak-glass-ticket: -1", "The ticket is an id"),
        (f"{REASON}\nBreak-glass-ticket: {'1' * 41}", "at most 40"),
        (f"{REASON}\nBreak-glass-ticket: \u0661\u0662", "The ticket is an id"),
    ],
)
def test_anything_else_is_a_fault_by_name(body: str | None, fault: str) -> None:
    found = break_glass_in(body)
    assert isinstance(found, MalformedBreakGlass)
    assert fault in found.fault


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\U000e0041", "\ufe0f", "\u3164", "\x00", "\u2028", "\u00a0"])
def test_what_nobody_can_see_is_refused(hidden: str) -> None:
    """ATTACKS 005."""
    found = break_glass_in(f"Break-glass-reason: ur{hidden}gent\n{TICKET}")
    assert isinstance(found, MalformedBreakGlass)
    assert f"U+{ord(hidden):04X}" in found.fault


@given(st.text(max_size=200))
def test_whatever_comes_out_is_one_visible_line(text: str) -> None:
    found = break_glass_in(f"Break-glass-reason: {text}\n{TICKET}")
    if isinstance(found, BreakGlass):
        assert found.reason.isprintable()
        assert found.ticket == "INC-4711"
