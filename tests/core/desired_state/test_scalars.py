"""One rule for plain scalars that YAML 1.1 and 1.2 agree on."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller.desired_state.scalars import LARGEST_INTEGER, Ambiguous, plain_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-0", 0),
        ("42", 42),
        ("-7", -7),
        (str(LARGEST_INTEGER), LARGEST_INTEGER),
        ("0.1", 0.1),
        ("-12.50", -12.5),
        ("INFO", "INFO"),
        ("7.0.2", "7.0.2"),
        ("1.0.0-rc.1+build.5", "1.0.0-rc.1+build.5"),
        ("gpt-4o", "gpt-4o"),
        ("no-reply", "no-reply"),
        ("offline", "offline"),
        ("sha256:00", "sha256:00"),
        ("12 apples", "12 apples"),
        ("-", "-"),
        ("10.0.0.1/8", "10.0.0.1/8"),
        ("2h", "2h"),
    ],
)
def test_what_every_reader_understands_alike_has_a_value(text: str, value: object) -> None:
    found = plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


YAML_1_1: Any = yaml.SafeLoader("")

AMBIGUOUS = [
    *("~", "=", "<<", "Null", "NULL", "True", "TRUE", "False", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON"),
    *(
        "off",
        "Off",
        "OFF",
        "y",
        "Y",
        "n",
        "N",
        "012",
        "0o14",
        "0x1F",
        "0X1f",
        "0b101",
        "+1",
        "-012",
        "1_000",
        "190:20:30",
    ),
    *(
        "1:30",
        "-1:30",
        "1:30.5",
        "1e5",
        "1E5",
        "1.0e5",
        "1.5e+3",
        ".5",
        "-.5",
        "+1.0",
        "1.",
        "01.5",
        "._1",
        ".inf",
        "-.inf",
    ),
    *("+.INF", ".Inf", ".nan", ".NaN", ".NAN", "2026-01-01", "2026-1-1", "2026-12-24T00:00:00Z"),
]


@pytest.mark.parametrize("text", [*AMBIGUOUS, "", "2001-12-14 21:59:43.10 -5"])
def test_what_readers_understand_differently_has_none(text: str) -> None:
    """ATTACKS 124, 125."""
    found = plain_scalar(text)
    assert isinstance(found, Ambiguous)
    assert found.remedy


@pytest.mark.parametrize(
    "text", [str(LARGEST_INTEGER + 1), str(-LARGEST_INTEGER - 1), "9" * 5000, "0." + "1" * 5000, "1" * 400 + ".0"]
)
def test_numbers_that_cannot_be_held_exactly_have_none(text: str) -> None:
    """ATTACKS 129."""
    found = plain_scalar(text)
    assert isinstance(found, Ambiguous)
    assert "number" in found.reason


@given(st.text(st.sampled_from("0123456789.-+eExXoOb_:yYnNtTfFalsruRnI~=< TZ"), max_size=10) | st.text(max_size=10))
def test_text_is_text_to_another_reader_too(text: str) -> None:
    """PyYAML's own resolver, of YAML 1.1, is the second opinion; no plain scalar is `&`, `*` or `!` alone."""
    if isinstance(found := plain_scalar(text), str) and text not in ("&", "*", "!"):
        assert found == text
        assert YAML_1_1.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"


@given(st.integers(-LARGEST_INTEGER, LARGEST_INTEGER))
def test_every_integer_json_can_hold_is_read(number: int) -> None:
    assert plain_scalar(str(number)) == number


@given(st.decimals(-1000, 1000, places=4))
def test_every_decimal_is_read_as_json_reads_it(number: object) -> None:
    assert plain_scalar(str(number)) == float(str(number))
