"""What a rule says would turn its finding green, for machines: the steps of a remedy.

A finding carries them as `params.remedy`, an array; docs/reference/remedies.md is their form.
A person reads the finding's `remediation`; the steps say the same so that it can be proven.
What a step does to the question is decided in `remedies`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from controller.desired_state.environment import Tier
from controller.errors import PolicyError
from controller.policy.json_value import array, distinct, fields, instant, member, text, whole_number
from controller.policy.roles import ROLES

_STEPS = 10
_FIELD = 1000
_GROUPS = 100
_MANY = 1_000_000


class Subject(StrEnum):
    """Which file an edit is made in: the manifest of the finding's deployment, or its environment.yaml."""

    DEPLOYMENT = "deployment"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Edit:
    """Write another value into a field, or take the field away."""

    subject: Subject
    field: str
    """As the file names it, nested ones with dots: ``replicas``, ``variables.LOG_LEVEL``."""
    value: str | None
    """As JSON; None takes the field away."""
    is_example: bool = False
    """Other values would do as well."""


@dataclass(frozen=True, slots=True)
class Propose:
    """Have the same change proposed by somebody with a role."""

    role: str
    groups: tuple[str, ...]
    """Each of them gives the role; never empty."""


@dataclass(frozen=True, slots=True)
class Promote:
    """Let the same release run healthy in an environment of a tier first."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class Split:
    """Make several pull requests of it, each with at most so many; governance goes into one of its own."""

    deployments: int | None
    production: int | None
    """Deployments in production tiers."""
    agents: int | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Come back at a time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class CloseReview:
    """Have the open break-glass reviews of the finding's agent closed."""


@dataclass(frozen=True, slots=True)
class Unlabel:
    """Take the request for break-glass back."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Nothing in the change helps: the policies or the controller are mended by those who own them."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Nothing else helps: leave what the finding is about out of the change."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing needs doing; only what does not stop a change may say so."""


Step = Edit | Propose | Promote | Split | Wait | CloseReview | Unlabel | Repair | Withdraw | Nothing

_PLAIN: Mapping[str, Step] = {
    "close_review": CloseReview(),
    "unlabel": Unlabel(),
    "repair": Repair(),
    "withdraw": Withdraw(),
    "nothing": Nothing(),
}
_KINDS = ("edit", "propose", "promote", "split", "wait", *_PLAIN)
_VALUES = ("value", "example", "remove")
_LIMITS = ("deployments", "production", "agents")


def read_steps(raw: object, place: str, *, stops: bool) -> tuple[Step, ...]:
    """Return the steps of the remedy of a finding that `stops` a change, or not.

    Raises `PolicyError`, naming the place, for anything else than well-formed steps.
    """
    items = array(raw, place)
    if not 1 <= len(items) <= _STEPS:
        raise PolicyError(f"expected 1 to {_STEPS} steps at {place}, got {len(items)}")
    steps = tuple(distinct([_step(item, at) for at, item in items], place))
    if stops and Nothing() in steps:
        raise PolicyError(f"expected a remedy at {place}, because the finding stops the change, got `nothing`")
    return steps


def steps_document(steps: tuple[Step, ...]) -> list[Mapping[str, object]]:
    """Return `steps` as a policy states them."""
    return [_document(step) for step in steps]


def _step(raw: object, place: str) -> Step:
    step = fields(raw, place)
    kind = member(step.get("kind"), f"{place}.kind", _KINDS)
    match kind:
        case "edit":
            return _edit(step, place)
        case "propose":
            fields(step, place, {"kind", "role", "groups"})
            return Propose(member(step["role"], f"{place}.role", ROLES), _groups(step["groups"], f"{place}.groups"))
        case "promote":
            fields(step, place, {"kind", "tier"})
            return Promote(Tier(member(step["tier"], f"{place}.tier", list(Tier))))
        case "split":
            return _split(step, place)
        case "wait":
            fields(step, place, {"kind", "until"})
            return Wait(instant(step["until"], f"{place}.until"))
    fields(step, place, {"kind"})
    return _PLAIN[kind]


def _edit(step: dict[str, object], place: str) -> Edit:
    given = [name for name in _VALUES if name in step]
    if len(given) != 1:
        raise PolicyError(f"expected one of {', '.join(_VALUES)} at {place}, got {len(given)}")
    fields(step, place, {"kind", "of", "field", given[0]})
    subject = Subject(member(step["of"], f"{place}.of", list(Subject)))
    field = text(step["field"], f"{place}.field", longest=_FIELD)
    if given[0] == "remove":
        if step["remove"] is not True:
            raise PolicyError(f"expected true at {place}.remove, got another value")
        return Edit(subject, field, None)
    value = text(_json(step[given[0]], f"{place}.{given[0]}"), f"{place}.{given[0]}", longest=_FIELD)
    return Edit(subject, field, value, is_example=given[0] == "example")


def _json(value: object, place: str) -> str:
    try:
        return json.dumps(value, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise PolicyError(f"expected a JSON value at {place}, got a number without end") from error


def _groups(raw: object, place: str) -> tuple[str, ...]:
    groups = [text(item, at) for at, item in array(raw, place)]
    if not 1 <= len(groups) <= _GROUPS:
        raise PolicyError(f"expected 1 to {_GROUPS} groups at {place}, got {len(groups)}")
    return tuple(distinct(groups, place))


def _split(step: dict[str, object], place: str) -> Split:
    limits = {name: whole_number(step[name], f"{place}.{name}", 1, _MANY) for name in _LIMITS if name in step}
    fields(step, place, {"kind", *limits})
    if not limits:
        raise PolicyError(f"expected one of {', '.join(_LIMITS)} at {place}, got none")
    return Split(limits.get("deployments"), limits.get("production"), limits.get("agents"))


def _document(step: Step) -> Mapping[str, object]:
    match step:
        case Edit(subject, field, value, is_example):
            told: Mapping[str, object] = {"kind": "edit", "of": subject.value, "field": field}
            if value is None:
                return {**told, "remove": True}
            return {**told, "example" if is_example else "value": json.loads(value)}
        case Propose(role, groups):
            return {"kind": "propose", "role": role, "groups": list(groups)}
        case Promote(tier):
            return {"kind": "promote", "tier": tier.value}
        case Split(deployments, production, agents):
            limits = dict(zip(_LIMITS, (deployments, production, agents), strict=True))
            return {"kind": "split", **{name: most for name, most in limits.items() if most is not None}}
        case Wait(until):
            return {"kind": "wait", "until": until.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    return {"kind": next(kind for kind, plain in _PLAIN.items() if plain == step)}
