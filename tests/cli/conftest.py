"""The real command on a real clone of this project's own content."""

import io
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.cli.app import main
from controller.sandbox.sandbox import Sandbox
from controller.settings import process_environment
from tests.app_key import app_key_pem

ROOT = Path(__file__).parents[2]
PEOPLE = """\
people:
  - {login: dana-dev, github_id: 1001, emails: [dana@example.com], groups: [DVO-Developers], mfa: true}
  - {login: omar-ops, github_id: 1002, emails: [omar@example.com], groups: [DVO-Operators], mfa: true}
"""

Dvo = Callable[..., "Said"]


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Clone:
    """A clone of the governed repository, on a branch of its own."""

    folder: Path
    home: Path

    def git(self, *arguments: str) -> str:
        environment = {"PATH": process_environment()["PATH"], "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], capture_output=True, text=True, env=environment, check=True
        )
        return done.stdout.strip()

    def edit(self, path: str, before: str, after: str) -> None:
        """Replace text in a file and commit it."""
        place = self.folder / path
        content = place.read_text()
        assert before in content
        self.write(path, content.replace(before, after))

    def write(self, path: str, content: str) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "people.yaml").write_text(PEOPLE)
    return folder


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """Return an environment with nothing of whoever runs the tests but where programs are."""
    kept = {name: value for name, value in process_environment().items() if name.startswith(("COVERAGE", "COV_"))}
    return kept | {"PATH": process_environment()["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}


@pytest.fixture
def dvo(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dvo:
    """Return a function that runs `dvo` from its entry point, in this process."""

    def run(*arguments: str, more: Mapping[str, str] = environment) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in process_environment():
                patch.delenv(name)
            for name, value in {**environment, **more}.items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["dvo", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Said(code or 0, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def dvo_process(environment: dict[str, str], tmp_path: Path) -> Dvo:
    """Return a function that runs `dvo` as a process of its own."""

    def run(*arguments: str, more: Mapping[str, str] = environment) -> Said:
        command = [str(Path(sys.executable).parent / "dvo"), *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**environment, **more},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def server(home: Path) -> dict[str, str]:
    """Return complete settings, for a code host and a database that nobody serves."""
    (home / "app.pem").write_text(app_key_pem())
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    return {
        "DVO_REPOSITORY": "acme/agents",
        "GITHUB_API_URL": f"http://127.0.0.1:{port}",
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY_FILE": str(home / "app.pem"),
        "GITHUB_WEBHOOK_SECRET": "0f4b1c9e7d2a86350f4b1c9e7d2a8635",
        "DVO_DIRECTORY_FILE": str(home / "people.yaml"),
        "DATABASE_URL": f"postgresql://dvo:canary-word@127.0.0.1:{port}/dvo",
    }


@pytest.fixture
def clone(tmp_path: Path, home: Path) -> Clone:
    folder = tmp_path / "clone"
    for name in ("agents", "environments", "policies", ".github"):
        shutil.copytree(ROOT / name, folder / name)
    made = Clone(folder, home)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("config", "user.name", "Dana")
    made.git("config", "user.email", "dana@example.com")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "begin")
    made.git("checkout", "--quiet", "-b", "topic")
    return made


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox.running(tmp_path / "sandbox") as running:
        running.seeds.add_person("ada", github_id=1001, emails=["ada@example.com"])
        running.seeds.add_organization("acme", owners=["ada"])
        running.seeds.add_team("acme", "agents", members=["ada"])
        running.seeds.add_repository("acme/agents", {".github/CODEOWNERS": b"* @acme/agents\n"}, author="ada")
        running.seeds.grant("acme/agents", "write", team="agents")
        yield running
