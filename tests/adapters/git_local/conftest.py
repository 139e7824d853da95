"""A real repository with the little it needs, and a way to commit to it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.adapters.git_local import LocalRepository
from controller.change.names import CommitSha, commit_sha

BEGINNING = {
    "README.md": b"Agents\n",
    "CODEOWNERS": b"* @dana\n",
    "environments/development/anl.yaml": b"version: 1.0.0\n",
    "agents/anl/agent.yaml": b"code: ANL\n",
    "agents/anl/instructions/main.md": b"Analyse.\n",
    "src/tool.py": b"print()\n",
}
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Work:
    """A work tree that real Git keeps."""

    folder: Path

    def git(self, *arguments: str, content: bytes = b"", environment: Mapping[str, str] = NOTHING) -> str:
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder.parent), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=content,
            capture_output=True,
            env={**own, **environment},
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: Mapping[str, bytes | None]) -> None:
        for path, content in files.items():
            place = self.folder / path
            if content is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    def commit(
        self, files: Mapping[str, bytes | None], message: str = "change", environment: Mapping[str, str] = NOTHING
    ) -> CommitSha:
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message, environment=environment)
        return commit_sha(self.git("rev-parse", "HEAD"))

    @property
    def repository(self) -> LocalRepository:
        return LocalRepository(self.folder)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "clone"
    folder.mkdir()
    made = Work(folder)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("config", "user.name", "Dana")
    made.git("config", "user.email", "dana@example.com")
    made.commit(BEGINNING, "begin")
    return made
