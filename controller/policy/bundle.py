"""The policy bundle of a tree: which files judge, and the digest that names them.

Everything below `policies/rego/` except tests, as OPA's bundle format wants it; the
revision in its manifest is the digest over the sorted (path, content).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.change.names import Digest
from controller.desired_state.release import release_digest

FOLDER = "policies/rego/"


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """The files of one policy revision, keyed by path below the policy folder."""

    files: Mapping[str, bytes]
    digest: Digest


def policy_bundle(files: Mapping[str, bytes]) -> PolicyBundle:
    """Return the bundle of the policy files of one tree, keyed by path below the policy folder."""
    judging = {path: content for path, content in files.items() if not _is_test(path)}
    return PolicyBundle(judging, release_digest(judging))


def _is_test(path: str) -> bool:
    return path.endswith("_test.rego") or path.startswith("tests/")
