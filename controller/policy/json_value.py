"""Reading a JSON value strictly, with the place of every fault.

Each function takes a value and its place (``findings[2].params``) and returns it typed, or
raises `PolicyError` saying what was expected there and what was found. What the members
mean is their reader's business.
"""

import re
from collections.abc import Collection, Hashable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from controller.change.moments import can_be_told
from controller.errors import PolicyError

Item = TypeVar("Item", bound=Hashable)

_MANY = 20_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_SHOWN = 80


def fields(raw: object, place: str, names: set[str] | None = None) -> dict[str, object]:
    """Return an object; with `names`, exactly these members and no other."""
    if isinstance(raw, dict) and raw.keys() == names:
        return raw
    if not isinstance(raw, dict) or not all(isinstance(name, str) for name in raw):
        raise PolicyError(f"expected an object at {place}, got {_kind(raw)}")
    if names is not None:
        raise _other_members(raw, place, names)
    return raw


def array(raw: object, place: str) -> list[tuple[str, object]]:
    """Return the items of an array, each with its own place."""
    if not isinstance(raw, list):
        raise PolicyError(f"expected an array at {place}, got {_kind(raw)}")
    if len(raw) > _MANY:
        raise PolicyError(f"expected at most {_MANY} items at {place}, got {len(raw)}")
    return [(f"{place}[{index}]", item) for index, item in enumerate(raw)]


def text(raw: object, place: str, pattern: re.Pattern[str] | None = None, *, longest: int = 200) -> str:
    """Return one line of visible text, not blank, that matches `pattern` in full."""
    if not isinstance(raw, str):
        raise PolicyError(f"expected a string at {place}, got {_kind(raw)}")
    if not raw.strip():
        raise PolicyError(f"expected text at {place}, got a blank string")
    if len(raw) > longest:
        raise PolicyError(f"expected at most {longest} characters at {place}, got {len(raw)}")
    if not raw.isprintable():
        hidden = next(letter for letter in raw if not letter.isprintable())
        raise PolicyError(f"expected visible characters only at {place}, got U+{ord(hidden):04X}")
    if pattern is not None and pattern.fullmatch(raw) is None:
        raise PolicyError(f"expected text of the form {pattern.pattern} at {place}, got {raw[:_SHOWN]!a}")
    return raw


def member(raw: object, place: str, choices: Collection[str]) -> str:
    """Return a string that is one of `choices`."""
    if not isinstance(raw, str):
        raise PolicyError(f"expected a string at {place}, got {_kind(raw)}")
    if raw not in choices:
        raise PolicyError(f"expected one of {', '.join(choices)} at {place}, got {raw[:_SHOWN]!a}")
    return raw


def whole_number(raw: object, place: str, least: int, most: int) -> int:
    """Return an integer between `least` and `most`; 1.0 and true are none."""
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise PolicyError(f"expected a whole number at {place}, got {_kind(raw)}")
    if not least <= raw <= most:
        raise PolicyError(f"expected a number from {least} to {most} at {place}, got another")
    return raw


def instant(raw: object, place: str) -> datetime:
    """Return a time in RFC 3339, in UTC, that can be told in every zone."""
    stated = text(raw, place)
    if _INSTANT.fullmatch(stated) is None:
        raise PolicyError(f"expected an RFC 3339 time at {place}, got {stated[:_SHOWN]!a}")
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError as error:
        raise PolicyError(f"expected an RFC 3339 time at {place}, got {stated!a}: {error}") from error
    if not can_be_told(moment):
        raise PolicyError(f"expected an RFC 3339 time from 1970 to 2261 at {place}, got {stated!a}")
    return moment.astimezone(UTC)


def distinct(items: Sequence[Item], place: str) -> Sequence[Item]:
    """Return `items` when no two are equal."""
    seen: set[Item] = set()
    for index, item in enumerate(items):
        if item in seen:
            raise PolicyError(f"expected distinct items at {place}, got {place}[{index}] a second time")
        seen.add(item)
    return items


def _other_members(raw: dict[str, object], place: str, names: set[str]) -> PolicyError:
    """Return what is wrong with an object whose members are others than `names`."""
    missing, unknown = sorted(names - raw.keys()), sorted(raw.keys() - names)
    if missing:
        return PolicyError(f"expected `{missing[0]}` at {place}, got an object without it")
    return PolicyError(f"expected only known members at {place}, got {unknown[0][:_SHOWN]!a}")


def _kind(raw: object) -> str:
    match raw:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "no JSON value"
