"""The question as it would be with remedies applied, so that the policy can judge it again.

Pure: from a question's document and the steps of remedies comes the changed document, or
several where the change is split. A step that fits nothing changes nothing, and the proof then
fails: a remedy is only ever believed for what the policy says next. Whatever is changed here is
a simulation, and is marked as one.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence

from controller.desired_state.difference import Kind
from controller.desired_state.manifest import Version
from controller.desired_state.version import Precedence
from controller.errors import InputError
from controller.policy.answer import Finding
from controller.policy.question import Purpose
from controller.policy.remedy import (
    CloseReview,
    Edit,
    Promote,
    Propose,
    Split,
    Step,
    Subject,
    Unlabel,
    Wait,
    Withdraw,
)
from controller.policy.roles import ROLES

PROPOSER = "simulated:proposer"
"""The principal who proposes where somebody else should."""
_UNPUBLISHED = "sha256:" + "0" * 64
"""The digest of a release that does not exist yet."""
_STEPS = (Kind.UPGRADED.value, Kind.DOWNGRADED.value)

Document = dict[str, object]


def steps_of(finding: Finding) -> tuple[Step, ...]:
    """Return what turns `finding` green: as its rule declares, or the wait that its end implies."""
    if finding.remedy or finding.until is None:
        return finding.remedy
    return (Wait(finding.until),)


def remedied(document: Mapping[str, object], findings: Sequence[Finding]) -> tuple[Mapping[str, object], ...]:
    """Return the question of `document` with the remedies of `findings` applied; several where it is split."""
    asked: Document = copy.deepcopy(dict(document))
    asked["purpose"] = Purpose.SIMULATION.value
    pairs = [(step, finding) for finding in findings for step in steps_of(finding)]
    for step, finding in sorted(pairs, key=lambda pair: _rank(pair[0])):
        _apply(asked, step, finding)
    splits = [step for step, _ in pairs if isinstance(step, Split)]
    return tuple(_parts(asked, splits)) if splits else (asked,)


def _rank(step: Step) -> tuple[int, int]:
    """Return when a step is applied: a version before its digest, the strongest proposer and latest time last."""
    match step:
        case Edit(field="version"):
            return 0, 0
        case Propose(role):
            return 2, ROLES.index(role)
        case Wait(until):
            return 3, int(until.timestamp())
    return 1, 0


def _apply(asked: Document, step: Step, finding: Finding) -> None:
    match step:
        case Edit():
            _edit(asked, step, finding)
        case Propose(_, groups):
            people = _object(asked.get("people"))
            asked["people"] = {**people, PROPOSER: {"kind": "person", "groups": list(groups[:1]), "mfa": True}}
            asked["change"] = {**_object(asked.get("change")), "author": PROPOSER, "requester": None}
        case Promote():
            asked["evidence"] = [*_objects(asked, "evidence"), *_evidence(asked, step, finding)]
        case CloseReview():
            reviews = _objects(asked, "reviews")
            asked["reviews"] = [one for one in reviews if finding.agent not in (None, one.get("agent"))]
        case _:
            _wait_or_leave_out(asked, step, finding)


def _wait_or_leave_out(asked: Document, step: Step, finding: Finding) -> None:
    match step:
        case Unlabel():
            asked["break_glass"] = None
        case Wait(until):
            moment = until.isoformat().replace("+00:00", "Z")
            asked["now"] = moment
            if isinstance(asked.get("break_glass"), dict):
                asked["break_glass"] = {**_object(asked["break_glass"]), "as_of": moment}
        case Withdraw():
            places = _places(asked, finding)
            asked["deployments"] = [one for one in _objects(asked, "deployments") if one not in places]
            if finding.environment is None and finding.agent is None:
                asked["files"] = []
        case _:
            return  # a split is done last, and the others change nothing


def _places(asked: Document, finding: Finding) -> list[Document]:
    """Return the deployments that `finding` is about: all when it is about the whole change."""
    return [
        one
        for one in _objects(asked, "deployments")
        if finding.environment in (None, one.get("environment")) and finding.agent in (None, one.get("agent"))
    ]


def _edit(asked: Document, edit: Edit, finding: Finding) -> None:
    if edit.subject is Subject.ENVIRONMENT:
        stated = _object(_object(asked.get("environments")).get(str(finding.environment)))
        for side in ("before", "after"):
            _put(_object(stated.get(side)), edit.field, edit.value)
        return
    for deployment in _places(asked, finding):
        plan = _object(deployment.get("after"))
        match edit.field:
            case "version":
                _choose_version(deployment, plan, edit.value)
            case "digest":
                plan["pinned"] = edit.value is not None
                plan["release"] = plan.get("release") if edit.value is None else json.loads(edit.value)
            case "autoscaling":
                _put(plan, "replicas", edit.value)
            case _:
                _put(plan, edit.field, edit.value)
    asked["deployments"] = [one for one in _objects(asked, "deployments") if one.get("before") != one.get("after")]


def _put(within: Document, field: str, value: str | None) -> None:
    *parents, last = field.split(".")
    for name in parents:
        within = _object(within.get(name))
    if value is None:
        within.pop(last, None)
    else:
        within[last] = json.loads(value)


def _choose_version(deployment: Document, plan: Document, value: str | None) -> None:
    """Put another version in: what it was before brings all that it was, any other is yet to be published."""
    before, abilities = _object(deployment.get("before")), _object(deployment.get("abilities"))
    plan["version"] = None if value is None else json.loads(value)
    plan["release"] = _UNPUBLISHED
    if plan["version"] == before.get("version"):
        plan["release"] = before.get("release")
        deployment["abilities"] = {**abilities, "after": abilities.get("before")}
    told = deployment.get("kinds")
    kinds = [kind for kind in told if kind not in _STEPS] if isinstance(told, list) else []
    deployment["kinds"] = [*kinds, *_direction(before, plan)] or [Kind.RECONFIGURED.value]


def _direction(before: Document, after: Document) -> Iterator[str]:
    old, new = (_precedence(plan.get("version")) for plan in (before, after))
    if old is not None and new is not None and old != new:
        yield _STEPS[new < old]


def _precedence(version: object) -> Precedence | None:
    try:
        return Precedence(Version(str(version)))
    except InputError:
        return None  # what is no version stands nowhere among others


def _evidence(asked: Document, step: Promote, finding: Finding) -> Iterator[Document]:
    tiers = {name: _object(stated).get("tier") for name, stated in _object(asked.get("environments")).items()}
    environment = next((name for name, tier in sorted(tiers.items()) if tier == step.tier.value), step.tier.value)
    for deployment in _places(asked, finding):
        yield {
            "environment": environment,
            "tier": step.tier.value,
            "agent": deployment.get("agent"),
            "release": _object(deployment.get("after")).get("release"),
            "completed_at": asked.get("now"),
        }


def _parts(asked: Document, splits: Sequence[Split]) -> Iterator[Mapping[str, object]]:
    """Yield the change in parts no larger than every split allows; what governs stands alone, without break-glass."""
    files = _objects(asked, "files")
    governing = [file for file in files if file.get("kind") == "governance"]
    others = [file for file in files if file.get("kind") != "governance"]
    pieces = list(_pieces(_objects(asked, "deployments"), splits)) or ([[]] if others else [])
    for index, piece in enumerate(pieces):
        yield {**asked, "deployments": piece, "files": others if index == 0 else []}
    if governing:
        yield {**asked, "deployments": [], "files": governing, "break_glass": None}


def _pieces(deployments: Sequence[Document], splits: Sequence[Split]) -> Iterator[list[Document]]:
    piece: list[Document] = []
    for deployment in deployments:
        if piece and any(_is_too_large([*piece, deployment], split) for split in splits):
            yield piece
            piece = []
        piece = [*piece, deployment]
    if piece:
        yield piece


def _is_too_large(piece: Sequence[Document], split: Split) -> bool:
    counted = [
        (len(piece), split.deployments),
        (sum(one.get("tier") == "production" for one in piece), split.production),
        (len({str(one.get("agent")) for one in piece}), split.agents),
    ]
    return any(most is not None and found > most for found, most in counted)


def _objects(within: Document, name: str) -> list[Document]:
    found = within.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _object(value: object) -> Document:
    """Return `value`, or an empty object that stands for nothing."""
    return value if isinstance(value, dict) else {}
