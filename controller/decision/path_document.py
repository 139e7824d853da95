"""The path to green as JSON values: every finding with its facts, what to do, and what that is worth."""

from collections.abc import Callable, Iterable, Mapping

from controller.decision.facts import facts_of
from controller.decision.remedy_words import all_together, to_do, worth
from controller.decision.verdict import Judgement
from controller.policy.answer_document import finding_document
from controller.policy.green_path import GreenPath, Way

NO_PATH = GreenPath((), None)


def path_document(judgement: Judgement, asking: Callable[[Way], Iterable[str]]) -> Mapping[str, object]:
    """Return the path to green of `judgement`; `asking` tells whom to ask for the approvals a finding takes."""
    path = judgement.path or NO_PATH
    together = path.together
    return {
        "findings": [_way(judgement, way, asking(way)) for way in path.ways],
        "together": together
        and {
            "green": not together.denials,
            "remaining": [finding_document(finding) for finding in together.denials],
            "approvals": sorted({finding.rule for finding in together.approvals}),
        },
        "unproven": path.failure,
        "summary": all_together(path) or None,
    }


def _way(judgement: Judgement, way: Way, asking: Iterable[str]) -> Mapping[str, object]:
    return {
        **finding_document(way.finding),
        "facts": list(facts_of(judgement, way.finding)),
        "to_do": list(to_do(way, asking)),
        "proof": way.proof.value,
        "worth": worth(way),
        "instead": [finding_document(finding) for finding in way.instead],
    }
