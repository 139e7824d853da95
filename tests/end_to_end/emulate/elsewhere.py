"""The same company on another author's GitHub, with the same controller as `dvo serve` governing its repository.

Everything is made through that GitHub's public API: teams, content, protection, a hook. Every
event arrives twice, by the App's webhook and by the repository's. Its clock is the machine's
and cannot be moved, so the controller's begins on the Friday before: no approval is old by it.
"""

import base64
import itertools
import re
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import uvicorn
import yaml

from controller.change.app_setup import PERMISSIONS
from controller.compose.demo import REPOSITORY, MovableClock, stop_agents
from controller.compose.ledger_copy import sealed_events, verify_ledger
from controller.compose.production import Controller, controller, server_config
from controller.ledger.event import Event
from controller.sandbox.person import Json, Person
from controller.sandbox.server import bound_socket
from controller.settings import load_settings
from controller.web.github_events import HANDLED
from tests.app_key import app_key_pem
from tests.end_to_end.emulate.server import emulate
from tests.end_to_end.process import ROOT
from tests.end_to_end.waiting import until
from tests.opa import opa_binary

CHECKS = ("dvo/policy", "dvo/approval")
_ORGANIZATION, _, _NAME = REPOSITORY.partition("/")
_ADMIN = "ada-admin"
_APP = 77
_TEAMS = {
    "release-managers": ("rita-release", "ravi-release"),
    "operators": ("omar-ops", "rita-release", "ravi-release"),
    "developers": ("dana-dev", "omar-ops"),
    "admins": (_ADMIN,),
}
_ENDPOINT = re.compile(r"http://127\.0\.0\.1:[0-9]+")


@dataclass(frozen=True, slots=True)
class Company:
    """Who there is, and what they sign in with."""

    people: Mapping[str, str]
    """Addresses by login."""
    tokens: Mapping[str, str]
    """Tokens by login."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The running parts, and what people do with them."""

    url: str
    """Where the other GitHub answers."""
    company: Company
    hook: int
    """The repository's webhook."""
    built: Controller
    clock: MovableClock
    """The controller's."""
    friday: datetime
    """When it began."""
    _branches: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, login: str) -> Person:
        return _person(self.url, self.company, login)

    def file(self, path: str) -> bytes:
        """Return a file of main as it is now."""
        answer = self.person(_ADMIN).call("GET", f"/contents/{path}?ref=main")
        return base64.b64decode(str(answer["content"]))

    def propose(self, login: str, files: Mapping[str, bytes], title: str) -> int:
        """Open a pull request from a new branch that starts at main as it is now."""
        person, branch = self.person(login), f"branch-{next(self._branches)}"
        commit = commit_on(person, self.tip(), files, title)
        person.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
        return cast(int, person.call("POST", "/pulls", {"title": title, "head": branch, "base": "main"})["number"])

    def tip(self) -> str:
        """Return the commit main points to."""
        return _sha(self.person(_ADMIN).call("GET", "/git/ref/heads/main")["object"])

    def head(self, number: int) -> str:
        return _sha(self.person(_ADMIN).pull(number)["head"])

    def move_main(self, commit: str, *, force: bool = False) -> None:
        """Let the administrator point main elsewhere, past its protection."""
        self.person(_ADMIN).call("PATCH", "/git/refs/heads/main", {"sha": commit, "force": force})

    def push(self, files: Mapping[str, bytes], message: str) -> str:
        """Let the administrator push a commit straight to main."""
        commit = commit_on(self.person(_ADMIN), self.tip(), files, message)
        self.move_main(commit)
        return commit

    def merge(self, login: str, number: int) -> str:
        return self.person(login).merge(number, sha=self.head(number))

    def check(self, ref: int | str, name: str, conclusion: str | None, says: str = "") -> Json:
        """Wait until a check of a commit (or of a pull request) ends so (None: not yet) and its title says so."""
        commit = self.head(ref) if isinstance(ref, int) else ref

        def look() -> Json | None:
            return next((run for run in self._runs(commit) if _tells(run, name, conclusion, says)), None)

        return until(look, lambda: f"{name} of {ref} to be {conclusion} {says!r}; there is {self._runs(commit)}")

    def green(self, number: int) -> None:
        """Wait until both checks of a pull request are green."""
        for name in CHECKS:
            self.check(number, name, "success")

    def annotations(self, check: Json) -> list[Json]:
        answer = self.person(_ADMIN).call("GET", f"/check-runs/{check['id']}/annotations")
        return cast(list[Json], answer["check_annotations"])

    def deployed(self, merge: str) -> str:
        """Wait until everything in a merge is deployed and return where the agent answers."""
        summary = _output(self.check(merge, "dvo/deploy", "success", "completed"), "summary")
        found = _ENDPOINT.search(summary.replace("`", "").replace("\\", ""))
        assert found is not None, f"the deployment check names no endpoint: {summary}"
        return found.group()

    def deliveries(self) -> list[Json]:
        """Return what became of every delivery of the repository's webhook."""
        return list(self.person(_ADMIN).send("GET", f"/hooks/{self.hook}/deliveries?per_page=100").json())

    def events(self, *subjects: str) -> list[Event]:
        """Return what the sealed ledger tells about subjects, verified on the way."""
        told = sealed_events((self.built.ledger, self.built.allowed_signers))
        return [event for event in told if event.subject in subjects]

    def main(self) -> Mapping[str, object]:
        """Return what the ledger told last of main."""
        return self.events("main")[-1].details

    def assert_ledger_holds(self) -> None:
        report = verify_ledger(self.built.ledger, self.built.allowed_signers)
        assert (report.entries > 0, report.fault) == (True, None)

    def _runs(self, commit: str) -> list[Json]:
        return self.person(_ADMIN).check_runs(commit)


@contextmanager
def elsewhere(folder: Path) -> Iterator[Elsewhere]:
    """Give the company on the other GitHub, its repository seeded from this project and its main seen once."""
    company = _company()
    secret = secrets.token_hex(24)
    clock = MovableClock()
    friday = _last_friday(datetime.now(UTC))
    clock.move(friday)
    with (
        bound_socket("127.0.0.1", 0) as listener,
        emulate(folder, _seeds(company, _webhook(listener), secret)) as url,
    ):
        hook = _furnished(url, company, {"url": _webhook(listener), "secret": secret, "content_type": "json"})
        settings = load_settings(_environment(folder, url, secret) | {"DVO_DIRECTORY_FILE": _directory(folder, url)})
        try:
            with controller(settings, clock) as built, _served(built, listener):
                made = Elsewhere(url, company, hook, built, clock, friday)
                until(lambda: _has_begun(built) and made.events("main"), "the controller to see main once")
                yield made
        finally:
            stop_agents(settings.home)


def commit_on(person: Person, parent: str, files: Mapping[str, bytes], message: str) -> str:
    """Return a new commit of `files` on `parent`; no branch points to it yet."""
    before = cast(dict[str, str], person.call("GET", f"/git/commits/{parent}")["tree"])["sha"]
    entries = [
        {"path": path, "mode": "100644", "type": "blob", "content": content.decode()} for path, content in files.items()
    ]
    tree = person.call("POST", "/git/trees", {"base_tree": before, "tree": entries})["sha"]
    author = {"name": person.login, "email": person.email}
    body: Json = {"message": message, "tree": tree, "parents": [parent], "author": author}
    return str(person.call("POST", "/git/commits", body)["sha"])


def _webhook(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks/github"


def _company() -> Company:
    people = {str(person["login"]): str(person["emails"][0]) for person in _directory_people()}
    return Company(people, {login: secrets.token_hex(20) for login in people})


def _directory_people() -> list[dict[str, Any]]:
    content = yaml.safe_load((ROOT / "examples" / "directory.yaml").read_text("utf-8"))
    return list(content["people"])


def _seeds(company: Company, webhook: str, secret: str) -> dict[str, object]:
    app = {
        "app_id": _APP,
        "slug": "dvo",
        "name": "dvo",
        "private_key": app_key_pem(),
        "permissions": dict(PERMISSIONS),
        "events": sorted(HANDLED),
        "webhook_url": webhook,
        "webhook_secret": secret,
        "installations": [{"installation_id": 100, "account": _ORGANIZATION, "repository_selection": "all"}],
    }
    members = [{"login": login, "role": "admin" if login == _ADMIN else "member"} for login in company.people]
    return {
        "tokens": {
            token: {"login": login, "scopes": ["repo", "user", "admin:org"]} for login, token in company.tokens.items()
        },
        "github": {
            "users": [{"login": login, "name": login, "email": email} for login, email in company.people.items()],
            "orgs": [{"login": _ORGANIZATION, "name": _ORGANIZATION, "members": members}],
            "repos": [{"owner": _ORGANIZATION, "name": _NAME, "auto_init": True}],
            "apps": [app],
        },
    }


def _furnished(url: str, company: Company, hook: Json) -> int:
    """Make what cannot be seeded: teams, content, who may write, a hook, protection; return the hook's number."""
    admin = _person(url, company, _ADMIN)
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {admin.token}"}, trust_env=False) as client:
        for slug, members in _TEAMS.items():
            client.post(f"/orgs/{_ORGANIZATION}/teams", json={"name": slug}).raise_for_status()
            for login in members:
                client.put(f"/orgs/{_ORGANIZATION}/teams/{slug}/memberships/{login}", json={}).raise_for_status()
    for login in {login for members in _TEAMS.values() for login in members}:
        admin.call("PUT", f"/collaborators/{login}", {"permission": "push"})
    start = _sha(admin.call("GET", "/git/ref/heads/main")["object"])
    admin.call("PATCH", "/git/refs/heads/main", {"sha": commit_on(admin, start, _content(), "Begin")})
    protection: Json = {
        "required_status_checks": {"strict": True, "contexts": list(CHECKS)},
        "enforce_admins": False,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    admin.call("PUT", "/branches/main/protection", protection)
    return cast(int, admin.call("POST", "/hooks", {"name": "web", "events": ["*"], "config": hook})["id"])


def _content() -> dict[str, bytes]:
    folders = ("agents", "environments", "policies")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.is_file()]
    content = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}
    return content | {".github/CODEOWNERS": _owners_by_name().encode()}


def _owners_by_name() -> str:
    """Return CODEOWNERS with people for teams: this host cannot say whether a team may write."""
    text = (ROOT / ".github/CODEOWNERS").read_text()
    for slug, members in _TEAMS.items():
        text = text.replace(f"@{_ORGANIZATION}/{slug}", " ".join(f"@{login}" for login in members))
    return text


def _directory(folder: Path, url: str) -> str:
    """Write a directory file of the same people with the ids that this GitHub gave them, and return its path."""
    people = [
        person | {"github_id": httpx.get(f"{url}/users/{person['login']}", trust_env=False).json()["id"]}
        for person in _directory_people()
    ]
    path = folder / "directory.yaml"
    path.write_text(yaml.safe_dump({"people": people}), "utf-8")
    return str(path)


def _environment(folder: Path, url: str, secret: str) -> dict[str, str]:
    return {
        "DVO_HOME": str(folder / "home"),
        "DVO_REPOSITORY": REPOSITORY,
        "GITHUB_API_URL": url,
        "GITHUB_APP_ID": str(_APP),
        "GITHUB_APP_PRIVATE_KEY": app_key_pem(),
        "GITHUB_WEBHOOK_SECRET": secret,
        "OPA_BIN": str(opa_binary()),
    }


def _last_friday(now: datetime) -> datetime:
    """Return the last Friday, ten in the morning, where the environments are."""
    morning = now.astimezone(ZoneInfo("Europe/Berlin")).replace(hour=10, minute=0, second=0, microsecond=0)
    days = (morning.weekday() - 4) % 7
    return morning - timedelta(days=days if days or morning <= now else 7)


@contextmanager
def _served(built: Controller, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(server_config(built.app, "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), name="controller")
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), "the controller to start")
        assert server.started, "the controller ended while it started"
        yield
    finally:
        server.should_exit = True
        thread.join()


def _has_begun(built: Controller) -> bool:
    return built.ledger.is_dir() and verify_ledger(built.ledger, built.allowed_signers).entries > 0


def _person(url: str, company: Company, login: str) -> Person:
    return Person(url, url, REPOSITORY, login, company.people[login], company.tokens[login])


def _sha(place: object) -> str:
    return cast(dict[str, str], place)["sha"]


def _output(check: Json, name: str) -> str:
    output = check["output"]
    return str(output[name]) if isinstance(output, dict) else ""


def _tells(run: Json, name: str, conclusion: str | None, says: str) -> bool:
    return run["name"] == name and run["conclusion"] == conclusion and says in _output(run, "title")
