"""What exactly would run for one environment and agent, and its digest.

A plan is a manifest resolved: the release behind its version, and platform, replicas and
regions as they stand after capability fallbacks. Its digest, over RFC 8785 canonical JSON,
is what approvals, decisions, the ledger and the deployer all name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.change.names import Digest, digest_of
from controller.desired_state.canonical import canonical_json
from controller.desired_state.manifest import Autoscaling, Key, Manifest, Platform
from controller.desired_state.release import Release


@dataclass(frozen=True, slots=True)
class Plan:
    """What would run; everything that reaches a target is in here, and nothing else."""

    manifest: Manifest
    release: Release
    platform: Platform
    replicas: int | Autoscaling
    regions: tuple[str, ...]

    @property
    def key(self) -> Key:
        """Which deployment this plan is for."""
        return self.manifest.key

    @property
    def digest(self) -> Digest:
        """SHA-256 over the canonical form of everything that would run."""
        return digest_of(canonical_json(plan_document(self)))


def plan_document(plan: Plan) -> Mapping[str, object]:
    """Return `plan` as the JSON object whose canonical bytes are hashed, judged and deployed."""
    manifest = plan.manifest
    model = manifest.model
    return {
        "environment": manifest.key.environment,
        "agent": manifest.key.agent,
        "version": manifest.version,
        "release": plan.release.digest,
        "pinned": manifest.digest is not None,
        "platform": plan.platform.value,
        "replicas": _replicas(plan.replicas),
        "regions": list(plan.regions),
        "model": model and {"provider": model.provider, "name": model.name, "temperature": model.temperature},
        "variables": dict(manifest.variables),
        "secrets": dict(manifest.secrets),
        "rollout": {
            "strategy": manifest.rollout.strategy.value,
            "health_timeout_seconds": manifest.rollout.health_timeout_seconds,
            "auto_rollback": manifest.rollout.auto_rollback,
        },
    }


def _replicas(replicas: int | Autoscaling) -> object:
    if isinstance(replicas, Autoscaling):
        return {"min": replicas.min, "max": replicas.max}
    return replicas
