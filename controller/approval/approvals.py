"""Who has approved a change, whose approval does not count and why, and who is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.change.facts import Review
from controller.change.names import Digest, RepoPath
from controller.desired_state.effect_change import EffectChange
from controller.identity.principal import Principal, PrincipalId
from controller.ownership.owner import Owner


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many distinct people, each holding one of the roles and owning one of the paths."""

    reason: str
    """The id of the rule that asks, or ``codeowners`` for paths that always need their owners."""
    roles: frozenset[str]
    """Empty: any role will do."""
    minimum: int
    expiry_hours: int | None
    paths: tuple[RepoPath, ...]
    """Each of them needs at least one owner among those who approved."""


@dataclass(frozen=True, slots=True)
class SeenReview:
    """A review, who stands behind it, and the effect its author saw."""

    review: Review
    principal: Principal | None
    effect: Digest | None
    """None when the reviewed commit can no longer be fetched or its effect not be told."""
    since: tuple[EffectChange, ...] = ()
    """What is otherwise now than its author saw."""


@dataclass(frozen=True, slots=True)
class ApprovalCase:
    """All facts that approvals are weighed on."""

    requirements: tuple[Requirement, ...]
    owners: Mapping[RepoPath, tuple[Owner, ...]]
    """Of each path that needs approval; an empty tuple is an unowned path, which nobody can approve."""
    members: Mapping[Owner, frozenset[PrincipalId]]
    """Who stands behind each owner now."""
    reviews: tuple[SeenReview, ...]
    roles: Mapping[PrincipalId, frozenset[str]]
    people: Mapping[PrincipalId, Principal]
    excluded: Mapping[PrincipalId, str]
    """Who may not approve this change, and as what they took part in it (``author``, ``committer`` ...)."""
    extra_approvals: int
    """Added to every minimum, for example when nobody knows who pushed the head."""
    effect: Digest
    as_of: datetime
    """Now, or the moment of the merge: after it an approval does not age."""
    doubts: Mapping[RepoPath, tuple[str, ...]] = field(default_factory=dict)
    """Why a path has fewer owners than its line names, or none; for the reader of the check."""
    outlived: frozenset[tuple[int, int]] = frozenset()
    """Review and hours: approvals told to be too old once, which no clock makes young again."""


class Discount(StrEnum):
    """Why a review that approves does not count; later ones come nearer to counting."""

    UNKNOWN_PERSON = "unknown_person"
    MACHINE = "machine"
    TOOK_PART = "took_part"
    NO_MFA = "no_mfa"
    NOT_AN_OWNER = "not_an_owner"
    LACKS_ROLE = "lacks_role"
    OTHER_EFFECT = "other_effect"
    EFFECT_UNKNOWN = "effect_unknown"
    TOO_OLD = "too_old"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class Counted:
    """An approval that counts, for the requirements named."""

    principal: Principal
    review: Review
    reasons: tuple[str, ...]
    until: datetime | None = None
    """Up to when it is young enough for each of them; None: for ever."""


@dataclass(frozen=True, slots=True)
class Discounted:
    """A review that approves but does not count."""

    review: Review
    principal: Principal | None
    discount: Discount
    explanation: str
    """One sentence for the reader of the check."""
    since: tuple[EffectChange, ...] = ()
    """What voided it, when it saw another effect."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is still needed for one requirement, and who could give it."""

    requirement: Requirement
    count: int
    """How many more approvals."""
    uncovered: tuple[RepoPath, ...]
    """Paths none of whose owners has approved."""
    candidates: tuple[Principal, ...]
    """Sorted by login; empty means nobody can, which the check must say."""
    doubts: tuple[str, ...] = ()
    """What is wrong with the owners of the uncovered paths, each once."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """The outcome: complete when nothing is missing and nobody objects."""

    counted: tuple[Counted, ...]
    discounted: tuple[Discounted, ...]
    missing: tuple[Missing, ...]
    objections: tuple[Principal, ...]
    """Owners whose latest review requests changes."""
    objecting: tuple[Review, ...] = ()
    """Those reviews, in the order of `objections`."""
    outlived: tuple[tuple[int, int], ...] = ()
    """Review and hours: approvals with nothing against them but their age."""

    @property
    def is_needed(self) -> bool:
        """True when anybody was, is or would have to be asked."""
        return bool(self.counted or self.missing or self.objections)

    @property
    def is_complete(self) -> bool:
        """True when every requirement is met and no owner objects."""
        return not self.missing and not self.objections
