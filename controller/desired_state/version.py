"""Semantic versions (semver.org 2.0.0): their form and their precedence."""

import re
from functools import total_ordering

from controller.desired_state.manifest import Version
from controller.errors import InputError

_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_TAG = r"(?:0|[1-9][0-9]{0,8}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_LABEL = r"[0-9A-Za-z-]+"
SEMANTIC_VERSION = (
    rf"^({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_TAG}(?:\.{_TAG})*))?(?:\+({_LABEL}(?:\.{_LABEL})*))?$"
)
"""The form as a pattern, for the published schema too; numbers have at most nine digits."""
_LONGEST = 64


@total_ordering
class Precedence:
    """Where a version stands among others; build metadata does not count (clause 11)."""

    __slots__ = ("_place",)

    def __init__(self, text: Version) -> None:
        found = re.fullmatch(SEMANTIC_VERSION.strip("^$"), text, re.ASCII)
        if found is None:
            raise InputError(f"expected a semantic version such as 1.2.3, got {text[:80]!a}")
        major, minor, patch, tags, _ = found.groups()
        # Clause 11.4: numbers below words, fewer tags below more, and any tag below none.
        ranked = tuple((0, int(tag), "") if tag.isdigit() else (1, 0, tag) for tag in tags.split(".")) if tags else ()
        self._place = (int(major), int(minor), int(patch), not tags, ranked)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Precedence) and self._place == other._place

    def __lt__(self, other: "Precedence") -> bool:
        return self._place < other._place

    def __hash__(self) -> int:
        return hash(self._place)


def version(text: str) -> Version:
    """Return `text` as a version; `InputError` unless it has the form of semver.org 2.0.0."""
    if len(text) > _LONGEST:
        raise InputError(f"expected a semantic version of at most {_LONGEST} characters, got {len(text)}")
    Precedence(Version(text))
    return Version(text)
