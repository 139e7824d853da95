"""Which rule decides for a path, among thousands, without trying them all.

Every rule is filed under the rarest thing a path must have for it to match: a leading
directory, a name anywhere in it, or the beginning or ending of a name. A path is tried only against the rules filed
under what it has, the last line first. The answer is the same as trying every rule.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from controller.change.names import RepoPath
from controller.ownership.owner import Owner
from controller.ownership.pattern import Pattern, ends, literal


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
    lengths: Mapping[str, tuple[int, ...]]
    """How long the beginnings and the endings of names are that rules are filed under."""

    def last_match(self, path: RepoPath) -> Rule | None:
        """Return the last rule that matches `path`, or None."""
        found: Rule | None = None
        for key in _keys_of_path(path, self.lengths):
            for rule in self.drawers.get(key, ()):
                if found is not None and rule.line < found.line:
                    break
                if rule.matches(path):
                    found = rule
                    break
        return found


def arrange(rules: Iterable[Rule]) -> Lookup:
    """Return a lookup over `rules`."""
    choices = [(rule, _keys_of_rule(rule)) for rule in rules]
    frequency = Counter(key for _, keys in choices for key in keys)
    drawers: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule, keys in choices:
        drawers[min(keys, key=lambda key: (frequency[key], -len(key)), default="")].append(rule)
    return Lookup(
        {key: tuple(sorted(filed, key=lambda rule: -rule.line)) for key, filed in drawers.items()},
        {kind: tuple({len(key) - 1 for key in drawers if key.startswith(kind)}) for kind in (_HEAD, _TAIL)},
    )


# The first character keeps the kinds of key apart; the key of what every path has is empty.
_FOLDER, _NAME, _HEAD, _TAIL = "/", "=", "<", ">"


def _keys_of_rule(rule: Rule) -> set[str]:
    """Return everything that a path must have for the rule to match it."""
    if rule.pattern is None:
        return set()
    keys = set()
    names = [literal(segment) for segment in rule.pattern.segments]
    prefix = names[: names.index(None)] if None in names else names
    if rule.pattern.is_anchored and prefix:
        keys.add(_FOLDER + "/".join(name for name in prefix if name is not None))
    for name, segment in zip(names, rule.pattern.segments, strict=True):
        if name is not None:
            keys.add(_NAME + name)
        else:
            head, tail = ends(segment)
            keys |= {_HEAD + head} if head else set()
            keys |= {_TAIL + tail} if tail else set()
    return keys


def _keys_of_path(path: RepoPath, lengths: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    prefix = ""
    yield ""
    for name in path.split("/"):
        prefix = f"{prefix}/{name}"
        yield prefix
        yield _NAME + name
        for length in lengths[_HEAD]:
            yield _HEAD + name[:length]
        for length in lengths[_TAIL]:
            yield _TAIL + name[-length:]
