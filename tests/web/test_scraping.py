"""Who may read the figures: whoever asks from this machine, itself and not through anybody."""

import asyncio

import httpx
import pytest

from controller.web.app import create_app
from tests.web.conftest import House

LOCAL = "127.0.0.1"


def asked(
    house: House, client: str = LOCAL, host: str = "127.0.0.1:8080", path: str = "/metrics", **headers: str
) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(house.doors), client=(client, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as one:
            return await one.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("127.0.0.1", "127.0.0.1:8080"),
        ("127.0.0.1", "localhost"),
        ("127.9.9.9", "LOCALHOST:8080"),
        ("::1", "[::1]:8080"),
        ("::ffff:127.0.0.1", "localhost:8080"),
    ],
)
def test_this_machine_reads_them(house: House, client: str, host: str) -> None:
    answer = asked(house, client, host)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'dvo_build_info{version="1.2.3"} 1.0' in answer.text
    assert asked(house, client, host, "/metrics/").status_code == 200


@pytest.mark.parametrize(
    ("client", "host", "headers"),
    [
        pytest.param("10.0.0.7", "127.0.0.1:8080", {}, id="another machine that names this one"),
        pytest.param("::ffff:10.0.0.7", "localhost", {}, id="another machine, mapped"),
        pytest.param("fe80::1", "localhost", {}, id="the same network"),
        pytest.param("testclient", "localhost", {}, id="no address"),
        pytest.param(LOCAL, "rebound.example", {}, id="a browser led here by name"),
        pytest.param(LOCAL, "127.0.0.1.example", {}, id="a name that begins like an address"),
        pytest.param(LOCAL, "localhost", {"Host": "[:::::]"}, id="no address between brackets"),
        pytest.param(LOCAL, "localhost", {"Host": "rebound.example:99999"}, id="a port that is none"),
        pytest.param(LOCAL, "localhost", {"X_Forwarded_For": "127.0.0.1"}, id="a proxy, or who pretends"),
        pytest.param(LOCAL, "localhost", {"Forwarded": "for=10.0.0.7"}, id="a proxy, RFC 7239"),
        pytest.param(LOCAL, "localhost", {"Via": "1.1 proxy"}, id="a proxy, RFC 9110"),
        pytest.param(LOCAL, "localhost", {"X_Real_IP": "10.0.0.7"}, id="nginx"),
    ],
)
def test_nobody_else_does(house: House, client: str, host: str, headers: dict[str, str]) -> None:
    answer = asked(house, client, host, **headers)
    assert answer.status_code == 403
    assert "dvo_" not in answer.text
