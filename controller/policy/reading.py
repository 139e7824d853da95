"""Is this what a policy must answer? The object of `data.dvo.decision`, checked in full.

Whatever is missing, unknown, of another type, doubled or too large makes the whole answer
malformed, and a malformed answer admits nothing. The text in it is shown to people, so
control and invisible characters are refused. Who asked, and what follows from the answer,
is decided elsewhere.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from controller.change.names import RepoPath
from controller.errors import PolicyError
from controller.identity.principal import PrincipalId
from controller.policy.answer import (
    DEFAULT_RULES,
    Action,
    Answer,
    ApprovalTerms,
    Finding,
    ReviewTerms,
)
from controller.policy.json_value import (
    array,
    distinct,
    fields,
    instant,
    member,
    text,
    whole_number,
)
from controller.policy.remedy import Step, read_steps
from controller.policy.roles import ROLES

SCHEMA = "dvo.decision/1"

_RULE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_PRINCIPAL = re.compile(r"[!-~]{1,200}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)
_LINES = 10_000_000
_APPROVERS = 100
_HOURS = 24 * 365
_DAYS = 365
_SENTENCE = 1000
_PATH = 4096
_MEMBERS = {"rule", "action", "message", "remediation", "environment", "agent", "path", "line", "until", "params"}
_ACTIONS = {action.value: action for action in Action}


def read_answer(raw: object, *, revision: str, decision_id: str) -> Answer:
    """Return `raw`, the value at `data.dvo.decision`, as an answer of the bundle `revision`.

    Raises `PolicyError`, naming the place, for anything but a complete and well-formed answer.
    """
    answer = fields(raw, "the answer", {"schema", "rules", "findings", "roles"})
    if answer["schema"] != SCHEMA:
        raise PolicyError(f"expected schema {SCHEMA!r}, got {answer['schema']!a:.80}")
    rules = _rules(answer["rules"])
    known = sorted(rules)
    findings = [_finding(item, place, known) for place, item in array(answer["findings"], "findings")]
    return Answer(rules, tuple(distinct(findings, "findings")), _roles(answer["roles"]), revision, decision_id)


def _rules(raw: object) -> frozenset[str]:
    rules = frozenset(distinct([text(item, place, _RULE) for place, item in array(raw, "rules")], "rules"))
    missing = sorted(DEFAULT_RULES - rules)
    if missing:
        raise PolicyError(f"expected every default rule to be evaluated, missing at rules: {', '.join(missing)}")
    return rules


def _finding(raw: object, place: str, rules: Sequence[str]) -> Finding:
    finding = fields(raw, place, _MEMBERS)
    action = _ACTIONS[member(finding["action"], f"{place}.action", _ACTIONS)]
    path, line = _position(finding, place)
    params = fields(finding["params"], f"{place}.params")
    return Finding(
        rule=member(finding["rule"], f"{place}.rule", rules),
        action=action,
        message=text(finding["message"], f"{place}.message", longest=_SENTENCE),
        remediation=_remediation(finding["remediation"], f"{place}.remediation", action),
        environment=_name(finding["environment"], f"{place}.environment"),
        agent=_name(finding["agent"], f"{place}.agent"),
        path=path,
        line=line,
        until=_until(finding["until"], f"{place}.until", action),
        terms=_terms(params, f"{place}.params", action),
        review=_review(params, f"{place}.params"),
        is_waived=_is_waived(params, f"{place}.params", action),
        remedy=_remedy(params, f"{place}.params", action),
    )


def _name(raw: object, place: str) -> str | None:
    return None if raw is None else text(raw, place, _NAME)


def _position(finding: dict[str, object], place: str) -> tuple[RepoPath | None, int | None]:
    if finding["path"] is None:
        if finding["line"] is not None:
            raise PolicyError(f"expected null at {place}.line, because there is no path, got a value")
        return None, None
    path = RepoPath(text(finding["path"], f"{place}.path", longest=_PATH))
    line = finding["line"]
    return path, None if line is None else whole_number(line, f"{place}.line", 1, _LINES)


def _remediation(raw: object, place: str, action: Action) -> str:
    """Only what stops a change must say how to go on."""
    return "" if raw == "" and not _stops(action) else text(raw, place, longest=_SENTENCE)


def _stops(action: Action) -> bool:
    return action in (Action.DENY, Action.REQUIRE_APPROVAL)


def _until(raw: object, place: str, action: Action) -> datetime | None:
    if raw is None:
        return None
    if action is not Action.DENY:
        raise PolicyError(f"expected null at {place}, because only a deny can end by itself, got a value")
    return instant(raw, place)


def _terms(terms: dict[str, object], place: str, action: Action) -> ApprovalTerms | None:
    if action is not Action.REQUIRE_APPROVAL:
        return None
    fields(terms, place, {"required_roles", "min_approvals", "expiry_hours"} | (terms.keys() & {"review", "remedy"}))
    return ApprovalTerms(
        required_roles=_some_roles(terms["required_roles"], f"{place}.required_roles"),
        min_approvals=whole_number(terms["min_approvals"], f"{place}.min_approvals", 1, _APPROVERS),
        expiry_hours=whole_number(terms["expiry_hours"], f"{place}.expiry_hours", 1, _HOURS),
    )


def _review(params: dict[str, object], place: str) -> ReviewTerms | None:
    if "required_roles" not in params or "review" not in params:
        return None
    terms = fields(params["review"], f"{place}.review", {"due_days"})
    return ReviewTerms(whole_number(terms["due_days"], f"{place}.review.due_days", 1, _DAYS))


def _is_waived(params: dict[str, object], place: str, action: Action) -> bool:
    """Return whether a warning stands for a denial that is waived; it has then no other parameter."""
    if action is Action.REQUIRE_APPROVAL:
        return False
    if action is not Action.WARN or "waived" not in params:
        fields(params, place, set(params.keys() & {"remedy"}))
        return False
    member(fields(params, place, {"waived"})["waived"], f"{place}.waived", [Action.DENY.value])
    return True


def _remedy(params: dict[str, object], place: str, action: Action) -> tuple[Step, ...]:
    return read_steps(params["remedy"], f"{place}.remedy", stops=_stops(action)) if "remedy" in params else ()


def _some_roles(raw: object, place: str) -> frozenset[str]:
    roles = _role_names(raw, place)
    if not roles:
        raise PolicyError(f"expected at least one role at {place}, got an empty array")
    return roles


def _roles(raw: object) -> dict[PrincipalId, frozenset[str]]:
    people = fields(raw, "roles")
    return {
        PrincipalId(text(person, "a key of roles", _PRINCIPAL)): _role_names(held, f"roles[{person!a:.80}]")
        for person, held in people.items()
    }


def _role_names(raw: object, place: str) -> frozenset[str]:
    return frozenset(distinct([member(item, at, ROLES) for at, item in array(raw, place)], place))
