"""semver.org 2.0.0: the form and the order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.desired_state.manifest import Version
from controller.desired_state.version import Precedence, version
from controller.errors import InputError

# Clause 11.4.4, and the numbers of clause 11.2 around it.
ORDERED = [
    *("0.9.10", "1.0.0-0", "1.0.0-1", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta"),
    *("1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-x-y-z.--", "2.0.0"),
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.combinations(ORDERED, 2)))
def test_precedence_follows_the_specification(lower: str, higher: str) -> None:
    one, other = Precedence(Version(lower)), Precedence(Version(higher))
    assert one < other
    assert other > one
    assert one != other


def test_build_metadata_has_no_precedence() -> None:
    one, other = Precedence(Version("1.0.0+a")), Precedence(Version("1.0.0+b.7"))
    assert one == other
    assert len({one, other}) == 1


def test_a_place_is_no_version() -> None:
    assert Precedence(Version("1.0.0")) != "1.0.0"


@pytest.mark.parametrize("text", [*ORDERED, "1.0.0+001", "1.0.0-alpha+exp.sha.5114f85", "999999999.0.0"])
def test_the_form_is_accepted(text: str) -> None:
    assert version(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "1.02.3",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3+a_b",
        ),
        *(" 1.2.3", "1.2.3\n", "1.2.-3", "\u0661.2.3", "1234567890.0.0", "1.0.0-" + "a" * 64, "latest"),
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    """ATTACKS 095."""
    with pytest.raises(InputError, match="semantic version"):
        version(text)


@given(
    st.lists(st.from_regex(r"\A[0-9]{1,2}\.[0-9]\.[0-9](-[a-z0-9]{1,3}(\.[a-z0-9]{1,2})?)?\Z"), min_size=3, max_size=3)
)
def test_the_order_is_total(texts: list[str]) -> None:
    try:
        one, two, three = (Precedence(version(text)) for text in texts)
    except InputError:
        return
    assert (one < two) + (one == two) + (one > two) == 1
    if one <= two <= three:
        assert one <= three
