"""A running sandbox with a few people, a team tree, an App and somebody who receives its webhooks."""

import http.server
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import jwt
import pytest

from controller.sandbox.person import Person
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import APP_EVENTS, AppCredentials, AppSeed
from tests.app_key import app_key
from tests.sandbox.openapi import validate_request, validate_response

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no certificates: http only
REPOSITORY = "acme/agents"
ONE = f"/repos/{REPOSITORY}"
WITHOUT_ISSUES = tuple(name for name in APP_EVENTS if name != "issues")
"""So that tests may open an issue to comment on without hearing of it."""
MANIFEST = "environments/development/anl.yaml"
FILES = {
    "README.md": b"# Agents\n",
    MANIFEST: b"agent: ANL\nversion: 1.0.0\nreplicas: 1\n",
    "environments/production/anl.yaml": b"agent: ANL\nversion: 0.9.0\n",
}


@dataclass(frozen=True)
class Received:
    """One webhook as it arrived."""

    event: str
    payload: Mapping[str, object]
    raw: bytes
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return event and action."""
        action = self.payload.get("action")
        return f"{self.event}.{action}" if action else self.event


@dataclass
class Receiver:
    """An honest receiver of webhooks."""

    url: str = ""
    answer: int = 202
    received: list[Received] = field(default_factory=list)

    def names(self) -> list[str]:
        return [item.name for item in self.received]


@dataclass(frozen=True)
class Api:
    """Calls below the API root; every request and every answer is held against GitHub's description."""

    root: str
    token: str

    def send(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        bare, _, query = path.partition("?")
        answer = self.raw(method, path, body, **headers)
        if answer.is_success:
            validate_request(method, bare, dict(httpx.QueryParams(query)), body)
        validate_response(method, bare, answer.status_code, answer.json() if answer.content else None)
        return answer

    def raw(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with httpx.Client(verify=PLAIN, trust_env=False, timeout=30) as client:
            return client.request(method, self.root + path, json=body, headers=sent)

    def get(self, path: str) -> dict[str, object]:
        return cast(dict[str, object], self.wanted(200, "GET", path))

    def listed(self, path: str) -> list[dict[str, object]]:
        return cast(list[dict[str, object]], self.wanted(200, "GET", path))

    def wanted(self, status: int, method: str, path: str, body: object = None) -> object:
        answer = self.send(method, path, body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Town:
    """The sandbox of most tests: Dana writes, Olga reviews, Rita only reads, Ada administers, Sam is a stranger."""

    sandbox: Sandbox
    app: AppCredentials
    receiver: Receiver

    def person(self, login: str) -> Person:
        return self.sandbox.person(login, REPOSITORY)

    def api(self, login: str) -> Api:
        return Api(self.sandbox.api_url, self.sandbox.seeds.token_of(login))

    def app_api(self, **claims: object) -> Api:
        now = int(self.sandbox.world.token_clock().timestamp())
        content = {"iss": str(self.app.app_id), "iat": now - 60, "exp": now + 540, **claims}
        return Api(self.sandbox.api_url, jwt.encode(content, app_key(), algorithm="RS256"))

    def installation(self, permissions: Mapping[str, str] | None = None) -> Api:
        path = f"/app/installations/{self.app.installation_id}/access_tokens"
        body = None if permissions is None else {"permissions": permissions}
        answer = cast(Mapping[str, str], self.app_api().wanted(201, "POST", path, body))
        return Api(self.sandbox.api_url, answer["token"])

    def settled(self) -> list[str]:
        assert self.sandbox.outbox.settle()
        return self.receiver.names()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who receives webhooks."""
    inbox = Receiver()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            inbox.received.append(Received(headers["x-github-event"], json.loads(raw), raw, headers))
            self.send_response(inbox.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        inbox.url = f"http://127.0.0.1:{server.server_port}/webhooks/github"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield inbox
        server.shutdown()
        thread.join()


@pytest.fixture
def town(tmp_path: Path, receiver: Receiver) -> Iterator[Town]:
    """A seeded, running sandbox."""
    with Sandbox.running(tmp_path / "sandbox") as sandbox:
        seeds = sandbox.seeds
        for number, login in enumerate(("dana", "olga", "rita", "ada", "sam"), start=1001):
            seeds.add_person(login, github_id=number, emails=[f"{login}@example.com"], name=login.title())
        seeds.add_organization("acme", owners=["ada"])
        seeds.add_team("acme", "platform", members=["rita"])
        seeds.add_team("acme", "release", members=["olga"], parent="platform")
        seeds.add_repository(REPOSITORY, FILES, author="ada")
        seeds.grant(REPOSITORY, "write", person="dana")
        seeds.grant(REPOSITORY, "maintain", team="release")
        seeds.grant(REPOSITORY, "read", team="platform")
        app = seeds.add_app(
            AppSeed("dvo", "acme", webhook_url=receiver.url, private_key=app_key(), events=WITHOUT_ISSUES)
        )
        yield Town(sandbox, app, receiver)
