"""What the ledger keeps of a judgement: enough to judge again offline and compare.

The exact input of the policy and its whole answer are kept, with the reasons and approvals
as values; the fingerprint leaves out when the judgement was made, so that an identical one
is recognised.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from controller.approval.approvals import Counted, Requirement
from controller.change.names import CommitSha, digest_of
from controller.decision.verdict import Admitted, Judgement, Reason
from controller.desired_state.canonical import canonical_json
from controller.policy.answer import Answer
from controller.policy.answer_document import answer_document

_MOST_REASONS = 500
"""Kept of a refusal; the pull request has the rest, and a ledger is kept for ever."""


def judgement_details(judgement: Judgement) -> dict[str, object]:
    """Return what the ledger keeps of a judgement: enough to judge again offline and compare."""
    reasons = _reasons(judgement)
    return {
        "commit": judgement.commit,
        "outcome": judgement.outcome,
        "effect": judgement.proposal.effect.digest,
        "reasons": reasons[:_MOST_REASONS],
        "more_reasons": max(len(reasons) - _MOST_REASONS, 0),
        "holds": [_instant(moment) for moment in _holds(judgement)],
        "moments": [_instant(moment) for moment in judgement.moments],
        "objections": [person.id for person in judgement.approvals.objections],
        "approvals": [_approval(counted) for counted in judgement.approvals.counted],
        "missing": [_requirement(missing.requirement, missing.count) for missing in judgement.approvals.missing],
        "request": _request(judgement),
        "preview": _preview(judgement),
        "stood_in_by": judgement.stood_in_by,
        "fingerprint": fingerprint(judgement),
        "input": judgement.document,
        "answer": _answer(judgement),
    }


def unjudged_details(commit: CommitSha, reason: str) -> dict[str, object]:
    """Return what the ledger keeps where nothing could be judged: at which commit, and why."""
    return {
        "commit": commit,
        "outcome": "refused",
        "reasons": [{"cause": "unjudged", "message": reason}],
        "fingerprint": digest_of(canonical_json([commit, "unjudged", reason])),
    }


def fingerprint(judgement: Judgement) -> str:
    """Return a digest of everything a judgement says, except when it was made."""
    answer = judgement.answer
    return digest_of(
        canonical_json(
            [
                judgement.commit,
                judgement.outcome,
                judgement.proposal.effect.digest,
                _reasons(judgement),
                [_instant(moment) for moment in _holds(judgement)],
                [_approval(counted) for counted in judgement.approvals.counted],
                [_requirement(missing.requirement, missing.count) for missing in judgement.approvals.missing],
                [person.id for person in judgement.approvals.objections],
                _request(judgement),
                answer.revision if isinstance(answer, Answer) else answer.cause.value,
                judgement.preview and [judgement.preview.revision, *judgement.preview.gist],
            ]
        )
    )


def _holds(judgement: Judgement) -> list[datetime]:
    if not isinstance(judgement.answer, Answer):
        return []
    return sorted({finding.until for finding in judgement.answer.findings if finding.until is not None})


def _request(judgement: Judgement) -> Mapping[str, object] | None:
    request = judgement.followed.request
    return None if request is None else {"state": request.state.value, "since": _instant(request.since)}


def _reasons(judgement: Judgement) -> list[object]:
    grounds = () if isinstance(judgement.verdict, Admitted) else judgement.verdict.reasons
    return [_reason(reason) for reason in grounds]


def _reason(reason: Reason) -> Mapping[str, object]:
    return {
        "cause": reason.cause.value,
        "message": reason.message,
        "path": reason.path,
        "line": reason.line,
        "deployment": reason.deployment,
        "rule": reason.rule,
    }


def _preview(judgement: Judgement) -> Mapping[str, object] | None:
    preview = judgement.preview
    if preview is None:
        return None
    flips = [
        {"entry": flip.decision.entry, "subject": flip.decision.subject, "direction": flip.direction.value}
        for flip in preview.flips
    ]
    return {"revision": preview.revision, "replayed": preview.replayed, "loosens": preview.loosens, "flips": flips}


def _approval(counted: Counted) -> Mapping[str, object]:
    return {
        "principal": counted.principal.id,
        "review": counted.review.id,
        "commit": counted.review.commit,
        "counts_for": list(counted.reasons),
    }


def _requirement(requirement: Requirement, missing: int) -> Mapping[str, object]:
    return {"asked_by": requirement.reason, "roles": sorted(requirement.roles), "missing": missing}


def _answer(judgement: Judgement) -> Mapping[str, object]:
    answer = judgement.answer
    if not isinstance(answer, Answer):
        return {"unanswered": answer.cause.value, "message": answer.message}
    return {
        "revision": answer.revision,
        "decision_id": answer.decision_id,
        **answer_document(answer),
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
