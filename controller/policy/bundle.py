"""The policy bundle of a tree: which files judge, and the digest that names them.

Everything below `policies/rego/` except tests, as OPA's bundle format wants it; the
revision in its manifest is the digest over the sorted (path, content).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from controller.change.names import Digest, RepoPath
from controller.desired_state.release import release_digest

FOLDER = "policies/rego/"
_PLACE = re.compile(rf"({FOLDER}[A-Za-z0-9_./-]+\.rego):([1-9][0-9]{{0,6}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """The files of one policy revision, keyed by path below the policy folder."""

    files: Mapping[str, bytes]
    digest: Digest


def policy_bundle(files: Mapping[str, bytes]) -> PolicyBundle:
    """Return the bundle of the policy files of one tree, keyed by path below the policy folder."""
    judging = {path: content for path, content in files.items() if not _is_test(path)}
    return PolicyBundle(judging, release_digest(judging))


def place_of(message: str) -> tuple[RepoPath, int]:
    """Return the file and line that a message of the policy engine names first; else the policy folder itself."""
    found = _PLACE.search(message)
    return (RepoPath(FOLDER.rstrip("/")), 1) if found is None else (RepoPath(found[1]), int(found[2]))


def _is_test(path: str) -> bool:
    return path.endswith("_test.rego") or path.startswith("tests/")
