"""What a person may do outside of a pull request: the question to `data.dvo.authz`, and its answer.

The document holds groups, a permission and a tier, and nothing a person typed. Only an object
whose `allow` is literally true allows; `false` denies, and whatever else comes back is a
policy that is broken. Which groups permit what is policy, decided in Rego.
"""

from collections.abc import Mapping
from enum import StrEnum

from controller.desired_state.environment import Tier
from controller.errors import PolicyError
from controller.identity.principal import Principal


class Permission(StrEnum):
    """Everything somebody can be permitted to do."""

    VIEW_STATUS = "view_status"
    VIEW_AUDIT = "view_audit"
    VALIDATE = "validate"
    DEPLOY_DEV = "deploy_dev"
    DEPLOY_STAGING = "deploy_staging"
    DEPLOY_PROD = "deploy_prod"
    APPROVE_PROD = "approve_prod"
    ROLLBACK = "rollback"
    MANAGE_POLICIES = "manage_policies"
    MANAGE_CAPABILITIES = "manage_capabilities"


def authorization_document(principal: Principal, permission: Permission, tier: Tier | None) -> Mapping[str, object]:
    """Return the input that asks whether `principal` has `permission`, perhaps in an environment of `tier`."""
    return {
        "groups": sorted(principal.groups),
        "permission": permission.value,
        "tier": None if tier is None else tier.value,
    }


def read_authorization(raw: object) -> bool:
    """Return whether `raw`, the value at `data.dvo.authz.allow`, allows; `PolicyError` for no boolean."""
    if not isinstance(raw, bool):
        raise PolicyError(f"expected true or false at data.dvo.authz.allow, got {type(raw).__name__}")
    return raw
