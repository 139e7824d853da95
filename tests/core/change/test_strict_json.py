"""What other readers of JSON understand differently is not read."""

import pytest

from controller.change.strict_json import strict_json


def test_json_is_read() -> None:
    assert strict_json(b'{"a": [1, 2.5, null, {"a": true}]}') == {"a": [1, 2.5, None, {"a": True}]}


def test_integers_are_made_as_asked() -> None:
    assert strict_json("[1, 2.5]", parse_int=float) == [1.0, 2.5]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_a_key_stands_once(text: str) -> None:
    with pytest.raises(ValueError, match="twice"):
        strict_json(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_numbers_are_those_of_json(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        strict_json(text)
