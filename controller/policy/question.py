"""What the policy is asked: the facts of one change, before they become a JSON document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.change.names import Digest
from controller.desired_state.environment import Tier
from controller.desired_state.manifest import Key
from controller.desired_state.proposal import Proposal
from controller.identity.principal import Principal, PrincipalId


class Purpose(StrEnum):
    """Why the question is asked; the answer may not depend on it, its reader does."""

    PULL_REQUEST = "pull_request"
    DEPLOYMENT = "deployment"
    SIMULATION = "simulation"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A deployment that became healthy: which release, where, when."""

    key: Key
    tier: Tier
    release: Digest
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class BreakGlassAsked:
    """Break-glass is asked for this effect: since when, and at which moment it must still be in time."""

    since: datetime
    as_of: datetime
    """Now, or the moment of the merge."""


@dataclass(frozen=True, slots=True)
class OpenReview:
    """The review of a break-glass deployment that nobody has closed as it must be."""

    key: Key
    due: datetime
    issue: int | None
    """None until its issue is open."""


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a policy may know; no names, addresses, titles or messages."""

    purpose: Purpose
    now: datetime
    author: PrincipalId | None
    """None when nobody knows who opened the change."""
    requester: PrincipalId | None
    """The person a bot opened it for, from the ledger."""
    people: Mapping[PrincipalId, Principal]
    proposal: Proposal
    evidence: tuple[Evidence, ...]
    """All there is; the document holds what is about the agents that change."""
    break_glass: BreakGlassAsked | None = None
    restores: bool = False
    """Whether the change does nothing but put back, as it was admitted, what was refused on main."""
    reviews: tuple[OpenReview, ...] = ()
