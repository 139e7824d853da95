"""Prove the remedies of a judgement: ask the policy again with each applied, and with all of them.

The same bundle is asked, so what is proven holds for the policies that judge the change. Large
changes are asked about less often, so that a proof costs little beside the judgement itself.
"""

from collections.abc import Mapping, Sequence

from controller.errors import PolicyError, UnavailableError
from controller.policy.answer import Action, Answer, Finding
from controller.policy.bundle import PolicyBundle
from controller.policy.green_path import GreenPath, Proof, together, tried, untried
from controller.policy.remedies import remedied
from controller.ports.policy_engine import PolicyEngine

_ONE_BY_ONE = 20
"""Remedies that are tried alone; the others are tried together with all."""
_DEPLOYMENTS = 500
"""The most deployments that all questions about single remedies hold together."""


class Proving:
    """Asks the policy engine what remedies are worth."""

    def __init__(self, engine: PolicyEngine) -> None:
        """Ask `engine`."""
        self._engine = engine

    def path(self, bundle: PolicyBundle, document: Mapping[str, object], answer: Answer) -> GreenPath:
        """Return the path to green from `answer`, which `bundle` gave to `document`.

        An engine that gives no answer proves nothing; the path then says so.
        """
        ways = untried(answer)
        open_ways = [way for way in ways if way.proof is Proof.UNTRIED]
        known = {way.finding: way for way in ways}
        try:
            for way in open_ways[: _affordable(document)]:
                known[way.finding] = tried(way, answer, self._again(bundle, document, [way.finding]))
            stopping = [way.finding for way in ways if way.finding.action is not Action.WARN]
            all_at_once = together(self._again(bundle, document, stopping)) if open_ways else None
        except (PolicyError, UnavailableError) as error:
            return GreenPath(tuple(known.values()), None, str(error))
        return GreenPath(tuple(known.values()), all_at_once)

    def _again(self, bundle: PolicyBundle, document: Mapping[str, object], findings: Sequence[Finding]) -> list[Answer]:
        return [self._engine.decide(bundle, changed) for changed in remedied(document, findings)]


def _affordable(document: Mapping[str, object]) -> int:
    deployments = document.get("deployments")
    size = len(deployments) if isinstance(deployments, list) else 0
    return min(_ONE_BY_ONE, _DEPLOYMENTS // max(1, size))
