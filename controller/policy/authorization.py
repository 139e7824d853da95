"""What a person may do outside of a pull request: the questions to `data.dvo.authz`, and its answers.

The document holds groups, a permission and a tier, and nothing a person typed. Only an object
whose `allow` is literally true allows; `false` denies, and whatever else comes back is a
policy that is broken. Which groups permit what is policy, decided in Rego.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Standing:
    """What the policies make of somebody's groups."""

    roles: Mapping[str, tuple[str, ...]]
    """By role: which of the groups give it, sorted."""
    permissions: frozenset[Permission]


def authorization_document(principal: Principal, permission: Permission, tier: Tier | None) -> Mapping[str, object]:
    """Return the input that asks whether `principal` has `permission`, perhaps in an environment of `tier`."""
    return {
        "groups": sorted(principal.groups),
        "permission": permission.value,
        "tier": None if tier is None else tier.value,
    }


def standing_document(principal: Principal) -> Mapping[str, object]:
    """Return the input that asks for all roles and permissions of `principal`."""
    return {"groups": sorted(principal.groups)}


def read_standing(raw: object) -> Standing:
    """Return the standing that `raw`, the value at `data.dvo.authz.standing`, tells; else raise `PolicyError`."""
    if not isinstance(raw, Mapping) or raw.keys() != {"roles", "permissions"}:
        raise PolicyError("expected an object with roles and permissions at data.dvo.authz.standing")
    roles, permissions = raw["roles"], raw["permissions"]
    if not isinstance(roles, Mapping) or not all(map(_is_texts, roles.values())):
        raise PolicyError("expected groups by role at data.dvo.authz.standing.roles")
    if not _is_texts(permissions) or not set(permissions) <= set(Permission):
        raise PolicyError("expected the published permissions at data.dvo.authz.standing.permissions")
    by_role = {role: tuple(sorted(roles[role])) for role in sorted(roles)}
    return Standing(by_role, frozenset(map(Permission, permissions)))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def read_authorization(raw: object) -> bool:
    """Return whether `raw`, the value at `data.dvo.authz.allow`, allows; `PolicyError` for no boolean."""
    if not isinstance(raw, bool):
        raise PolicyError(f"expected true or false at data.dvo.authz.allow, got {type(raw).__name__}")
    return raw
