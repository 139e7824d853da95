"""Cutting lists into pages with GitHub's `page`, `per_page` and Link header (docs "Using pagination")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """One page of a list."""

    items: Sequence[_Item]
    number: int
    last: int
    size: int

    def link_header(self, url: str, query: Mapping[str, str]) -> str:
        """Return the Link header, empty when there is only one page."""
        targets: dict[str, int] = {}
        if self.number > 1:
            targets = {"prev": min(self.number - 1, self.last), "first": 1}
        if self.number < self.last:
            targets = {**targets, "next": self.number + 1, "last": self.last}
        return ", ".join(
            f'<{url}?{urlencode({**query, "page": str(number)})}>; rel="{relation}"'
            for relation, number in targets.items()
        )


def page_of(query: Mapping[str, str], items: Sequence[_Item], *, default: int = 30, largest: int = 100) -> Page[_Item]:
    """Return the page a query asks for; nonsense counts as the default, as on GitHub."""
    size = min(_positive(query.get("per_page"), default), largest)
    number = _positive(query.get("page"), 1)
    last = max((len(items) + size - 1) // size, 1)
    return Page(items[(number - 1) * size : number * size], number, last, size)


def _positive(value: str | None, default: int) -> int:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 9:
        return default
    return int(value) or default
