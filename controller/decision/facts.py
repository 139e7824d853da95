"""The facts that made a rule fire, in plain words.

They are what the question held at the places that the finding's remedy changes: once those are
other, the policy finds nothing there any more, which is what the proof shows. No value of a
variable or secret is ever among them, and no time that passes by itself.
"""

import json
from collections.abc import Iterator, Mapping

from controller.decision.verdict import Judgement
from controller.decision.wording import counted, listed, role, roles, spelled_time
from controller.identity.principal import PrincipalId
from controller.policy.answer import Answer, Finding
from controller.policy.remedies import steps_of
from controller.policy.remedy import CloseReview, Edit, Promote, Propose, Split, Step, Subject, Unlabel

_HIDDEN = ("variables.", "secrets.")
_LONGEST = 200


def facts_of(judgement: Judgement, finding: Finding) -> tuple[str, ...]:
    """Return what of the question `finding` rests on, each in a few plain words that may hold untrusted text."""
    return tuple(dict.fromkeys([*_place(judgement.document, finding), *grounds_of(judgement, finding)]))


def grounds_of(judgement: Judgement, finding: Finding) -> tuple[str, ...]:
    """Return `facts_of` without what the change does to the deployment that the finding is about."""
    told: list[str] = []
    for step in steps_of(finding):
        told += _touched(judgement, finding, step)
    if finding.terms is not None:
        told.append(
            f"it takes {counted(finding.terms.min_approvals, 'approval')} by {roles(finding.terms.required_roles)}, "
            f"at most {finding.terms.expiry_hours} hours old"
        )
    if finding.until is not None:
        told.append(f"it ends on {spelled_time(finding.until, judgement.proposal)}")
    return tuple(dict.fromkeys(told))


def _place(document: Mapping[str, object], finding: Finding) -> Iterator[str]:
    if finding.environment is None and finding.agent is None:
        return
    for deployment in _deployments(document, finding):
        kinds = deployment.get("kinds")
        what = ", ".join(map(str, kinds)) if isinstance(kinds, list) else "changed"
        where = f"{deployment.get('environment')}/{deployment.get('agent')}"
        yield f"{where} is of the {deployment.get('tier')} tier: {what}, {_versions(deployment)}"


def _versions(deployment: Mapping[str, object]) -> str:
    before, after = (_object(deployment.get(side)).get("version", "absent") for side in ("before", "after"))
    return f"version {after}" if before == after else f"{before} to {after}"


def _touched(judgement: Judgement, finding: Finding, step: Step) -> Iterator[str]:
    document = judgement.document
    match step:
        case Edit():
            yield from _fields(document, finding, step)
        case Propose():
            yield _proposer(judgement)
        case Promote(tier):
            for deployment in _deployments(document, finding):
                yield _evidence(document, deployment, tier.value)
        case Split():
            yield _size(document)
        case CloseReview():
            reviews = [one for one in _objects(document, "reviews") if finding.agent in (None, one.get("agent"))]
            yield from (f"the review of {one.get('agent')} is due at {one.get('due')}" for one in reviews)
        case Unlabel():
            yield f"break-glass was asked for at {_object(document.get('break_glass')).get('since')}"


def _fields(document: Mapping[str, object], finding: Finding, edit: Edit) -> Iterator[str]:
    if edit.subject is Subject.ENVIRONMENT:
        stated = _object(_object(document.get("environments")).get(str(finding.environment)))
        yield _field(edit.field, _object(stated.get("before")) or _object(stated.get("after")))
        return
    for deployment in _deployments(document, finding):
        plan = _object(deployment.get("after"))
        if edit.field == "digest":
            yield "the manifest names its digest" if plan.get("pinned") else "the manifest names no digest"
        else:
            yield _field("replicas" if edit.field == "autoscaling" else edit.field, plan)


def _field(field: str, within: Mapping[str, object]) -> str:
    *parents, last = field.split(".")
    for name in parents:
        within = _object(within.get(name))
    if last not in within:
        return f"{field} is not there"
    if field.startswith(_HIDDEN):
        return f"{field} is there"
    return f"{field} is {json.dumps(within[last], sort_keys=True)}"[:_LONGEST]


def _proposer(judgement: Judgement) -> str:
    change = _object(judgement.document.get("change"))
    person = change.get("requester") or change.get("author")
    if person is None:
        return "nobody knows who proposes it"
    answer = judgement.answer
    held = answer.roles.get(PrincipalId(str(person)), frozenset()) if isinstance(answer, Answer) else frozenset()
    known = judgement.people.get(PrincipalId(str(person)))
    who = known.login if known else person
    return f"it is proposed by {who}, who is {listed([role(name) for name in sorted(held)]) or 'nothing here'}"


def _evidence(document: Mapping[str, object], deployment: Mapping[str, object], tier: str) -> str:
    release = _object(deployment.get("after")).get("release")
    ran = {
        str(one.get("environment"))
        for one in _objects(document, "evidence")
        if (one.get("agent"), one.get("release")) == (deployment.get("agent"), release)
    }
    known = f"only in {listed(sorted(ran))}" if ran else "nowhere yet"
    return f"release {str(release)[:19]} ran healthy {known}, and in no {tier} environment"


def _size(document: Mapping[str, object]) -> str:
    deployments = _objects(document, "deployments")
    production = sum(one.get("tier") == "production" for one in deployments)
    agents = len({str(one.get("agent")) for one in deployments})
    governing = sum(one.get("kind") == "governance" for one in _objects(document, "files"))
    return (
        f"it changes {counted(len(deployments), 'deployment')} ({production} in production) of "
        f"{counted(agents, 'agent')}, and {counted(governing, 'governance file')}"
    )


def _deployments(document: Mapping[str, object], finding: Finding) -> list[Mapping[str, object]]:
    return [
        one
        for one in _objects(document, "deployments")
        if finding.environment in (None, one.get("environment")) and finding.agent in (None, one.get("agent"))
    ][:3]


def _objects(within: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = within.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
