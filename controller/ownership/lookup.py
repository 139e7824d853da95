"""Which rule decides for a path, among thousands, without trying them all.

Every rule is filed under the rarest thing a path must have for it to match: a leading
directory, a name anywhere in it, or an ending. A path is tried only against the rules filed
under what it has, the last line first. The answer is the same as trying every rule.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller.change.names import RepoPath
from controller.ownership.owner import Owner
from controller.ownership.pattern import Pattern, literal


@dataclass(frozen=True, slots=True)
class Rule:
    """One line that counts: its pattern (None: every path) and its owners, empty to disown."""

    line: int
    pattern: Pattern | None
    owners: tuple[Owner, ...]

    def matches(self, path: RepoPath) -> bool:
        """Return whether this line speaks about `path`."""
        return self.pattern is None or self.pattern.matches(path)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Rules by what a path must have; in each drawer the last line comes first."""

    drawers: Mapping[str, tuple[Rule, ...]]

    def last_match(self, path: RepoPath) -> Rule | None:
        """Return the last rule that matches `path`, or None."""
        found: Rule | None = None
        for key in _keys_of_path(path):
            for rule in self.drawers.get(key, ()):
                if found is not None and rule.line < found.line:
                    break
                if rule.matches(path):
                    found = rule
                    break
        return found


def arrange(rules: Iterable[Rule]) -> Lookup:
    """Return a lookup over `rules`."""
    drawers: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        drawers[_key_of_rule(rule)].append(rule)
    return Lookup({key: tuple(sorted(filed, key=lambda rule: -rule.line)) for key, filed in drawers.items()})


# The first character keeps the kinds of key apart: "" every path, "/" a leading directory, "=" a name, "." an ending.


def _key_of_rule(rule: Rule) -> str:
    if rule.pattern is None:
        return ""
    names = [literal(segment) for segment in rule.pattern.segments]
    prefix = names[: names.index(None)] if None in names else names
    if rule.pattern.is_anchored and prefix:
        return "/" + "/".join(name for name in prefix if name is not None)
    known = [name for name in names if name is not None]
    if known:
        return "=" + max(known, key=len)
    endings = [_ending(segment) for segment in rule.pattern.segments]
    return max(endings, key=len, default="")


def _keys_of_path(path: RepoPath) -> Iterable[str]:
    names = path.split("/")
    prefix = ""
    yield ""
    for name in names:
        prefix = f"{prefix}/{name}"
        yield prefix
        yield "=" + name
        _, dot, ending = name.rpartition(".")
        if dot:
            yield "." + ending


def _ending(segment: str) -> str:
    """Return the last dot and what follows, when every name that matches the segment must end so."""
    tail = segment.rpartition("*")[2]
    _, dot, ending = tail.rpartition(".")
    return "" if not dot or "\\" in tail or "?" in ending else dot + ending
