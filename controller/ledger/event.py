"""One thing that happened, as the journal and the ledger tell it.

The types are the published ones; a person is named by principal id, details are JSON values
without secrets. An event's id is given by whoever records it and never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """Every type of event there is."""

    AUTH_LOGIN = "auth.login"
    AUTH_LOGOUT = "auth.logout"
    AUTH_FAILED = "auth.failed"
    AUTH_TOKEN_REFRESH = "auth.token_refresh"  # noqa: S105 - the name of an event, not a token
    AUTHZ_GRANTED = "authz.granted"
    AUTHZ_DENIED = "authz.denied"
    AUTHZ_ROLE_CHANGE = "authz.role_change"
    DEPLOY_INITIATED = "deploy.initiated"
    DEPLOY_VALIDATED = "deploy.validated"
    DEPLOY_STARTED = "deploy.started"
    DEPLOY_COMPLETED = "deploy.completed"
    DEPLOY_FAILED = "deploy.failed"
    DEPLOY_ROLLED_BACK = "deploy.rolled_back"
    DEPLOY_HELD = "deploy.held"
    DEPLOY_REFUSED = "deploy.refused"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_GRANTED = "approval.granted"
    APPROVAL_DENIED = "approval.denied"
    APPROVAL_EXPIRED = "approval.expired"
    APPROVAL_CANCELLED = "approval.cancelled"
    POLICY_EVALUATED = "policy.evaluated"
    POLICY_CREATED = "policy.created"
    POLICY_MODIFIED = "policy.modified"
    POLICY_DELETED = "policy.deleted"
    CAPABILITY_ENABLED = "capability.enabled"
    CAPABILITY_DISABLED = "capability.disabled"
    CAPABILITY_DEGRADED = "capability.degraded"
    CONFIG_CHANGED = "config.changed"
    CONFIG_ACCESSED = "config.accessed"
    SYSTEM_STARTUP = "system.startup"
    SYSTEM_SHUTDOWN = "system.shutdown"
    SYSTEM_ERROR = "system.error"
    RELEASE_PUBLISHED = "release.published"
    DRIFT_DETECTED = "drift.detected"
    DRIFT_HEALED = "drift.healed"
    LEDGER_SEALED = "ledger.sealed"
    BREAKGLASS_USED = "breakglass.used"


class Severity(StrEnum):
    """How much an event should worry its reader."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, at one time, to one subject."""

    id: str
    """A UUID, given once; what makes a repeated delivery recognisable."""
    type: EventType
    at: datetime
    """Aware, in UTC."""
    actor: str
    """A principal id, or ``dvo`` for the controller itself."""
    subject: str
    """What it is about: ``pull/7``, ``production/ANL``, ``commit/<sha>``, ``release/ANL/1.1.0``, ``main``."""
    severity: Severity = Severity.INFO
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event at its place in the chain; the digest covers the event, the sequence and the link."""

    sequence: int
    """From 1, without gaps."""
    previous: str
    """The digest of the entry before; ``sha256:`` and 64 zeros for the first."""
    event: Event
    digest: str
    """``sha256:`` and 64 hexadecimal digits."""
