"""A release of an agent: the tree `agents/<code>/` and its content digest.

The digest is SHA-256 over the sorted (path, SHA-256 of the bytes) of the tree, paths
relative to the agent's folder. A published version never changes its digest.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from controller.change.names import CommitSha, Digest, ObjectId
from controller.desired_state.abilities import Abilities
from controller.desired_state.manifest import AgentCode, Version


@dataclass(frozen=True, slots=True)
class Release:
    """One version of an agent, as its tree holds it."""

    agent: AgentCode
    version: Version
    digest: Digest
    tree: ObjectId
    abilities: Abilities | None = None
    """What it may do; None when nobody recorded it."""


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release that a merge published, as the ledger tells it."""

    release: Release
    commit: CommitSha


def release_digest(files: Mapping[str, bytes]) -> Digest:
    """Return the content digest of an agent's files, keyed by path below its folder."""
    lines = (f"{path}\0{hashlib.sha256(content).hexdigest()}\n" for path, content in sorted(files.items()))
    return Digest("sha256:" + hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest())
