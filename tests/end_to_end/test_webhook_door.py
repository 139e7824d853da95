"""What the webhook turns away: 4xx, nothing marked, and a security event in the ledger."""

import itertools
import json
import uuid

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


def assert_refused(world: World, number: int, refused: tuple[httpx.Response, str], status: int, reason: str) -> None:
    """Assert the answer, the security event, and that nothing was looked at though later marks were."""
    answer, delivery = refused
    assert (answer.status_code, answer.json()["accepted"]) == (status, False)

    def told() -> Event | None:
        failed = world.events(EventType.AUTH_FAILED, "webhook/github")
        return next((event for event in failed if event.details["delivery"] == delivery), None)

    assert until(told, "the security event").details["reason"] == reason
    later = next(_NUMBERS)
    taken, _ = deliver(world, body_about(later))
    assert taken.status_code == 202
    until(lambda: f"pull/{later}" in looks(world), "a later delivery to be looked at")
    assert f"pull/{number}" not in looks(world)


def looks(world: World) -> set[str]:
    """Return which keys were looked at in vain: no such pull request exists."""
    lines = [json.loads(line) for line in world.log().splitlines() if line.startswith("{")]
    return {line["key"] for line in lines if line.get("event") == "look failed"}


def test_a_bad_signature_is_refused(company: World) -> None:
    """ATTACKS 113."""
    number = next(_NUMBERS)
    body = body_about(number)
    refused = deliver(company, body, X_Hub_Signature_256=signature("another secret of theirs", body))
    assert_refused(company, number, refused, 401, "bad_signature")


def test_a_signature_of_other_bytes_is_refused(company: World) -> None:
    number = next(_NUMBERS)
    signed = signature(company.app.webhook_secret, body_about(1))
    refused = deliver(company, body_about(number), X_Hub_Signature_256=signed)
    assert_refused(company, number, refused, 401, "bad_signature")


def test_a_missing_signature_is_refused(company: World) -> None:
    number = next(_NUMBERS)
    refused = deliver(company, body_about(number), X_Hub_Signature_256=None)
    assert_refused(company, number, refused, 401, "no_signature")


def test_a_foreign_repository_is_refused(company: World) -> None:
    number = next(_NUMBERS)
    refused = deliver(company, body_about(number, "acme-agents/other"))
    assert_refused(company, number, refused, 403, "foreign_repository")


def test_a_body_over_the_cap_is_refused(company: World) -> None:
    number = next(_NUMBERS)
    body = body_about(number)
    refused = deliver(company, body + b" " * (5 * MIB + 1 - len(body)))
    assert_refused(company, number, refused, 413, "too_large")


@pytest.mark.parametrize("more", [b"", b"{", b"\xff\xfe", b"[" * 100_000], ids=["empty", "cut", "no text", "deep"])
def test_what_is_no_json_is_refused(company: World, more: bytes) -> None:
    number = next(_NUMBERS)
    assert_refused(company, number, deliver(company, more), 400, "not_json")


def test_a_form_is_refused(company: World) -> None:
    number = next(_NUMBERS)
    refused = deliver(company, body_about(number), Content_Type="application/x-www-form-urlencoded")
    assert_refused(company, number, refused, 415, "not_json")
