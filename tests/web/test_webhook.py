"""The webhook lets in what GitHub signed for our repository, and nothing else."""

import ast
import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import controller.web
from controller.ledger.event import EventType, Severity
from controller.web.client_address import address_behind
from tests.web.conftest import SECRET, Client, Delivery, House, asking, build_house, pull_request, signature

Ask = Callable[..., httpx.Response]
PATH = "/webhooks/github"
DEPTH_BOMB = b"[" * 30_000 + b"]" * 30_000


def send(ask: Ask, delivery: Delivery, **headers: str) -> httpx.Response:
    return ask("POST", PATH, content=delivery.body, headers=delivery.headers() | headers)


def assert_refused(house: House, response: httpx.Response, status: int, reason: str) -> None:
    """Assert a refusal with all that belongs to it: nothing marked, and one event that tells why."""
    assert response.status_code == status
    assert response.json()["accepted"] is False
    assert house.queue.marks == []
    (event,) = house.journal.events
    assert (event.type, event.severity) == (EventType.AUTH_FAILED, Severity.WARNING)
    assert set(event.details) == {"reason", "delivery", "source_ip", "unrecorded_before"}
    assert event.details["reason"] == reason


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
def test_a_signed_delivery_is_marked_before_it_is_answered(house: House, ask: Ask, path: str) -> None:
    """ATTACKS 119."""
    delivery = Delivery()
    response = ask("POST", path, content=delivery.body, headers=delivery.headers())
    assert response.status_code == 202
    assert response.json() == {"accepted": True, "delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    assert [mark.key for mark in house.queue.marks] == ["pull/7"]
    assert house.journal.events == ()


def test_a_refusal_names_who_stands_behind_a_trusted_proxy(house: House) -> None:
    doors = replace(house.doors, address_of=address_behind((ip_network("127.0.0.0/8"),)))
    with asking(doors) as ask:
        send(ask, Delivery(), **{"X-Hub-Signature-256": "sha256=", "X-Forwarded-For": "203.0.113.9"})
    assert [event.details["source_ip"] for event in house.journal.events] == ["203.0.113.9"]


@pytest.mark.parametrize(
    "header",
    [
        signature(b"another body"),
        signature(Delivery().body, b"another secret"),
        signature(Delivery().body).removeprefix("sha256="),
        "sha1=" + "a" * 40,
        "sha256=",
        "sha256=" + "A" * 64,
        signature(Delivery().body) + "0",
        "",
    ],
    ids=["wrong body", "wrong secret", "no prefix", "sha1", "empty digest", "no digest", "longer", "empty"],
)
def test_a_signature_that_does_not_fit_is_refused(house: House, ask: Ask, header: str) -> None:
    """ATTACKS 113."""
    assert_refused(house, send(ask, Delivery(), **{"X-Hub-Signature-256": header}), 401, "bad_signature")


def test_an_unsigned_delivery_is_refused(house: House, ask: Ask) -> None:
    """ATTACKS 113."""
    delivery = Delivery()
    headers = delivery.headers()
    del headers["X-Hub-Signature-256"]
    assert_refused(house, ask("POST", PATH, content=delivery.body, headers=headers), 401, "no_signature")


def test_no_signature_is_compared_with_equals() -> None:
    """ATTACKS 113: a comparison that ends early tells how much of a guess was right."""
    compared = [
        ast.unparse(node)
        for file in Path(controller.web.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Compare) and any(isinstance(sign, ast.Eq | ast.NotEq) for sign in node.ops)
    ]
    assert [text for text in compared if "signature" in text.lower() or "secret" in text.lower()] == []


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/jsonp", ""],
)
def test_only_json_is_taken(house: House, ask: Ask, content_type: str) -> None:
    """ATTACKS 120."""
    assert_refused(house, send(ask, Delivery(), **{"Content-Type": content_type}), 415, "not_json")


def test_json_may_name_its_charset(ask: Ask) -> None:
    assert send(ask, Delivery(), **{"Content-Type": "Application/JSON; charset=utf-8"}).status_code == 202


def test_a_signed_delivery_of_another_repository_is_refused(house: House, ask: Ask) -> None:
    """ATTACKS 120."""
    response = send(ask, Delivery(pull_request("mallory/agents")))
    assert_refused(house, response, 403, "foreign_repository")


def test_a_repository_is_the_same_in_any_case(ask: Ask) -> None:
    assert send(ask, Delivery(pull_request("Kessel/Agents"))).status_code == 202


@pytest.mark.parametrize(
    "host", ["a b", "dvo.example/../x", "", "dvo.example:port", "x@y", "dvo.example\tz"], ids=ascii
)
def test_a_host_that_is_none_is_refused(house: House, ask: Ask, host: str) -> None:
    """ATTACKS 120."""
    response = send(ask, Delivery(), Host=host)
    assert response.status_code == 400
    assert house.queue.marks == []


def test_a_forged_host_appears_in_no_answer(ask: Ask) -> None:
    """ATTACKS 120."""
    response = send(ask, Delivery(), Host="canary.example")
    assert "canary" not in response.text + str(response.headers)


def test_a_body_over_the_cap_is_refused_by_its_length(house: House, ask: Ask) -> None:
    """ATTACKS 116."""
    response = send(ask, Delivery({"filling": "x" * house.doors.body_limit}))
    assert_refused(house, response, 413, "too_large")


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "9" * 20, "+5"])
def test_a_length_that_is_none_is_refused(house: House, ask: Ask, length: str) -> None:
    """ATTACKS 116."""
    assert_refused(house, send(ask, Delivery(), **{"Content-Length": length}), 413, "too_large")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a": NaN', b"\xff\xfe{}", b"payload=%7B%7D", DEPTH_BOMB, b'{"a":' * 5000 + b"1" + b"}" * 5000],
    ids=["empty", "cut off", "cut off after NaN", "not UTF-8", "a form", "deep arrays", "deep objects"],
)
def test_a_signed_body_that_is_no_json_is_refused(house: House, ask: Ask, body: bytes) -> None:
    """ATTACKS 116."""
    response = ask("POST", PATH, content=body, headers=Delivery().headers(body))
    assert_refused(house, response, 400, "not_json")


@pytest.mark.parametrize("payload", [[], "text", 7, None, True, {"repository": []}, {"repository": {"full_name": 7}}])
def test_a_signed_payload_of_another_form_is_refused(house: House, ask: Ask, payload: object) -> None:
    """ATTACKS 116."""
    assert_refused(house, send(ask, Delivery(payload)), 400, "malformed")


@pytest.mark.parametrize("wrong", [None, True, 7, -1, 1.5, "text", "", [], {}, ["x"], {"number": "x"}], ids=repr)
@pytest.mark.parametrize("name", list(pull_request()))
def test_no_field_of_a_wrong_type_does_harm(house: House, ask: Ask, name: str, wrong: object) -> None:
    """ATTACKS 116."""
    response = send(ask, Delivery(pull_request() | {name: wrong}))
    assert response.status_code in (202, 400, 403)
    assert {mark.key for mark in house.queue.marks} <= {"pull/7", "main", "sweep"}


@pytest.mark.parametrize("event", ["", "Pull_Request", "pull request", "x" * 65, "a\tb"], ids=ascii)
def test_an_event_without_a_name_is_refused(house: House, ask: Ask, event: str) -> None:
    assert_refused(house, send(ask, replace(Delivery(), event=event)), 400, "malformed")


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery({"zen": "Keep it logically awesome.", "hook_id": 1}, event="ping"),
        Delivery(pull_request(), event="star"),
    ],
    ids=["ping", "star"],
)
def test_an_event_that_cannot_matter_is_taken_and_marks_nothing(house: House, ask: Ask, delivery: Delivery) -> None:
    """ATTACKS 121."""
    assert send(ask, delivery).status_code == 202
    assert house.queue.marks == []
    assert house.journal.events == ()


def test_people_who_change_ask_for_a_sweep_without_any_repository(house: House, ask: Ask) -> None:
    assert send(ask, Delivery({"action": "added", "team": {"id": 1}}, event="membership")).status_code == 202
    assert [mark.key for mark in house.queue.marks] == ["sweep"]


@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_what_is_about_a_repository_must_say_which(house: House, ask: Ask, event: str) -> None:
    """ATTACKS 120."""
    payload = pull_request() | {"ref": "refs/heads/main"}
    del payload["repository"]
    assert_refused(house, send(ask, Delivery(payload, event=event)), 400, "malformed")


LIFE = (
    Delivery(),
    Delivery(pull_request() | {"action": "synchronize"}),
    Delivery(pull_request() | {"action": "closed"}),
    Delivery(pull_request() | {"ref": "refs/heads/main"}, event="push"),
)


@settings(max_examples=25)
@given(deliveries=st.lists(st.sampled_from(LIFE)))
def test_doubled_and_shuffled_deliveries_ask_for_the_same_looks(deliveries: list[Delivery]) -> None:
    """ATTACKS 118: what is marked says where to look, never what happened."""
    each = {delivery.event: marked([delivery]) for delivery in deliveries}
    assert marked(deliveries) == frozenset[str]().union(*each.values())


def marked(deliveries: list[Delivery]) -> frozenset[str]:
    house = build_house()

    async def send_all() -> None:
        client = Client(house.doors)
        for delivery in deliveries:
            response = await client.request("POST", PATH, content=delivery.body, headers=delivery.headers())
            assert response.status_code == 202

    asyncio.run(send_all())
    return frozenset(mark.key for mark in house.queue.marks)


def test_a_queue_that_is_down_is_told_to_github(house: House, ask: Ask) -> None:
    """ATTACKS 119: what could not be kept was not accepted; the sweep finds it."""
    house.queue.is_down = True
    response = send(ask, Delivery())
    assert response.status_code == 503
    assert response.json()["accepted"] is False
    assert house.journal.events == ()


@pytest.mark.parametrize("identifier", ["<script>", "a" * 65, "", "a b", "x\tforged=1"], ids=ascii)
def test_a_delivery_id_is_repeated_only_when_it_is_one(house: House, ask: Ask, identifier: str) -> None:
    response = send(ask, Delivery(), **{"X-GitHub-Delivery": identifier})
    assert response.json() == {"accepted": True, "delivery": "unknown"}
    send(ask, Delivery(), **{"X-GitHub-Delivery": identifier, "X-Hub-Signature-256": "sha256=0"})
    assert house.journal.events[0].details["delivery"] == "unknown"


def test_a_flood_of_bad_deliveries_does_not_fill_the_journal(house: House, ask: Ask) -> None:
    for _ in range(40):
        assert send(ask, Delivery(), **{"X-Hub-Signature-256": "sha256=0"}).status_code == 401
    assert len(house.journal.events) <= 10
    assert send(ask, Delivery(), **{"Content-Type": "text/plain"}).status_code == 415
    assert house.journal.events[-1].details["reason"] == "not_json"


def test_a_journal_that_is_down_lets_nothing_in(house: House, ask: Ask) -> None:
    house.journal.is_down = True
    assert send(ask, Delivery(), **{"X-Hub-Signature-256": "sha256=0"}).status_code == 401
    assert house.queue.marks == []
    house.journal.is_down = False
    send(ask, Delivery(), **{"X-Hub-Signature-256": "sha256=0"})
    assert house.journal.events[0].details["unrecorded_before"] == 1


def test_an_event_of_a_refusal_holds_nothing_of_the_body(house: House, ask: Ask) -> None:
    send(ask, Delivery(pull_request() | {"note": "canary-word"}), **{"X-Hub-Signature-256": "sha256=0"})
    assert "canary-word" not in repr(house.journal.events)


def test_the_webhook_takes_posts_only(ask: Ask) -> None:
    assert ask("GET", PATH).status_code == 405


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/v1/audit", "/"])
def test_nothing_else_is_open_to_strangers(ask: Ask, path: str) -> None:
    assert ask("GET", path).status_code == 404


def test_the_secret_appears_in_no_answer(ask: Ask) -> None:
    delivery = Delivery()
    answers = [send(ask, delivery), send(ask, delivery, **{"X-Hub-Signature-256": "sha256=0"})]
    assert all(SECRET.decode() not in answer.text + json.dumps(dict(answer.headers)) for answer in answers)
