"""The edits people make in the story: to an agent's release and to manifests, as text."""

import re
from collections.abc import Mapping

from controller.desired_state.release import release_digest

_PACING = """\
# Budget pacing

## How pacing is measured

Pacing compares the share of the budget that is spent with the share of the flight that is
over. A flight that is half over and has spent 60 percent of its budget paces at 120 percent.

## When to act

Below 90 or above 110 percent for three days in a row, daily caps are moved. Before that,
weekdays and paydays explain most of the distance, and a correction would chase noise.

## What is done about it

Underspending is first looked for in bids and audiences, then in creative fatigue; only then
is budget moved to a channel that still has room on its response curve.
"""


def new_release(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the analyst's files as version 1.1.0, which knows about budget pacing."""
    definition = files["agent.yaml"].decode()
    definition = definition.replace("version: 1.0.0", "version: 1.1.0", 1)
    definition = definition.replace("knowledge:\n", "knowledge:\n  - kb/pacing.md\n", 1)
    return {**files, "agent.yaml": definition.encode(), "kb/pacing.md": _PACING.encode()}


def with_release(manifest: bytes, version: str, files: Mapping[str, bytes]) -> bytes:
    """Return `manifest` moved to a version, pinned to the digest of its files."""
    text = re.sub(r"(?m)^version: .*$", f"version: {version}", manifest.decode())
    return re.sub(r"(?m)^digest: .*$", f"digest: {release_digest(files)}", text).encode()


def with_replicas(manifest: bytes, replicas: int) -> bytes:
    """Return `manifest` with another number of replicas."""
    return re.sub(r"(?m)^replicas: .*$", f"replicas: {replicas}", manifest.decode()).encode()
