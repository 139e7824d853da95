"""Prove the remedies of a judgement: ask the policy again with each applied, and with all of them.

The same bundle is asked, so what is proven holds for the policies that judge the change. Large
changes are asked about less often, so that a proof costs little beside the judgement itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

from controller.errors import PolicyError, UnavailableError
from controller.policy.answer import Action, Answer
from controller.policy.bundle import PolicyBundle
from controller.policy.green_path import GreenPath, Proof, together, tried, untried
from controller.policy.remedies import remedied
from controller.ports.policy_engine import PolicyEngine

_ONE_BY_ONE = 20
"""Remedies that are tried alone; the others are tried together with all."""
_ABREAST = 4
"""Asked at once: what the policy engine has cores for is left to other judgements too."""
_DEPLOYMENTS = 500
"""The most deployments that all questions about single remedies hold together."""


class Proving:
    """Asks the policy engine what remedies are worth."""

    def __init__(self, engine: PolicyEngine, pool: Executor | None = None) -> None:
        """Ask `engine` a few questions at once on `pool`, else one after another."""
        self._engine = engine
        self._map = map if pool is None else pool.map

    def path(self, bundle: PolicyBundle, document: Mapping[str, object], answer: Answer) -> GreenPath:
        """Return the path to green from `answer`, which `bundle` gave to `document`.

        An engine that gives no answer proves nothing; the path then says so.
        """
        ways = untried(answer)
        open_ways = [way for way in ways if way.proof is Proof.UNTRIED]
        known = {way.finding: way for way in ways}
        if not open_ways:
            return GreenPath(ways, None)
        alone = open_ways[: _affordable(document)]
        stopping = [way.finding for way in ways if way.finding.action is not Action.WARN]
        asked = [remedied(document, findings) for findings in (*([way.finding] for way in alone), stopping)]
        answers = self._answers(bundle, [question for questions in asked for question in questions])
        try:
            for way, questions in zip(alone, asked, strict=False):
                known[way.finding] = tried(way, answer, [next(answers) for _ in questions])
            all_at_once = together(list(answers))
        except (PolicyError, UnavailableError) as error:
            return GreenPath(tuple(known.values()), None, str(error))
        return GreenPath(tuple(known.values()), all_at_once)

    def _answers(self, bundle: PolicyBundle, questions: Sequence[Mapping[str, object]]) -> Iterator[Answer]:
        for start in range(0, len(questions), _ABREAST):
            yield from self._map(partial(self._engine.decide, bundle), questions[start : start + _ABREAST])


def _affordable(document: Mapping[str, object]) -> int:
    deployments = document.get("deployments")
    size = len(deployments) if isinstance(deployments, list) else 0
    return min(_ONE_BY_ONE, _DEPLOYMENTS // max(1, size))
