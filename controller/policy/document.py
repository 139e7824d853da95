"""The JSON document OPA is asked about, made of the facts of one change.

Its form is published as `schemas/policy-input.json`. It holds principal ids, groups, flags,
times and desired state, and no text a person typed freely: nothing needs redaction, nothing
can be injected, and the same facts give the same document. Times are RFC 3339 in UTC.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from controller.change.names import RepoPath
from controller.desired_state.abilities import abilities_document
from controller.desired_state.difference import Difference
from controller.desired_state.effect import FileEffect
from controller.desired_state.environment import Environment, Tier
from controller.desired_state.manifest import EnvironmentName
from controller.desired_state.paths import AgentPath, EnvironmentPath, GovernancePath, PolicyPath, classify
from controller.desired_state.plan import Plan, plan_document
from controller.desired_state.proposal import Proposal
from controller.errors import InputError
from controller.identity.principal import Principal
from controller.policy.question import Evidence, OpenReview, Question

SCHEMA = "dvo.policy-input/1"

_STRICTNESS = tuple(Tier)


def policy_document(question: Question) -> Mapping[str, object]:
    """Return the input document of `question`: JSON values only, in a fixed order.

    Raises `InputError` for a time without a zone.
    """
    proposal = question.proposal
    tiers = _tiers(proposal)
    return {
        "schema": SCHEMA,
        "now": _instant(question.now),
        "purpose": question.purpose.value,
        "change": {
            "author": question.author,
            "requester": question.requester,
            "restores": question.restores,
        },
        "people": {person: _person(question.people[person]) for person in sorted(question.people)},
        "environments": {name: _environment(name, proposal, tiers[name]) for name in sorted(tiers)},
        "deployments": [_deployment(difference, tiers) for difference in _by_key(proposal.differences)],
        "files": [_file(file) for file in sorted(proposal.effect.files, key=lambda file: file.path)],
        "evidence": sorted(map(_evidence, _telling(question)), key=_evidence_order),
        "break_glass": _break_glass(question),
        "reviews": [_review(review) for review in sorted(question.reviews, key=_review_order)],
    }


def _tiers(proposal: Proposal) -> Mapping[EnvironmentName, Tier]:
    """Return the tier each environment is judged by: of a change of tier, the stricter."""
    found: dict[EnvironmentName, Tier] = {}
    for state in (proposal.before, proposal.after):
        for name, environment in state.environments.items():
            found[name] = max(found.get(name, environment.tier), environment.tier, key=_STRICTNESS.index)
    return found


def _person(principal: Principal) -> Mapping[str, object]:
    return {"kind": principal.kind.value, "groups": sorted(principal.groups), "mfa": principal.mfa}


def _environment(name: EnvironmentName, proposal: Proposal, tier: Tier) -> Mapping[str, object]:
    return {
        "before": _stated(proposal.before.environments.get(name)),
        "after": _stated(proposal.after.environments.get(name)),
        "tier": tier.value,
    }


def _stated(environment: Environment | None) -> Mapping[str, object] | None:
    if environment is None:
        return None
    windows = sorted(environment.freeze_windows, key=lambda window: (window.start, window.end, window.name))
    return {
        "tier": environment.tier.value,
        "time_zone": environment.time_zone,
        "platforms": {platform.value: runtime for platform, runtime in sorted(environment.platforms.items())},
        "freeze_windows": [
            {"name": window.name, "start": _instant(window.start), "end": _instant(window.end)} for window in windows
        ],
        "drift": environment.drift.value,
    }


def _by_key(differences: Sequence[Difference]) -> Sequence[Difference]:
    return sorted(differences, key=lambda difference: difference.key)


def _deployment(difference: Difference, tiers: Mapping[EnvironmentName, Tier]) -> Mapping[str, object]:
    """Describe one deployment; an environment nobody could read is judged as the strictest tier.

    The lines are those of the new manifest: one that is removed has none to point at.
    """
    stated = difference.after or difference.before
    return {
        "environment": difference.key.environment,
        "agent": difference.key.agent,
        "tier": tiers.get(difference.key.environment, Tier.PRODUCTION).value,
        "kinds": sorted(kind.value for kind in difference.kinds),
        "path": None if stated is None else _path(stated.manifest.path),
        "lines": {} if difference.after is None else dict(sorted(difference.after.manifest.lines.items())),
        "before": _planned(difference.before),
        "after": _planned(difference.after),
        "abilities": {"before": _abilities(difference.before), "after": _abilities(difference.after)},
    }


def _planned(plan: Plan | None) -> Mapping[str, object] | None:
    return None if plan is None else plan_document(plan)


def _abilities(plan: Plan | None) -> Mapping[str, object] | None:
    return None if plan is None else abilities_document(plan.release.abilities)


def _file(file: FileEffect) -> Mapping[str, object]:
    return {"path": _path(file.path), "kind": _kind(file.path), "before": file.before, "after": file.after}


def _kind(path: RepoPath) -> str:
    """Return what a file is to policy; a deployment is among the files when its manifest has no plan to compare."""
    match classify(path):
        case AgentPath():
            return "agent"
        case PolicyPath() | GovernancePath() | EnvironmentPath():
            return "governance"
    return "deployment"


def _telling(question: Question) -> Iterator[Evidence]:
    """Yield the evidence of the agents that change; that of all others would grow with the company."""
    proposal = question.proposal
    changed = {difference.key.agent for difference in proposal.differences}
    places = [classify(file.path) for file in proposal.effect.files]
    changed |= {place.agent for place in places if isinstance(place, AgentPath)}
    return (evidence for evidence in question.evidence if evidence.key.agent in changed)


def _evidence(evidence: Evidence) -> Mapping[str, str]:
    return {
        "environment": evidence.key.environment,
        "tier": evidence.tier.value,
        "agent": evidence.key.agent,
        "release": evidence.release,
        "completed_at": _instant(evidence.completed_at),
    }


def _evidence_order(evidence: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(evidence.values())


def _break_glass(question: Question) -> Mapping[str, object] | None:
    asked = question.break_glass
    if asked is None:
        return None
    effect = question.proposal.effect.digest
    return {"effect": effect, "since": _instant(asked.since), "as_of": _instant(asked.as_of)}


def _review(review: OpenReview) -> Mapping[str, object]:
    return {
        "environment": review.key.environment,
        "agent": review.key.agent,
        "due": _instant(review.due),
        "issue": review.issue,
    }


def _review_order(review: OpenReview) -> tuple[str, datetime, int]:
    return str(review.key), review.due, review.issue or 0


def _path(path: RepoPath) -> str:
    """Return `path` as text that can be shown and sent; whatever cannot be printed is escaped."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise InputError(f"expected a time with a zone, got {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
