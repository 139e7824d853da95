"""JSON in which nothing means two things: no key twice in an object, no number that JSON does not have."""

import json
from collections.abc import Callable


def strict_json(content: str | bytes, parse_int: Callable[[str], int | float] = int) -> object:
    """Return the value of `content`, its integers made by `parse_int`.

    Raises `ValueError` for what is no such JSON, `RecursionError` for what is nested too deep to be read.
    """
    value: object = json.loads(content, object_pairs_hook=_distinct, parse_constant=_refused, parse_int=parse_int)
    return value


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
