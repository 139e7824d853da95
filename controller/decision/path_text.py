"""The path to green in Markdown: what to do, step by step, for which rule and why, and what that is worth."""

from collections.abc import Iterator, Sequence

from controller.decision.check import paragraphs
from controller.decision.facts import grounds_of
from controller.decision.markdown import code, prose
from controller.decision.remedy_words import all_together, asking, to_do, worth
from controller.decision.verdict import Admitted, Judgement
from controller.decision.wording import counted
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
    steps = [way for way in told if way.finding.action is not Action.WARN]
    warnings = [way for way in told if way.finding.action is Action.WARN]
    together = all_together(path)
    return paragraphs(
        [
            "### Path to green",
            _listed(judgement, steps),
            f"**All together:** {prose(together)}" if together else "",
            "Warnings stop nothing; this is how they go away:" if warnings else "",
            _listed(judgement, warnings),
        ]
    )


def _is_worth_telling(way: Way) -> bool:
    """Return whether a way is about what stops the change, or was tried: a warning stops nothing."""
    return way.finding.action is not Action.WARN or way.proof in _SIGN


def _listed(judgement: Judgement, ways: Sequence[Way]) -> str:
    lines = [line for number, way in enumerate(ways[:_TOLD], 1) for line in _way(judgement, number, way)]
    more = len(ways) - _TOLD
    return paragraphs(["\n".join(lines), f"And {counted(more, 'more step')}." if more > 0 else ""])


def _way(judgement: Judgement, number: int, way: Way) -> Iterator[str]:
    finding = way.finding
    where = f"{finding.environment}/{finding.agent}" if finding.environment and finding.agent else "the whole change"
    told = "; ".join(to_do(way, asking(finding, judgement.approvals))) or finding.message
    yield f"{number}. **{prose(told[:1].upper() + told[1:])}**"
    why = "; ".join(grounds_of(judgement, finding)) or finding.message
    yield f"   - {code(finding.rule)} {_VERB[finding.action]} {code(where)}: {prose(why)}"
    yield f"   - {_SIGN.get(way.proof, '·')} {prose(worth(way))}"
