"""A local check as a JSON object, in a form others may rely on (`dvo.check/1`).

`verdict` is admitted, held, waiting or refused; times are RFC 3339; `approvals` is always
"unknown", and `requirements` say what they would have to be.
"""

from collections.abc import Iterable, Mapping

from controller.decision.verdict import Reason, Refused
from controller.desired_state.difference import Difference
from controller.desired_state.plan import Plan
from controller.policy.answer import Answer
from controller.workflow.local_check import Asked, LocalCheck

SCHEMA = "dvo.check/1"


def check_document(outcome: LocalCheck) -> Mapping[str, object]:
    """Return `outcome` as JSON values."""
    judgement = outcome.judgement
    answer = judgement.answer
    return {
        "schema": SCHEMA,
        "verdict": judgement.outcome,
        "base": outcome.base,
        "head": outcome.head,
        "at": outcome.at.isoformat(),
        "author": outcome.author and outcome.author.id,
        "reasons": _reasons(judgement.verdict.reasons if isinstance(judgement.verdict, Refused) else ()),
        "warnings": _reasons(judgement.warnings),
        "holds": [{"until": hold.until.isoformat(), **_reason(hold.reason)} for hold in judgement.holds],
        "changes": [_change(difference) for difference in judgement.proposal.differences],
        "files": [
            {"path": file.path, "from": file.before, "to": file.after} for file in judgement.proposal.effect.files
        ],
        "approvals": "unknown",
        "requirements": [_requirement(asked) for asked in outcome.asked],
        "unknown": list(outcome.unknown),
        "effect": judgement.proposal.effect.digest,
        "simulation": outcome.is_simulation,
        "policy_revision": answer.revision if isinstance(answer, Answer) else None,
    }


def _reasons(reasons: Iterable[Reason]) -> list[Mapping[str, object]]:
    return [_reason(reason) for reason in reasons]


def _reason(reason: Reason) -> Mapping[str, object]:
    return {
        "cause": reason.cause.value,
        "rule": reason.rule,
        "message": reason.message,
        "remedy": reason.remedy,
        "path": reason.path,
        "line": reason.line,
        "deployment": reason.deployment,
    }


def _change(difference: Difference) -> Mapping[str, object]:
    return {
        "environment": difference.key.environment,
        "agent": difference.key.agent,
        "kinds": [kind.value for kind in difference.kinds],
        "from": _plan(difference.before),
        "to": _plan(difference.after),
    }


def _plan(plan: Plan | None) -> Mapping[str, object] | None:
    return (
        None
        if plan is None
        else {"version": plan.manifest.version, "release": plan.release.digest, "plan": plan.digest}
    )


def _requirement(asked: Asked) -> Mapping[str, object]:
    requirement = asked.requirement
    return {
        "reason": requirement.reason,
        "roles": sorted(requirement.roles),
        "minimum": requirement.minimum,
        "expiry_hours": requirement.expiry_hours,
        "paths": list(requirement.paths),
        "owners": [str(owner) for owner in asked.owners],
    }
