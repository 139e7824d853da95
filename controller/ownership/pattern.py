"""One pattern of a CODEOWNERS file: what it means, as a regular expression compiled when it is first needed.

Follows GitHub's "About code owners" on top of gitignore's pattern format: case matters, a
slash anywhere but at the end anchors, a slash at the end means what lies inside a directory,
``*`` and ``?`` stop at slashes, ``**`` does not, and ``docs/*`` reaches files directly in it
only. Negation with ``!``, ranges with ``[ ]`` and a first ``\\#`` do not exist. No pattern can
make matching slow: each wildcard takes the first place that fits and never comes back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from controller.change.names import RepoPath
from controller.errors import InputError

_TOKEN = re.compile(r"\\.|\*+|\?|[^\\*?\[\]]", re.DOTALL)
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")
_FIXED = re.compile(r"[*?]")
_DEEP = "**"


@dataclass(frozen=True)
class Pattern:
    """A pattern that was understood; `text` is how the file spells it."""

    text: str
    segments: tuple[str, ...]
    """The parts between slashes, still escaped; ``**`` stands for any number of directories."""
    is_anchored: bool
    """True when the first segment is one of the repository's root."""

    def matches(self, path: RepoPath) -> bool:
        """Return whether the pattern covers the file at `path`."""
        return self._regex.fullmatch(path) is not None

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        # Most patterns of a long file are never tried against any path, and compiling is what takes the time.
        return re.compile(_source(self), re.DOTALL)


def compile_pattern(text: str) -> Pattern:
    """Return the meaning of `text`; `InputError` says what GitHub's syntax does not know."""
    _refuse_foreign_syntax(text)
    segments = text.removeprefix("/").removesuffix("/").split("/")
    if "" in segments:
        raise InputError("a pattern with nothing between two slashes matches no file")
    is_anchored = (text.startswith("/") or len(segments) > 1) and segments[0] != _DEEP
    return Pattern(text, tuple(segments), is_anchored)


def literal(segment: str) -> str | None:
    """Return the one name a segment stands for, or None when it has a wildcard."""
    return None if _WILD.search(segment) else re.sub(r"\\(.)", r"\1", segment, flags=re.DOTALL)


def ends(segment: str) -> tuple[str, str]:
    """Return what every name a segment with wildcards stands for begins and ends with; empty where that is open."""
    if "\\" in segment:
        return "", ""
    return _FIXED.split(segment, maxsplit=1)[0], _FIXED.split(segment)[-1]


def _refuse_foreign_syntax(text: str) -> None:
    if text.startswith("!"):
        raise InputError("negation with `!` does not work in CODEOWNERS")
    if text.startswith("\\#"):
        raise InputError("a pattern cannot start with an escaped `#` in CODEOWNERS")
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise InputError("ranges with `[ ]` do not work in CODEOWNERS, and a backslash needs a character behind it")
    if "\\/" in tokens:
        raise InputError("a slash cannot be escaped")
    if any(len(token) > 2 for token in tokens):
        raise InputError("more than two asterisks in a row have no meaning")


def _source(pattern: Pattern) -> str:
    """Return the regular expression; what lies between two ``**`` is a run of whole segments."""
    last_segment, is_directory, is_anchored = pattern.segments[-1], pattern.text.endswith("/"), pattern.is_anchored
    runs = _runs(pattern.segments)
    if not runs:
        return r"[^/]+/.+" if is_directory else r".+"
    if is_directory or last_segment == _DEEP:
        tail = r"/.+"
    elif last_segment == "*" and "/" in pattern.text:
        tail = ""
    else:
        tail = r"(?:/.+)?"
    *first, last = runs
    return "".join(_early(run, floats=bool(i) or not is_anchored) for i, run in enumerate(first)) + (
        _run(last, floats=bool(first) or not is_anchored) + tail
    )


def _runs(segments: Iterable[str]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment == _DEEP:
            runs.append([])
        else:
            runs[-1].append(segment)
    return [run for run in runs if run]


def _early(run: list[str], *, floats: bool) -> str:
    # Taking the first place that fits leaves the most for the rest, so there is no need to come back.
    return f"(?>{_run(run, floats=floats)}/)"


def _run(run: list[str], *, floats: bool) -> str:
    names = "/".join(_name(segment) for segment in run)
    return f"(?:[^/]+/)*?{names}" if floats else names


def _name(segment: str) -> str:
    if segment == "*":
        return "[^/]+"
    pieces = [""]
    for mark in _TOKEN.findall(segment):
        if mark.startswith("*"):
            pieces.append("")
        else:
            pieces[-1] += "[^/]" if mark == "?" else re.escape(mark[-1])
    first, *middle = pieces
    if not middle:
        return first
    last = middle.pop()
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + "[^/]*" + last
