"""A commit on a new branch of a clone, made beside its working tree, which is not touched.

Plumbing with an index of its own: no hook runs and no file is checked out. The commit is the
person's, under the name their configuration gives.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from controller.adapters.git_local.command import GitRefusedError
from controller.errors import UnavailableError

_SECONDS = 60


def commit_on_branch(clone: Path, branch: str, changes: Mapping[str, bytes | None], message: str) -> str:
    """Commit `changes` (None removes a file) onto HEAD as the new `branch`, and return the commit's id.

    Raises `GitRefusedError` for no clone, a branch that exists or a person without a name, and
    `UnavailableError` when Git does not run.
    """
    with tempfile.TemporaryDirectory(prefix="dvo-index-") as private:
        index = f"{private}/index"
        head = _git(clone, index, "rev-parse", "--verify", "HEAD^{commit}")
        _git(clone, index, "read-tree", head)
        for path, content in sorted(changes.items()):
            if content is None:
                _git(clone, index, "update-index", "--force-remove", "--", path)
            else:
                blob = _git(clone, index, "hash-object", "-w", "--stdin", content=content)
                _git(clone, index, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        tree = _git(clone, index, "write-tree")
        commit = _git(clone, index, "commit-tree", tree, "-p", head, content=message.encode())
        _git(clone, index, "update-ref", f"refs/heads/{branch}", commit, "0" * 40)
    return commit


def _git(clone: Path, index: str, *arguments: str, content: bytes = b"") -> str:
    kept = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME", "PATH") if name in os.environ}
    try:
        done = subprocess.run(
            ["git", "-C", str(clone), "-c", "core.hooksPath=/dev/null", *arguments],
            input=content,
            capture_output=True,
            env={**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_INDEX_FILE": index},
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"git does not run: {error}", component="git") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise GitRefusedError(f"git refused in {clone}: {said[-300:]}")
    return done.stdout.decode().strip()
