"""Text as the stems that retrieval and routing compare.

Words are folded to lower case, stripped of what only carries grammar, and cut to a light
stem: "projections", "projected" and "project" are one. A light stemmer errs on the side of
leaving words apart; it never needs a dictionary.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_GRAMMAR = frozenset(
    _WORD.findall(
        """
        a about after all also am an and any are as at be been before being both but by can could did do does doing
        each for from get give had has have having he help her here hers him his how i if in into is it its just let
        like me more most my need no nor not now of off on once one only or other our ours out over own please s same
        she should show so some such t tell than that the their theirs them then there these they this those through
        to too under until up us using very want was we were what when where which while who whom why will with would
        you your yours
        """
    )
)

# Longest first; a suffix is cut only when at least three letters remain, and replaced by what stands beside it.
_SUFFIXES = (
    ("isation", ""),
    ("ization", ""),
    ("ically", ""),
    ("ating", ""),
    ("ation", ""),
    ("ement", ""),
    ("iness", "y"),
    ("ising", ""),
    ("izing", ""),
    ("ator", ""),
    ("ated", ""),
    ("ised", ""),
    ("ized", ""),
    ("ment", ""),
    ("ness", ""),
    ("ate", ""),
    ("gic", "gy"),
    ("ied", "y"),
    ("ies", "y"),
    ("ing", ""),
    ("ion", ""),
    ("ise", ""),
    ("ize", ""),
    ("al", ""),
    ("ed", ""),
    ("er", ""),
    ("ly", ""),
    ("e", ""),
)
_IRREGULAR = re.compile(r"(?:yses|ysis|yzes|yzed|yzing|yze|yse|ytics|ytical|ytic|yst|ysts)$")
_SHORTEST = 4


def stems(text: str) -> list[str]:
    """Return the stems of `text` in order, without the words that only carry grammar."""
    return [stem(word) for word in _words(text) if word not in _GRAMMAR]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the light stem of one lower-case word."""
    if not word.isalpha() or len(word) < _SHORTEST:
        return word
    if (irregular := _IRREGULAR.sub("y", word)) != word:
        return irregular
    longer, shorter = word, _cut(_cut_plural(word))
    while shorter != longer:
        longer, shorter = shorter, _cut(shorter)
    return shorter


def _words(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", _CAMEL.sub(" ", text))
    return (match.group().casefold() for match in _WORD.finditer(folded))


def _cut_plural(word: str) -> str:
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > _SHORTEST
    return word[:-1] if is_plural and not word.endswith("ies") else word


def _cut(word: str) -> str:
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST - 1:
            return _undoubled(word[: -len(suffix)] + replacement)
    return word


def _undoubled(word: str) -> str:
    is_doubled = len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] not in "aeious"
    return word[:-1] if is_doubled else word
