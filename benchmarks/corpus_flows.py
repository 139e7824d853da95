"""What a flow does, when all there is of it is its name: words from the agent's own texts.

Each statement of the instructions and each heading of the knowledge is given to the flow
whose name it shares most with; the words that set a flow's statements apart from those of
the others become its keywords. Test inputs play no part.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.caat.runtime.words import stems

_HEADING = re.compile(r"(?:SECTION \d+ *[-:] *|\d+ +)?[A-Z][A-Z0-9 ,&/()'-]{3,79}")
_FILE_TOPIC = re.compile(r"(?:[A-Z]+_)*KB_(?P<topic>.+?)_v[0-9.]+(?:\.txt)?")
_MOST_KEYWORDS = 12


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow as its agent's texts tell it."""

    label: str
    name: str
    description: str
    keywords: tuple[str, ...]


def describe_flows(code: str, labels: Sequence[str], instructions: str, knowledge: Mapping[str, str]) -> list[Flow]:
    """Return a description of each of `labels` from the texts of the agent `code`."""
    names = {label: _words_of(code, label) for label in labels}
    weights = _rarity([set(stems(" ".join(words))) for words in names.values()])
    told: dict[str, list[str]] = defaultdict(list)
    for statement in [*_statements(instructions), *_headings(knowledge)]:
        owner = _owner(statement, names, weights)
        if owner is not None:
            told[owner].append(statement)
    spread = Counter(stem for label in labels for stem in {stem for text in told[label] for stem in stems(text)})
    return [_flow(label, names[label], told[label], spread, len(labels)) for label in labels]


def is_heading(line: str) -> bool:
    """Return whether a line of plain text is a heading: short, and all in capitals."""
    return _HEADING.fullmatch(line.strip()) is not None


def _words_of(code: str, label: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", label.removeprefix(f"{code}_"))
    return spaced.lower().split()


def _rarity(sets: Sequence[set[str]]) -> Mapping[str, float]:
    counts = Counter(stem for words in sets for stem in words)
    return {stem: math.log(1 + len(sets) / count) for stem, count in counts.items()}


def _statements(instructions: str) -> Iterator[str]:
    for line in instructions.splitlines():
        statement = line.strip().lstrip("-* ").strip()
        if len(statement.split()) >= 2 and "_KB_" not in statement:
            yield statement


def _headings(knowledge: Mapping[str, str]) -> Iterator[str]:
    for name, text in knowledge.items():
        topic = _FILE_TOPIC.fullmatch(name)
        about = topic["topic"].replace("_", " ") if topic else name
        yield about
        for line in text.splitlines():
            if is_heading(line):
                yield f"{about}: {line.strip().lower()}"


def _owner(statement: str, names: Mapping[str, list[str]], weights: Mapping[str, float]) -> str | None:
    """Return the label that shares most with `statement`; None where none does, or two do equally."""
    said = set(stems(statement))
    scores = {
        label: sum(weights[stem] for stem in set(stems(" ".join(words))) & said) for label, words in names.items()
    }
    best, *rest = sorted(scores.values(), reverse=True)
    if best == 0 or (rest and rest[0] == best):
        return None
    return max(scores, key=lambda label: scores[label])


def _flow(label: str, words: list[str], told: Sequence[str], spread: Mapping[str, int], labels: int) -> Flow:
    counts, surface = Counter[str](), dict[str, str]()
    for word in (word for text in told for word in re.findall(r"[a-z][a-z0-9]{2,}", text.lower())):
        for stem in stems(word):
            counts[stem] += 1
            surface.setdefault(stem, word)
    own = [stem for stem in counts if spread[stem] * 2 <= labels]
    ranked = sorted(own, key=lambda stem: (-counts[stem] * math.log(1 + labels / spread[stem]), stem))
    keywords = [" ".join(words), *(surface[stem] for stem in ranked[:_MOST_KEYWORDS])]
    description = f"{' '.join(words).capitalize()}: {'; '.join(told[:3])}" if told else " ".join(words).capitalize()
    return Flow(label, "_".join(words), description[:480], tuple(dict.fromkeys(keywords)))
