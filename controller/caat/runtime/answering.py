"""What an agent answers without a language model: passages of its own knowledge, with their source.

Nothing is made up: an answer is what the knowledge says, word for word, and where it says
nothing the answer says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .agent import Agent, HandOff
from .retrieval import Hit, Knowledge, sections
from .routing import Route, Router

_PASSAGES = 3
_WORTH_SHOWING = 0.5
_LONGEST = 900


@dataclass(frozen=True, slots=True)
class Source:
    """Where a passage of an answer stands."""

    file: str
    section: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's reply to one input."""

    capability: str | None
    answer: str
    sources: tuple[Source, ...]
    hand_off: str | None
    confidence: float


class Respondent:
    """Answers inputs for one agent from its knowledge files, given as text by path."""

    def __init__(self, agent: Agent, files: Mapping[str, str]) -> None:
        self._agent = agent
        self._knowledge = Knowledge([section for file, text in files.items() for section in sections(file, text)])
        self._router = Router(agent, self._knowledge)

    def invoke(self, text: str) -> Answer:
        """Route `text` and answer it."""
        return self._answer(text, self._router.route(text))

    def perform(self, capability: str, text: str) -> Answer:
        """Answer `text` as `capability`, whatever the routing would have said."""
        route = self._router.route(text)
        is_same = route.capability == capability
        return self._answer(text, route if is_same else Route(capability, None, 0.0))

    def _answer(self, text: str, route: Route) -> Answer:
        hits = self._knowledge.search(text, _PASSAGES)
        shown = [hit for hit in hits if hit.score >= _WORTH_SHOWING * hits[0].score]
        parts = [*self._redirection(route), *_passages(shown)]
        sources = tuple(Source(hit.section.file, hit.section.title, round(hit.score, 3)) for hit in shown)
        return Answer(
            route.capability,
            "\n\n".join(parts) or f"The knowledge of {self._agent.code} says nothing about this.",
            sources,
            route.hand_off,
            route.confidence,
        )

    def _redirection(self, route: Route) -> Sequence[str]:
        return [_sentence(hand_off) for hand_off in self._agent.hand_offs if hand_off.to == route.hand_off]


def _sentence(hand_off: HandOff) -> str:
    return f"This is for {hand_off.to}: {hand_off.when}"


def _passages(hits: Sequence[Hit]) -> Sequence[str]:
    return [f"{hit.section.title}: {_shortened(hit.section.text)}" for hit in hits]


def _shortened(text: str) -> str:
    """Return `text` on one line, cut at the end of a sentence where it is too long."""
    flat = " ".join(text.split())
    if len(flat) <= _LONGEST:
        return flat
    end = flat.rfind(". ", 0, _LONGEST)
    return flat[: end + 1] if end > 0 else flat[:_LONGEST] + " ..."
