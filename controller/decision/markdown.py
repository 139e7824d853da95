"""Untrusted text in GitHub's Markdown, made inert: no links, mentions, images or markup.

GitHub turns ``@name``, ``#1`` and addresses into links after Markdown is rendered, so a
backslash does not stop it; it leaves code spans alone, so the trigger is put into one.
Specification: GitHub Flavored Markdown, sections 2.4 (backslash escapes) and 6.3 (code spans).
"""

import re
from collections.abc import Iterable, Sequence

from controller.change.characters import is_unseen

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()+!|~&])")
_TRIGGER = re.compile(
    r"((?:@|#|\$|://|(?<=www)\.|:(?=(?!(?!100:|1234:)[0-9]+:)[\w+\\-]+:)"
    r"|\b[Gg][Hh]-(?=[0-9])|\b(?:sha256:)?[0-9a-f]{7,64}\b)+)",
    re.ASCII,
)
"""What GitHub makes something of in rendered text: mentions, issues, mathematics, addresses, emoji, commits.

Of the emoji whose names are numbers there are two; other numbers between colons are times and lines of files.
"""
_BLOCK = re.compile(r"^([-=]|[0-9]{1,9}(?=[.](?:\s|$)))")
"""What would begin a list or a heading at the start of a line."""
_SPAN = re.compile(r"(?<![^\s(])`([^`]+)`(?=[.,;)]|:?(?:\s|$))")
"""A word set off by backticks, with nothing beside it that could join it to another code span."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNSEEN = "\ufffd"


def plain(text: str) -> str:
    """Return `text` on one line, without what cannot be shown, for a place that knows no Markdown.

    What nobody would see, or would reorder the rest, is marked as such.
    """
    line = _UNPRINTABLE.sub(" ", text)
    return line if line.isascii() else "".join(_UNSEEN if is_unseen(letter) else letter for letter in line)


def inert(text: str) -> str:
    """Return `text` so that it shows as itself on one line and does nothing else."""
    return _beginning_nothing(_without_markup(plain(text).strip(" ")))


def prose(text: str) -> str:
    """Return a sentence as inert as `inert` does, but with what it puts between single backticks as code."""
    pieces = _SPAN.split(plain(text).strip(" "))
    shown = [code(piece) if index % 2 else _without_markup(piece) for index, piece in enumerate(pieces)]
    return _beginning_nothing("".join(shown))


def _without_markup(text: str) -> str:
    return _TRIGGER.sub(r"`\1`", _MARKUP.sub(r"\\\1", text))


def _beginning_nothing(shown: str) -> str:
    return _BLOCK.sub(lambda start: f"\\{start[1]}" if start[1] in "-=" else f"{start[1]}\\", shown)


def code(text: str) -> str:
    """Return `text` as a code span that it cannot leave, also inside a table."""
    shown = plain(text).replace("|", "\u2502") or " "
    runs = [len(run) for run in re.findall(r"`+", shown)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are Markdown already; empty without rows."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_row(header), _row(["---"] * len(header)), *lines])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
