"""Every webhook that GitHub gives as an example, signed and sent through the door: taken, or refused with a reason."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from controller.web.github_events import HANDLED, Governed, marks_for
from tests.web.conftest import REPOSITORY, Delivery, House

PATH = "/webhooks/github"
EXAMPLES = Path(__file__).resolve().parents[2] / ".tools/npm/node_modules/@octokit/webhooks-examples/api.github.com"
Ask = Callable[..., httpx.Response]


@pytest.fixture
def house(house: House) -> House:
    """The doors, wide enough for the largest example."""
    return replace(house, doors=replace(house.doors, body_limit=1024 * 1024))


def _examples() -> Iterator[Delivery]:
    for entry in json.loads((EXAMPLES / "index.json").read_text()):
        for payload in entry["examples"]:
            yield Delivery(payload, entry["name"])


def _of_ours(payload: object) -> dict[str, object]:
    """Return an example as if it came from the governed repository, as far as it comes from one."""
    assert isinstance(payload, dict)
    origin = payload.get("repository")
    return {**payload, "repository": {**origin, "full_name": REPOSITORY}} if isinstance(origin, dict) else payload


def _sent(ask: Ask, delivery: Delivery) -> httpx.Response:
    return ask("POST", PATH, content=delivery.body, headers=delivery.headers())


def test_every_example_is_taken_and_marks_what_the_table_says(house: House, ask: Ask) -> None:
    """ATTACKS 121."""
    taken: Counter[str] = Counter()
    for example in _examples():
        payload = _of_ours(example.payload)
        house.queue.marks.clear()
        response = _sent(ask, Delivery(payload, example.event))
        assert response.status_code == 202, f"{example.event} {payload.get('action')}: {response.text}"
        wanted = marks_for(example.event, payload, Governed())
        assert {mark.key for mark in house.queue.marks} == {mark.key for mark in wanted}
        taken[example.event] += 1
    assert len(taken) > 50
    assert sum(taken.values()) > 200
    assert set(taken) & HANDLED >= {"pull_request", "pull_request_review", "push", "check_run", "check_suite"}


def test_every_example_of_another_repository_is_refused(house: House, ask: Ask) -> None:
    """ATTACKS 120."""
    refused = 0
    for example in _examples():
        if isinstance(example.payload, dict) and isinstance(example.payload.get("repository"), dict):
            response = _sent(ask, example)
            assert (response.status_code, house.queue.marks) == (403, []), example.event
            refused += 1
    assert refused > 150


def test_no_example_is_taken_with_the_signature_of_another(house: House, ask: Ask) -> None:
    """ATTACKS 113."""
    for example in _examples():
        forged = example.headers(b"another body")
        assert ask("POST", PATH, content=example.body, headers=forged).status_code == 401
    assert house.queue.marks == []
