"""Health: real answers, one word each, and never more work than one question."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from controller.errors import LedgerIntegrityError, UnavailableError
from controller.web.health import Probe
from tests.web.conftest import Client, House

Ask = Callable[..., httpx.Response]


def down() -> str:
    raise UnavailableError("password canary-word refused at 10.0.0.7", component="database")


def broken() -> str:
    raise LedgerIntegrityError("entry 7 does not follow entry 6")


def faulty() -> str:
    raise ZeroDivisionError


async def asked(house: House, path: str, **probes: Probe) -> httpx.Response:
    return await Client(replace(house.doors, probes={**house.doors.probes, **probes})).request("GET", path)


def get(house: House, path: str, **probes: Probe) -> httpx.Response:
    return asyncio.run(asked(house, path, **probes))


@pytest.mark.parametrize("path", ["/health", "/health/"])
def test_health_tells_every_component_in_a_word(ask: Ask, path: str) -> None:
    response = ask("GET", path)
    assert response.status_code == 200
    assert response.json() == {
        "status": "healthy",
        "version": "1.2.3",
        "components": {"database": "connected", "opa": "connected", "azure_ad": "not configured"},
    }


@pytest.mark.parametrize("path", ["/health/live", "/health/live/"])
def test_live_says_that_the_process_answers(house: House, path: str) -> None:
    assert get(house, path, database=down).status_code == 200


@pytest.mark.parametrize("path", ["/health/ready", "/health/ready/"])
def test_ready_says_so_in_the_words_of_the_contract(ask: Ask, path: str) -> None:
    response = ask("GET", path)
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("probes", "whole", "status", "ready"),
    [
        ({"database": down}, "unhealthy", 503, 503),
        ({"opa": down}, "degraded", 200, 200),
        ({"opa": faulty}, "degraded", 200, 200),
        ({"ledger": broken}, "unhealthy", 503, 200),
    ],
    ids=["the database is down", "opa is down", "a probe has a fault", "the ledger is broken"],
)
def test_the_whole_is_as_its_parts(house: House, probes: dict[str, Probe], whole: str, status: int, ready: int) -> None:
    response = get(house, "/health", **probes)
    assert (response.status_code, response.json()["status"]) == (status, whole)
    assert get(house, "/health/ready", **probes).status_code == ready


def test_a_vital_component_that_nobody_asks_is_not_ready(house: House) -> None:
    house = replace(house, doors=replace(house.doors, probes={}))
    assert get(house, "/health/ready").status_code == 503
    assert get(house, "/health").status_code == 503


def test_a_stranger_learns_nothing_of_why(house: House) -> None:
    response = get(house, "/health", database=down)
    assert response.json()["components"]["database"] == "unavailable"
    assert "canary" not in response.text
    assert "10.0.0.7" not in response.text


def test_many_questions_cost_one_answer(house: House) -> None:
    """A stranger cannot wear out a component by asking for its health."""
    asked_times = 0

    def counting() -> str:
        nonlocal asked_times
        asked_times += 1
        return "connected"

    async def many() -> list[httpx.Response]:
        client = Client(replace(house.doors, probes={"database": counting}))
        return await asyncio.gather(*(client.request("GET", "/health") for _ in range(50)))

    assert {response.status_code for response in asyncio.run(many())} == {200}
    assert asked_times == 1


def test_a_component_that_hangs_is_told_and_not_waited_for(house: House) -> None:
    released = threading.Event()

    def hanging() -> str:
        released.wait()
        return "late"

    async def twice() -> httpx.Response:
        client = Client(replace(house.doors, probes={**house.doors.probes, "github": hanging}))
        response = await client.request("GET", "/health")
        released.set()
        return response

    response = asyncio.run(twice())
    assert response.json()["components"]["github"] == "no answer in time"
    assert response.json()["status"] == "degraded"
