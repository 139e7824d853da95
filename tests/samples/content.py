"""The sample content of this project, read as a release would be."""

from collections.abc import Mapping
from pathlib import Path

from controller.change.names import ObjectId, RepoPath
from controller.desired_state.manifest import (
    AgentCode,
    EnvironmentName,
    Key,
    Manifest,
    Model,
    Platform,
    Rollout,
    RolloutStrategy,
    Version,
)
from controller.desired_state.plan import Plan
from controller.desired_state.release import Release, release_digest

ROOT = Path(__file__).parents[2]
CODES = ("anl", "gha", "orc")
ENVIRONMENTS = ("development", "staging", "production")


def release_files(code: str) -> Mapping[str, bytes]:
    """Return the files of one sample agent, keyed by path below its folder."""
    folder = ROOT / "agents" / code
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def plan_for(
    files: Mapping[str, bytes],
    *,
    code: str = "ANL",
    version: str = "1.0.0",
    platform: Platform = Platform.FASTAPI,
    model: Model | None = None,
) -> Plan:
    """Return a plan that runs the release `files` in development."""
    agent = AgentCode(code)
    manifest = Manifest(
        key=Key(EnvironmentName("development"), agent),
        path=RepoPath(f"environments/development/{code.lower()}.yaml"),
        version=Version(version),
        digest=None,
        platform=platform,
        replicas=1,
        regions=("westeurope",),
        model=model,
        variables={"LOG_LEVEL": "INFO"},
        secrets={"API_KEY": "keyvault://vault/name"},
        rollout=Rollout(RolloutStrategy.ALL_AT_ONCE, 30, auto_rollback=True),
        lines={},
    )
    release = Release(agent, Version(version), release_digest(files), ObjectId("0" * 40))
    return Plan(manifest, release, platform, 1, ("westeurope",))
