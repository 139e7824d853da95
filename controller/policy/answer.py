"""What OPA answers for one pull request: rules, findings, roles.

The object of `data.dvo.decision`, checked in full before anyone reads it. A field that is
missing, of another type or unknown makes the whole answer malformed, and a malformed answer
admits nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.change.names import RepoPath
from controller.identity.principal import PrincipalId
from controller.policy.remedy import Step

DEFAULT_RULES = frozenset(
    {"mc-prod-approval", "mc-deny-direct-prod", "mc-weekend-block", "mc-business-hours", "mc-audit-all"}
)
"""The rules every answer must have evaluated; without one of them it admits nothing."""


class Action(StrEnum):
    """What a finding asks for."""

    DENY = "deny"
    REQUIRE_APPROVAL = "require_approval"
    WARN = "warn"
    AUDIT_ONLY = "audit_only"


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """What a `require_approval` finding asks: how many distinct people, of which roles, how fresh."""

    required_roles: frozenset[str]
    """Holding any one of them is enough."""
    min_approvals: int
    expiry_hours: int


@dataclass(frozen=True, slots=True)
class ReviewTerms:
    """The review that must follow what is admitted on such terms: within how many days."""

    due_days: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found; the place is None where it concerns the whole change."""

    rule: str
    action: Action
    message: str
    remediation: str
    environment: str | None
    agent: str | None
    path: RepoPath | None
    line: int | None
    until: datetime | None
    """A deny that ends by itself: it holds the deployment until then."""
    terms: ApprovalTerms | None
    """Present exactly when the action is `require_approval`."""
    review: ReviewTerms | None = None
    """What must follow, with some that require approval."""
    is_waived: bool = False
    """A warning that was a denial: break-glass waives it."""
    remedy: tuple[Step, ...] = ()
    """What would turn it green, as its rule declares; empty where it declares nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A well-formed answer of the policy that was asked."""

    rules: frozenset[str]
    findings: tuple[Finding, ...]
    roles: Mapping[PrincipalId, frozenset[str]]
    revision: str
    """The digest of the bundle that answered, as OPA's provenance reports it."""
    decision_id: str
