"""The demo's world: a sandbox, a repository seeded from this project, and the same controller as `serve`.

The only differences from production are where the code host is and that the clock can be
moved; `serve` has no setting for either.
"""

import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
import yaml

from controller.adapters.git_ledger import verify
from controller.adapters.process.deployer import ProcessDeployer
from controller.compose.entrance import demo_entrance
from controller.compose.production import Controller, controller, server_config
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import ConfigurationError, UnavailableError
from controller.policy.library import RECORD, record
from controller.sandbox.person import Person
from controller.sandbox.records import Permission, Protection, RequiredCheck
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import AppCredentials, AppSeed, Seeds
from controller.sandbox.server import bound_socket
from controller.settings import load_settings, process_environment

REPOSITORY = "acme-agents/agents"
_ORGANIZATION, _, _ = REPOSITORY.partition("/")
_FOLDERS = ("agents", "environments", "policies")
_TEAMS = {
    "release-managers": ("rita-release", "ravi-release"),
    "operators": ("omar-ops", "rita-release", "ravi-release"),
    "developers": ("dana-dev", "omar-ops"),
    "admins": ("ada-admin",),
}


@dataclass
class MovableClock:
    """A clock that runs like the real one, from wherever it was set."""

    _offset_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        """Return the present of the demo."""
        with self._lock:
            return datetime.fromtimestamp(time.time() + self._offset_seconds, UTC)

    def move(self, moment: datetime) -> None:
        """Make it `moment` now."""
        with self._lock:
            self._offset_seconds = moment.timestamp() - time.time()


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """The running parts, as the story uses them."""

    sandbox: Sandbox
    built: Controller
    clock: MovableClock
    url: str
    """Where the controller answers."""
    home: Path
    """What the controller keeps for itself, with its ledger and who may sign that."""
    directory_file: Path
    people: tuple[str, ...]
    """The logins of everybody one can be."""

    @property
    def ledger(self) -> Path:
        """The ledger's repository."""
        return self.built.ledger

    @property
    def pages(self) -> str:
        """The address of the code host's pages, for a browser."""
        return f"{self.sandbox.url}/{REPOSITORY}"

    def person(self, login: str) -> Person:
        """Return somebody to act as."""
        return self.sandbox.person(login, REPOSITORY)

    def move_clock(self, moment: datetime) -> None:
        """Make it `moment` for the controller and for the code host."""
        self.clock.move(moment)

    def verify(self, ledger: Path) -> tuple[int, str | None]:
        """Return how many entries of a ledger hold, and the first fault in words, if any."""
        report = verify(ledger, self.built.allowed_signers)
        return report.entries, None if report.fault is None else str(report.fault)


@contextmanager
def demo_world(home: Path, project: Path) -> Iterator[DemoWorld]:
    """Give a running world below `home`, its repository seeded from `project`."""
    clock = MovableClock()
    people = project / "examples" / "directory.yaml"
    listener = bound_socket("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Sandbox.running(home / "sandbox", clock=clock.now) as sandbox:
        credentials = seed(sandbox.seeds, project, people, f"{url}/webhooks/github")
        known = _with_bot(people, credentials, home / "directory.yaml")
        settings = load_settings(_environment(home / "controller", known, sandbox, credentials))
        try:
            with controller(settings, clock, demo_entrance(url)) as built, _served(built, listener):
                yield DemoWorld(sandbox, built, clock, url, settings.home, known, _logins(people))
        finally:
            stop_agents(settings.home)


def seed(seeds: Seeds, project: Path, people: Path, webhook_url: str | None) -> AppCredentials:
    """Fill a sandbox: the people of a directory file, their teams, a protected repository, and the App."""
    for person in _listed(people):
        seeds.add_person(person["login"], github_id=person["github_id"], emails=person["emails"])
    seeds.add_organization(_ORGANIZATION, owners=["ada-admin"])
    for slug, members in _TEAMS.items():
        seeds.add_team(_ORGANIZATION, slug, members=members)
    seeds.add_repository(REPOSITORY, project_content(project), author="ada-admin")
    for slug in _TEAMS:
        seeds.grant(REPOSITORY, Permission.WRITE, team=slug)
    seeds.grant(REPOSITORY, Permission.READ, person="vera-view")
    seeds.grant(REPOSITORY, Permission.ADMIN, person="ada-admin")
    app = seeds.add_app(AppSeed("dvo", _ORGANIZATION, webhook_url=webhook_url, webhook_secret=secrets.token_hex(24)))
    checks = [RequiredCheck(name, app.app_id) for name in ("dvo/policy", "dvo/approval")]
    seeds.protect(REPOSITORY, Protection(required_checks=checks))
    return app


def _with_bot(people: Path, app: AppCredentials, known: Path) -> Path:
    """Write the directory of `people` and of the App's bot, who proposes to put back what was refused."""
    address = f"{app.bot_id}+{app.bot_login}@users.noreply.github.com"
    bot = {"login": app.bot_login, "github_id": app.bot_id, "emails": [address], "kind": "bot"}
    known.write_text(yaml.safe_dump({"people": [*_listed(people), bot]}, sort_keys=False), "utf-8")
    return known


def _listed(people: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(people.read_text("utf-8"))["people"])


def _logins(people: Path) -> tuple[str, ...]:
    return tuple(person["login"] for person in _listed(people))


def stop_agents(home: Path) -> None:
    """Stop every agent below a controller's home: they outlive their controller on purpose, but not their world."""
    deployer = ProcessDeployer(home)
    for place in home.glob("runtime/*/*"):
        deployer.remove(Key(EnvironmentName(place.parent.name), AgentCode(place.name.upper())))


@contextmanager
def _served(built: Controller, listener: socket.socket) -> Iterator[None]:
    """Serve the controller on a bound socket in a thread of this process while the block lasts."""
    server = uvicorn.Server(server_config(built.app, "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), name="controller", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise UnavailableError("the controller did not start; its log says why", component="demo")
            thread.join(0.05)
        yield
    finally:
        server.should_exit = True
        thread.join()


def _environment(home: Path, people: Path, sandbox: Sandbox, app: AppCredentials) -> Mapping[str, str]:
    own = {
        "DVO_HOME": str(home),
        "DVO_REPOSITORY": REPOSITORY,
        "DVO_DIRECTORY_FILE": str(people),
        "GITHUB_API_URL": sandbox.api_url,
        "GITHUB_APP_ID": str(app.app_id),
        "GITHUB_APP_PRIVATE_KEY": app.private_key,
        "GITHUB_WEBHOOK_SECRET": app.webhook_secret,
    }
    return {"PATH": process_environment().get("PATH", "")} | own


def project_content(project: Path) -> Mapping[str, bytes]:
    """Return the governed files of this project: a whole repository to begin with."""
    files = [path for folder in _FOLDERS for path in sorted((project / folder).rglob("*")) if path.is_file()]
    owners = project / ".github" / "CODEOWNERS"
    if not files or not owners.is_file():
        raise ConfigurationError(f"expected the project's agents, environments and policies in {project}")
    content = {path.relative_to(project).as_posix(): path.read_bytes() for path in (*files, owners)}
    return {**content, RECORD: record(content)}
