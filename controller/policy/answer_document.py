"""An answer as a JSON document in the form the policy gave it, so that it can be kept and read again."""

from collections.abc import Mapping
from datetime import UTC

from controller.policy.answer import Action, Answer, Finding
from controller.policy.remedy import steps_document


def answer_document(answer: Answer) -> Mapping[str, object]:
    """Return rules, findings and roles of `answer` as `data.dvo.decision` states them, sets in order."""
    return {
        "rules": sorted(answer.rules),
        "findings": [finding_document(finding) for finding in answer.findings],
        "roles": {person: sorted(roles) for person, roles in sorted(answer.roles.items())},
    }


def finding_document(finding: Finding) -> Mapping[str, object]:
    """Return one finding with exactly the members a policy gives it."""
    return {
        "rule": finding.rule,
        "action": finding.action.value,
        "message": finding.message,
        "remediation": finding.remediation,
        "environment": finding.environment,
        "agent": finding.agent,
        "path": finding.path,
        "line": finding.line,
        "until": finding.until and finding.until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "params": _params(finding),
    }


def _params(finding: Finding) -> Mapping[str, object]:
    remedy = {"remedy": steps_document(finding.remedy)} if finding.remedy else {}
    return {**_asked(finding), **remedy}


def _asked(finding: Finding) -> Mapping[str, object]:
    if finding.is_waived:
        return {"waived": Action.DENY.value}
    terms, review = finding.terms, finding.review
    if terms is None:
        return {}
    asked: Mapping[str, object] = {
        "required_roles": sorted(terms.required_roles),
        "min_approvals": terms.min_approvals,
        "expiry_hours": terms.expiry_hours,
    }
    return asked if review is None else {**asked, "review": {"due_days": review.due_days}}
