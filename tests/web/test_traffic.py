"""Around every request: an id of ours, security headers, one log line, no exception let out."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx
import pytest
import structlog

from controller.ports.journal import Mark
from tests.fakes.journal import MemoryQueue
from tests.web.conftest import Client, Delivery, House, pull_request

Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/webhooks/github"])
def test_every_answer_carries_the_security_headers(ask: Ask, path: str) -> None:
    headers = ask("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_the_request_id_is_ours(ask: Ask) -> None:
    response = ask("GET", "/health/live", headers={"X-Request-ID": "forged"})
    assert response.headers.get_list("x-request-id") == ["00000000-0000-4000-8000-000000000001"]


def test_a_log_line_tells_the_request_and_nothing_of_the_body(house: House, ask: Ask) -> None:
    delivery = Delivery(pull_request() | {"note": "canary-word"})
    with structlog.testing.capture_logs() as lines:
        ask("POST", "/webhooks/github?canary-word", content=delivery.body, headers=delivery.headers())
    told = next(line for line in lines if line["event"] == "request")
    assert (told["method"], told["path"], told["status"]) == ("POST", "/webhooks/github", 202)
    assert "canary-word" not in repr(lines)
    assert house.doors.webhook_secret.decode() not in repr(lines)


def test_a_path_without_end_fills_no_log(ask: Ask) -> None:
    with structlog.testing.capture_logs() as lines:
        ask("GET", "/" + "a" * 10_000)
    assert len(repr(lines)) < 1000


def test_a_fault_of_ours_is_an_answer_without_details(house: House) -> None:
    class Faulty(MemoryQueue):
        def mark(self, marks: Sequence[Mark]) -> None:
            raise ZeroDivisionError("canary-word")

    delivery = Delivery()
    client = Client(replace(house.doors, queue=Faulty()))
    with structlog.testing.capture_logs() as lines:
        response = asyncio.run(
            client.request("POST", "/webhooks/github", content=delivery.body, headers=delivery.headers())
        )
    assert response.status_code == 500
    assert "canary-word" not in response.text
    assert response.json()["request"] == response.headers["x-request-id"]
    assert [line["event"] for line in lines] == ["request failed", "request"]
