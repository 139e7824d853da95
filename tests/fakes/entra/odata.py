"""The part of OData that the stand-in understands: `$filter`, `$select` and pages.

Follows Microsoft Graph "Use query parameters" and "Advanced query capabilities on Microsoft Entra ID objects".
Comparisons of text ignore case, as Entra's do. What is not understood is refused, never guessed.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from tests.fakes.entra.https import Answer

Item = Mapping[str, object]
Test = Callable[[Item], bool]

_TEXT = r"'((?:[^']|'')*)'"
_EQUAL = re.compile(rf"([A-Za-z0-9_/]+) eq (?:{_TEXT}|(true|false))")
_IN = re.compile(r"([A-Za-z0-9_/]+) in \((.*)\)")
_ANY = re.compile(rf"([A-Za-z0-9_]+)/any\((\w+):\2 eq {_TEXT}\)")
MOST_IN = 15
"""So many values does `in` take."""


class NotUnderstoodError(ValueError):
    """A filter the stand-in (or Graph) does not take."""


def filter_of(text: str) -> Test:
    """Return the test that a `$filter` of comparisons joined by `or` is."""
    tests = [_comparison(part.strip()) for part in text.split(" or ")]
    return lambda item: any(test(item) for test in tests)


def selected(item: Item, names: str | None) -> dict[str, object]:
    """Return an item with the properties that `$select` names, and its id."""
    if names is None:
        return dict(item)
    wanted = {"id", *names.split(",")}
    return {name: value for name, value in item.items() if name in wanted or name.startswith("@")}


def page(items: Sequence[object], size: int, start: int, link: str, **more: object) -> Answer:
    """Return one page, and where the next one is."""
    rest = {"@odata.nextLink": f"{link}{start + size}"} if start + size < len(items) else {}
    return Answer({**more, **rest, "value": list(items[start : start + size])})


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    """Return an error as Microsoft Graph words them."""
    return Answer({"error": {"code": code, "message": message, "innerError": {}}}, status, headers)


def _comparison(text: str) -> Test:
    if equal := _EQUAL.fullmatch(text):
        name, said, truth = equal.groups()
        wanted: object = truth == "true" if said is None else said.replace("''", "'").lower()
        return lambda item: _plain(_at(item, name)) == wanted
    if among := _IN.fullmatch(text):
        values = [said.replace("''", "'").lower() for said in re.findall(_TEXT, among[2])]
        if len(values) > MOST_IN:
            raise NotUnderstoodError(f"Too many values in `in`: {len(values)}")
        return lambda item: _plain(_at(item, among[1])) in values
    if some := _ANY.fullmatch(text):
        wanted = some[3].replace("''", "'").lower()
        return lambda item: any(_plain(one) == wanted for one in _list(_at(item, some[1])))
    raise NotUnderstoodError(f"Invalid filter clause: {text[:100]}")


def _at(item: Item, name: str) -> object:
    value: object = item
    for part in name.split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _plain(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
