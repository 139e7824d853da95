"""The application at its doors: honest stand-ins for queue, journal and clock."""

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from controller.errors import UnavailableError
from controller.ledger.event import Event
from controller.ports.journal import Mark
from controller.web.app import Doors, create_app
from controller.web.metrics import Metrics
from tests.fakes.journal import MemoryJournal, MemoryQueue

SECRET = b"0f4b1c9e7d2a86350f4b1c9e7d2a8635"
REPOSITORY = "kessel/agents"


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class MarkedKeys(MemoryQueue):
    """A work queue that remembers every mark; `is_down` makes it unreachable."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[Mark] = []
        self.is_down = False

    def mark(self, marks: Sequence[Mark]) -> None:
        if self.is_down:
            raise UnavailableError("no connection", component="database")
        super().mark(marks)
        self.marks += marks


class RecordedEvents(MemoryJournal):
    """A journal that shows its events; `is_down` makes it unreachable."""

    is_down = False

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        if self.is_down:
            raise UnavailableError("no connection", component="database")
        super().record(events, marks)

    @property
    def events(self) -> tuple[Event, ...]:
        return self.unsealed(1000)


@dataclass(frozen=True)
class House:
    """The application's doors, with what stands behind them in reach."""

    doors: Doors
    queue: MarkedKeys
    journal: RecordedEvents


@dataclass(frozen=True)
class Delivery:
    """What GitHub sends, to be bent by a test."""

    payload: object = field(default_factory=lambda: pull_request())
    event: str = "pull_request"

    @property
    def body(self) -> bytes:
        return json.dumps(self.payload).encode()

    def headers(self, body: bytes | None = None) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "X-Hub-Signature-256": signature(self.body if body is None else body),
        }


def signature(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def pull_request(repository: str = REPOSITORY) -> dict[str, object]:
    head = {"ref": "topic", "sha": "a" * 40, "repo": {"full_name": repository}}
    base = {"ref": "main", "sha": "b" * 40, "repo": {"full_name": repository}}
    return {
        "action": "opened",
        "number": 7,
        "pull_request": {"number": 7, "head": head, "base": base, "merged": False, "state": "open"},
        "repository": {"id": 1, "full_name": repository, "name": "agents", "default_branch": "main"},
        "sender": {"id": 1001, "login": "dana-dev", "type": "User"},
    }


def identifiers() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"


@pytest.fixture
def house() -> House:
    return build_house()


def build_house() -> House:
    queue, journal = MarkedKeys(), RecordedEvents()
    doors = Doors(
        webhook_secret=SECRET,
        repository=REPOSITORY,
        queue=queue,
        journal=journal,
        clock=FixedClock(),
        new_id=identifiers(),
        probes={"database": lambda: "connected", "opa": lambda: "connected", "azure_ad": lambda: "not configured"},
        version="1.2.3",
        metrics=Metrics("1.2.3"),
        body_limit=64 * 1024,
    )
    return House(doors, queue, journal)


class Client:
    """Sends requests to an application in this process."""

    def __init__(self, doors: Doors) -> None:
        self._app = create_app(doors)

    async def request(self, method: str, path: str, **more: object) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://dvo.example") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type] # handed through as given


Ask = Callable[..., httpx.Response]
"""Asks one request of an application: method, path, and what `httpx` takes beside."""


@contextmanager
def asking(doors: Doors) -> Iterator[Ask]:
    """Return a function that asks one request of the application, all on one event loop."""
    client = Client(doors)
    with asyncio.Runner() as runner:

        def one(method: str, path: str, **more: object) -> httpx.Response:
            return runner.run(client.request(method, path, **more))

        yield one


@pytest.fixture
def ask(house: House) -> Iterator[Ask]:
    with asking(house.doors) as ask:
        yield ask
