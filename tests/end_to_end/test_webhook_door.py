"""What the webhook turns away: 4xx, nothing marked, and a security event in the ledger."""

import itertools
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from controller.ledger.event import Event, EventType
from controller.sandbox.deliveries import signature
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World

_NUMBERS = itertools.count(700_001)
MIB = 1024 * 1024


def body_about(number: int, repository: str = "acme-agents/agents") -> bytes:
    pull = {"number": number, "base": {"ref": "main"}}
    whole = {"action": "opened", "number": number, "pull_request": pull, "repository": {"full_name": repository}}
    return json.dumps(whole).encode()


def deliver(world: World, body: bytes, **headers: str | None) -> tuple[httpx.Response, str]:
    """Deliver a body as GitHub does, some headers replaced or left out; return the answer and the delivery's id."""
    delivery = str(uuid.uuid4())
    whole = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": "pull_request",
        "X-Hub-Signature-256": signature(world.app.webhook_secret, body),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in whole.items() if value is not None}
    address = f"{world.running.address}/webhooks/github"
    return httpx.post(address, content=body, headers=sent, timeout=30, trust_env=False), delivery


@dataclass(frozen=True, slots=True)
class Refused:
    """A delivery that must be turned away: what is sent, and the answer and the reason to expect."""

    status: int
    reason: str
    body: Callable[[int], bytes] = body_about
    headers: Mapping[str, str | None] = field(default_factory=dict)


REFUSED = {
    "a signature with another secret": Refused(
        401, "bad_signature", lambda _: b"{}", {"X_Hub_Signature_256": signature("another secret of theirs", b"{}")}
    ),
    "a signature of other bytes": Refused(401, "bad_signature", headers={"X_Hub_Signature_256": "sha256=" + "0" * 64}),
    "no signature": Refused(401, "no_signature", headers={"X_Hub_Signature_256": None}),
    "a foreign repository": Refused(403, "foreign_repository", lambda number: body_about(number, "acme-agents/other")),
    "a body over the cap": Refused(413, "too_large", lambda number: body_about(number) + b" " * 5 * MIB),
    "an empty body": Refused(400, "not_json", lambda _: b""),
    "a body cut off": Refused(400, "not_json", lambda number: body_about(number)[:-1]),
    "bytes that are no text": Refused(400, "not_json", lambda _: b"\xff\xfe"),
    "a body nested too deep": Refused(400, "not_json", lambda _: b"[" * 100_000),
    "a form": Refused(415, "not_json", headers={"Content_Type": "application/x-www-form-urlencoded"}),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that was made, about a pull request that does not exist."""

    number: int
    delivery: str
    answer: httpx.Response


@pytest.fixture(scope="module")
def attempts(company: World) -> dict[str, Attempt]:
    """Every delivery that must be turned away, made; and after them one that is taken in and was looked at."""
    made = {}
    for name, refused in REFUSED.items():
        number = next(_NUMBERS)
        answer, delivery = deliver(company, refused.body(number), **refused.headers)
        made[name] = Attempt(number, delivery, answer)
    later = next(_NUMBERS)
    taken, _ = deliver(company, body_about(later))
    assert taken.status_code == 202
    until(lambda: f"pull/{later}" in looks(company), "a later delivery to be looked at")
    return made


def looks(world: World) -> set[str]:
    """Return which keys were looked at in vain: no such pull request exists."""
    lines = [json.loads(line) for line in world.log().splitlines() if line.startswith("{")]
    return {line["key"] for line in lines if line.get("event") == "look failed"}


@pytest.mark.parametrize("name", REFUSED)
def test_a_delivery_is_refused_and_marks_nothing_and_leaves_a_security_event(
    company: World, attempts: dict[str, Attempt], name: str
) -> None:
    refused, attempt = REFUSED[name], attempts[name]
    assert (attempt.answer.status_code, attempt.answer.json()["accepted"]) == (refused.status, False)
    assert f"pull/{attempt.number}" not in looks(company)

    def told() -> list[Event]:
        failed = company.events(EventType.AUTH_FAILED, "webhook/github")
        return [event for event in failed if event.details["delivery"] == attempt.delivery]

    [event] = until(told, "the security event")
    assert event.details["reason"] == refused.reason
