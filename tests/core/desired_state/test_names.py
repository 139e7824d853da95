"""One spelling for each agent and environment."""

import pytest

from controller.desired_state.names import is_agent_code, is_environment_name


@pytest.mark.parametrize("text", ["ANL", "A1", "A" * 16])
def test_a_code_is_upper_case_and_short(text: str) -> None:
    assert is_agent_code(text)


@pytest.mark.parametrize("text", ["", "A", "anl", "1A", "A-B", "A" * 17, "ANL\n", "\u0410NL", "ENVIRONMENT"])
def test_no_other_text_is_a_code(text: str) -> None:
    """ATTACKS 093, 095."""
    assert not is_agent_code(text)


@pytest.mark.parametrize("text", ["development", "eu-west-1", "qa", "a" * 40])
def test_an_environment_is_lower_case_with_inner_hyphens(text: str) -> None:
    assert is_environment_name(text)


@pytest.mark.parametrize(
    "text", ["", "a", "Production", "1st", "a-", "-a", "a_b", "a" * 41, "prod\n", "pr\u043ed", "a/b"]
)
def test_no_other_text_is_an_environment(text: str) -> None:
    """ATTACKS 093, 095."""
    assert not is_environment_name(text)
