"""The path to green in Markdown: every finding with its facts, what to do, and what that is worth."""

from collections.abc import Iterator

from controller.decision.check import paragraphs
from controller.decision.facts import facts_of
from controller.decision.markdown import code, inert
from controller.decision.remedy_words import all_together, asking, to_do, worth
from controller.decision.verdict import Admitted, Judgement
from controller.policy.answer import Action
from controller.policy.green_path import Proof, Way

_TOLD = 20
_SIGN = {Proof.PROVEN: "✓", Proof.FAILS: "✗"}
_VERB = {Action.DENY: "denies", Action.REQUIRE_APPROVAL: "asks for approval of", Action.WARN: "warns of"}


def path_text(judgement: Judgement) -> str:
    """Return the path to green of `judgement`; empty when there is nothing to be done."""
    path = judgement.path
    told = [way for way in path.ways if _is_worth_telling(way)] if path else []
    if path is None or not told or isinstance(judgement.verdict, Admitted) and not judgement.holds:
        return ""
    ways = "\n".join(line for way in told[:_TOLD] for line in _way(judgement, way))
    more = f"And {len(told) - _TOLD} findings more." if len(told) > _TOLD else ""
    together = all_together(path)
    return paragraphs(["### Path to green", ways, more, f"**All together:** {inert(together)}" if together else ""])


def _is_worth_telling(way: Way) -> bool:
    """Return whether a way is about what stops the change, or was tried: a warning stops nothing."""
    return way.finding.action is not Action.WARN or way.proof in _SIGN


def _way(judgement: Judgement, way: Way) -> Iterator[str]:
    finding = way.finding
    where = f"{finding.environment}/{finding.agent}" if finding.environment and finding.agent else "the whole change"
    yield f"- {code(finding.rule)} {_VERB[finding.action]} {code(where)}: {inert(finding.message)}"
    facts = facts_of(judgement, finding)
    if facts:
        yield f"  - Because {'; '.join(map(inert, facts))}"
    for told in to_do(way, asking(finding, judgement.approvals)):
        yield f"  - To do: {inert(told)}"
    yield f"  - {_SIGN.get(way.proof, '·')} {inert(worth(way))}"
