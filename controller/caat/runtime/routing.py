"""Which capability an input is for, or to whom it must be handed.

Each capability and each hand-off is a profile: its keywords and name weigh most, then what
it says of itself, then its inputs and outputs. The input is scored against the profiles,
and a little against them through the titles of the knowledge it finds, so that an input
that names only a method still reaches the capability that uses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .agent import Agent, Capability, HandOff, Parameter
from .retrieval import Knowledge, Relevance
from .words import stems

_KEYWORDS = 3.0
_NAME = 3.0
_STATEMENT = 2.0
_FIELDS = 0.5
_PHRASE = 1.0
_THROUGH_KNOWLEDGE = 0.25
_LOOK_INTO = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """What a capability or a hand-off is recognised by."""

    name: str
    bag: Mapping[str, float]
    phrases: tuple[tuple[str, ...], ...]
    is_hand_off: bool


@dataclass(frozen=True, slots=True)
class Route:
    """Where an input belongs; nothing at all is an answer too. `confidence` is 0 to 1.

    Beside a hand-off stands the capability that hands off, or else the best this agent can do itself.
    """

    capability: str | None
    hand_off: str | None
    confidence: float


class Router:
    """Routes inputs to the capabilities and hand-offs of one agent."""

    def __init__(self, agent: Agent, knowledge: Knowledge) -> None:
        capabilities = [capability_profile(capability) for capability in agent.capabilities]
        self._profiles = [*capabilities, *(hand_off_profile(hand_off) for hand_off in agent.hand_offs)]
        self._relevance = Relevance([profile.bag for profile in self._profiles])
        self._knowledge = knowledge
        self._hands_off = next((each.name for each in agent.capabilities if each.hands_off), None)

    def route(self, text: str) -> Route:
        """Return where `text` belongs."""
        ranked = sorted(zip(self._scores(text), self._profiles, strict=True), key=lambda pair: -pair[0])
        matched = [(score, profile) for score, profile in ranked if score > 0]
        if not matched:
            return Route(None, None, 0.0)
        score, best = matched[0]
        runner_up = matched[1][0] if len(matched) > 1 else 0.0
        confidence = round(score / (score + runner_up), 2)
        if best.is_hand_off:
            return Route(self._hands_off or _first(matched, is_hand_off=False), best.name, confidence)
        if best.name == self._hands_off:
            return Route(best.name, _first(matched, is_hand_off=True), confidence)
        return Route(best.name, None, confidence)

    def _scores(self, text: str) -> list[float]:
        asked = stems(text)
        direct = self._relevance.scores(asked)
        found = self._through_knowledge(text)
        phrases = [_PHRASE * _count_phrases(profile.phrases, asked) for profile in self._profiles]
        return [sum(parts) for parts in zip(direct, found, phrases, strict=True)]

    def _through_knowledge(self, text: str) -> list[float]:
        totals = [0.0] * len(self._profiles)
        hits = self._knowledge.search(text, _LOOK_INTO)
        for hit in hits:
            weight = _THROUGH_KNOWLEDGE * hit.score / (hits[0].score * len(hits))
            scores = self._relevance.scores(stems(hit.section.title))
            totals = [total + weight * score for total, score in zip(totals, scores, strict=True)]
        return totals


def capability_profile(capability: Capability) -> Profile:
    """Return what `capability` is recognised by."""
    fields = [*_fields(capability.inputs), *_fields(capability.outputs)]
    bag = _added(
        _asked_for_by(capability.keywords),
        _evenly(_NAME, [capability.name]),
        _evenly(_STATEMENT, [capability.description]),
        _evenly(_FIELDS, fields),
    )
    return Profile(capability.name, bag, _phrases(capability.keywords), is_hand_off=False)


def hand_off_profile(hand_off: HandOff) -> Profile:
    """Return what work for another agent is recognised by."""
    bag = _added(_asked_for_by(hand_off.keywords), _evenly(_STATEMENT, [hand_off.when]))
    return Profile(hand_off.to, bag, _phrases(hand_off.keywords), is_hand_off=True)


def _fields(parameters: Mapping[str, Parameter]) -> list[str]:
    return [f"{name} {parameter.description}" for name, parameter in parameters.items()]


def _added(*bags: Mapping[str, float]) -> Mapping[str, float]:
    total: dict[str, float] = {}
    for bag in bags:
        for stem, weight in bag.items():
            total[stem] = total.get(stem, 0.0) + weight
    return total


def _evenly(weight: float, texts: Sequence[str]) -> Mapping[str, float]:
    """Return each stem of `texts` once, so that no text wins by repeating itself."""
    return dict.fromkeys(sorted({stem for text in texts for stem in stems(text)}), weight)


def _asked_for_by(keywords: Sequence[str]) -> Mapping[str, float]:
    """Return the stems of `keywords`; one word of several asks for less than the only one."""
    bag: dict[str, float] = {}
    for keyword in keywords:
        words = stems(keyword)
        for stem in words:
            bag[stem] = max(bag.get(stem, 0.0), _KEYWORDS / len(words))
    return bag


def _phrases(keywords: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the keywords of several words: found together they say more than found apart."""
    phrases = (tuple(stems(keyword)) for keyword in keywords)
    return tuple(phrase for phrase in phrases if len(phrase) > 1)


def _count_phrases(phrases: Sequence[tuple[str, ...]], asked: Sequence[str]) -> int:
    return sum(
        any(tuple(asked[start : start + len(phrase)]) == phrase for start in range(len(asked))) for phrase in phrases
    )


def _first(matched: Sequence[tuple[float, Profile]], *, is_hand_off: bool) -> str | None:
    return next((profile.name for _, profile in matched if profile.is_hand_off is is_hand_off), None)
