"""What an agent release may do, as `agent.yaml` declares it: the facts by which a widening is seen.

Policy compares these before and after a change. They are declarations, hashed with the
release; the runtime that holds an agent to them is its platform's. Events of the ledger carry
them, so that a release is known after its files have left main.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from controller.errors import InputError


class Autonomy(StrEnum):
    """How far an agent goes by itself, least first."""

    ANSWER = "answer"
    PROPOSE = "propose"
    ACT_WITH_APPROVAL = "act_with_approval"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one release may do; every list is sorted and holds each name once."""

    capabilities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    hand_offs: tuple[str, ...] = ()
    autonomy: Autonomy = Autonomy.ANSWER


_LISTS = tuple(field.name for field in fields(Abilities) if field.name != "autonomy")


def abilities_document(abilities: Abilities | None) -> Mapping[str, object] | None:
    """Return `abilities` as JSON values; None stays None, which is unknown."""
    if abilities is None:
        return None
    return {name: list(getattr(abilities, name)) for name in _LISTS} | {"autonomy": abilities.autonomy.value}


def read_abilities(raw: object) -> Abilities | None:
    """Return what `abilities_document` wrote; None for what an older event does not tell.

    Raises `InputError` for anything else.
    """
    if raw is None:
        return None
    if not isinstance(raw, Mapping) or raw.keys() != {*_LISTS, "autonomy"}:
        raise InputError("expected the abilities of a release, got another form")
    try:
        return Abilities(**{name: _names(raw[name]) for name in _LISTS}, autonomy=Autonomy(raw["autonomy"]))
    except ValueError as error:
        raise InputError(f"expected the autonomy of a release: {error}") from error


def _names(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not all(isinstance(name, str) for name in raw):
        raise InputError("expected the names of abilities, got another form")
    return tuple(sorted(set(raw)))
