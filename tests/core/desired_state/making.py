"""Trees of a governed repository, made from paths and bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.git_tree import tree_id
from controller.change.names import CommitSha, Digest, ObjectId, RepoPath
from controller.desired_state.abilities import Abilities
from controller.desired_state.manifest import AgentCode, Version
from controller.desired_state.release import PublishedRelease, Release, release_digest

COMMIT = CommitSha("c" * 40)
CHANGED = {"instructions.md": b"Changed.\n"}
MANIFEST = RepoPath("environments/development/anl.yaml")
ENVIRONMENT = RepoPath("environments/development/environment.yaml")


def blob_id(content: bytes) -> ObjectId:
    return ObjectId(hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


def environment(tier: str = "development", **lines: str) -> str:
    fields = {"tier": tier, "time_zone": "Europe/Berlin", "platforms": "{fastapi: process}"} | lines
    return "apiVersion: dvo/v1\nkind: Environment\n" + "".join(f"{key}: {value}\n" for key, value in fields.items())


def manifest(agent: str | None = "ANL", **lines: str | None) -> str:
    fields: dict[str, str | None] = {"agent": agent, "version": "1.0.0", "platform": "fastapi", "replicas": "1"}
    given = {key: value for key, value in (fields | lines).items() if value is not None}
    return "apiVersion: dvo/v1\nkind: AgentDeployment\n" + "".join(f"{key}: {value}\n" for key, value in given.items())


def agent_files(agent: str = "ANL", version: str = "1.0.0") -> dict[str, bytes]:
    head = f"code: {agent}\nversion: {version}\nname: Somebody\n".encode()
    return {"agent.yaml": head, "instructions.md": b"Be brief.\n"}


def release(agent: str = "ANL", version: str = "1.0.0", files: Mapping[str, bytes] | None = None) -> Release:
    content = agent_files(agent, version) | dict(files or {})
    entries = {path: TreeEntry(FileMode.REGULAR, blob_id(data)) for path, data in content.items()}
    return Release(AgentCode(agent), Version(version), release_digest(content), tree_id(entries), Abilities())


def published(agent: str = "ANL", version: str = "1.0.0", files: Mapping[str, bytes] | None = None) -> PublishedRelease:
    return PublishedRelease(release(agent, version, files), COMMIT)


def digest_of_release(agent: str = "ANL", version: str = "1.0.0") -> Digest:
    return release(agent, version).digest


@dataclass
class World:
    """Every blob there is, and trees that share them."""

    contents: dict[ObjectId, bytes] = field(default_factory=dict)

    def tree(self, files: Mapping[str, str | bytes], modes: Mapping[str, FileMode] | None = None) -> Snapshot:
        entries: dict[RepoPath, TreeEntry] = {}
        for path, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            self.contents[blob_id(content)] = content
            entries[RepoPath(path)] = TreeEntry((modes or {}).get(path, FileMode.REGULAR), blob_id(content))
        return Snapshot(COMMIT, tree_id(entries), entries)


def small_repository() -> dict[str, str | bytes]:
    """One agent in three environments, all in order."""
    pinned = f"{digest_of_release()}"
    files: dict[str, str | bytes] = {
        "environments/development/environment.yaml": environment(),
        "environments/staging/environment.yaml": environment("staging"),
        "environments/production/environment.yaml": environment("production"),
        "environments/development/anl.yaml": manifest(),
        "environments/staging/anl.yaml": manifest(digest=pinned),
        "environments/production/anl.yaml": manifest(digest=pinned),
        ".github/CODEOWNERS": "* @org/owners\n",
        "policies/rego/main.rego": "package dvo\n",
    }
    files.update({f"agents/anl/{path}": content for path, content in agent_files().items()})
    return files
