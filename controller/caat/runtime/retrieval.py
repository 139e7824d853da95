"""Which passages of the knowledge answer a question: BM25 over headed sections.

Scores follow Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
Beyond" (2009), with the always positive inverse document frequency of Lucene. A section is
what stands under one Markdown heading; its title counts as part of its text, twice.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .words import stems

_HEADING = re.compile(r"#{1,6}[ \t]+(?P<title>\S.*?)[ \t#]*")
_SATURATION = 1.2
_LENGTH = 0.75
_TITLE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Section:
    """A passage of a knowledge file under its heading."""

    file: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that speaks of what was asked, and how much."""

    section: Section
    score: float


class Relevance:
    """Scores weighted bags of stems against a query."""

    def __init__(self, bags: Sequence[Mapping[str, float]]) -> None:
        self._bags = bags
        self._lengths = [sum(bag.values()) for bag in bags]
        self._mean = sum(self._lengths) / len(bags) if bags else 0.0
        occurrences = Counter(stem for bag in bags for stem in bag)
        self._rarity = {
            stem: math.log(1 + (len(bags) - count + 0.5) / (count + 0.5)) for stem, count in occurrences.items()
        }

    def scores(self, query: Iterable[str]) -> list[float]:
        """Return one score per bag, in their order; 0 where no stem is shared."""
        wanted = sorted(set(query) & self._rarity.keys())
        return [self._score(bag, length, wanted) for bag, length in zip(self._bags, self._lengths, strict=True)]

    def _score(self, bag: Mapping[str, float], length: float, wanted: Sequence[str]) -> float:
        room = _SATURATION * (1 - _LENGTH + _LENGTH * length / self._mean) if self._mean else 0.0
        counts = ((stem, bag.get(stem, 0.0)) for stem in wanted)
        return sum(self._rarity[stem] * count * (_SATURATION + 1) / (count + room) for stem, count in counts if count)


class Knowledge:
    """All sections an agent knows, ready to be searched."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections
        self._relevance = Relevance([_bag(section) for section in sections])

    def search(self, question: str, limit: int) -> list[Hit]:
        """Return at most `limit` sections that share a stem with `question`, best first."""
        scores = self._relevance.scores(stems(question))
        hits = [Hit(section, score) for section, score in zip(self._sections, scores, strict=True) if score > 0]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]


def sections(file: str, text: str) -> Iterator[Section]:
    """Yield the sections of one Markdown file; what stands before any heading is named after the file."""
    title, lines = file, list[str]()
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        yield from _section(file, title, lines)
        title, lines = heading["title"], []
    yield from _section(file, title, lines)


def _section(file: str, title: str, lines: Sequence[str]) -> Iterator[Section]:
    if text := "\n".join(lines).strip():
        yield Section(file, title, text)


def _bag(section: Section) -> Mapping[str, float]:
    bag = Counter[str]()
    bag.update(stems(section.text))
    weighted = {stem: float(count) for stem, count in bag.items()}
    for stem in stems(section.title):
        weighted[stem] = weighted.get(stem, 0.0) + _TITLE_WEIGHT
    return weighted
