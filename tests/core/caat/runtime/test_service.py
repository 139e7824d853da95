"""The service of a bundle, asked over HTTP without a network."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from controller.caat.runtime.service import LARGEST_BODY, Identity, create, main, read_bundle
from controller.caat.translation import translate
from tests.samples.content import plan_for


@pytest.fixture
def root(files: Mapping[str, bytes], tmp_path: Path) -> Path:
    """Return the folder of an unpacked bundle."""
    for path, content in translate(plan_for(files, code="TST", version="1.2.3"), files).files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return tmp_path


@pytest.fixture
def client(root: Path) -> Iterator[TestClient]:
    agent, knowledge = read_bundle(root)
    with TestClient(create(agent, knowledge, Identity("sha256:b", "i-1"))) as client:
        yield client


def test_health_says_who_is_there(client: TestClient, files: Mapping[str, bytes]) -> None:
    assert client.get("/health").json() == {
        "status": "healthy",
        "agent": "TST",
        "version": "1.2.3",
        "bundle": "sha256:b",
        "plan": plan_for(files, code="TST", version="1.2.3").digest,
        "instance": "i-1",
    }


def test_an_input_is_routed_and_answered(client: TestClient) -> None:
    answer = client.post("/invoke", json={"input": "When is high water?"}).json()
    assert answer.keys() == {"capability", "answer", "sources", "hand_off", "confidence"}
    assert answer["capability"] == "tell_tide"
    assert answer["sources"][0].keys() == {"file", "section", "score"}


def test_every_capability_has_a_route(client: TestClient) -> None:
    for capability in ("tell_tide", "find_pilot"):
        answer = client.post(f"/capabilities/{capability}", json={"input": "When is high water?"}).json()
        assert answer["capability"] == capability
    assert client.post("/capabilities/make_tea", json={"input": "x"}).status_code == 404


def test_a_body_beyond_the_cap_is_not_read(client: TestClient) -> None:
    """ATTACKS 116."""
    sent = 0

    def flood() -> Iterator[bytes]:
        nonlocal sent
        while sent < 100 * LARGEST_BODY:
            sent += 16_384
            yield b"a" * 16_384

    assert client.post("/invoke", content=flood()).status_code == 413
    assert client.post("/invoke", json={"input": "a" * LARGEST_BODY}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"input": ""}',
        b'{"input": 7}',
        b'{"input": "x", "more": 1}',
        b"\xff",
        b"[" * 60_000,
        json.dumps({"input": "a" * 20_000}).encode(),
    ],
)
def test_a_body_of_another_shape_is_refused_without_being_repeated(client: TestClient, body: bytes) -> None:
    """ATTACKS 116."""
    refused = client.post("/invoke", content=body)
    assert refused.status_code == 422
    assert len(refused.content) < 500


def test_what_was_sent_is_not_in_the_refusal(client: TestClient) -> None:
    refused = client.post("/invoke", json={"input": {"secret": "canary"}})
    assert refused.status_code == 422
    assert "canary" not in refused.text


def test_nothing_but_the_documented_routes_is_there(client: TestClient) -> None:
    for path in ("/", "/docs", "/openapi.json", "/agent.json"):
        assert client.get(path).status_code == 404


def test_a_socket_that_strangers_can_reach_is_refused(root: Path) -> None:
    with socket.socket() as everywhere:
        everywhere.bind(("0.0.0.0", 0))  # noqa: S104 - what must be refused
        arguments = ["--fd", str(os.dup(everywhere.fileno())), "--instance", "i-1", "--bundle", "sha256:b"]
        with pytest.raises(SystemExit, match="expected a socket on loopback, got one on 0.0.0.0"):
            main(root, arguments)


def test_the_service_serves_the_socket_it_was_given_until_it_is_told_to_end(root: Path) -> None:
    start = "import sys, pathlib; from controller.caat.runtime.service import main; "
    start += "main(pathlib.Path(sys.argv[1]), sys.argv[2:])"
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        fd = bound.fileno()
        command = [sys.executable, "-c", start, str(root), "--fd", str(fd), "--instance", "i-2", "--bundle", "sha256:b"]
        with subprocess.Popen(command, pass_fds=[fd], stderr=subprocess.PIPE) as process:
            port = bound.getsockname()[1]
            health = httpx.get(f"http://127.0.0.1:{port}/health", timeout=60, trust_env=False).json()
            httpx.post(f"http://127.0.0.1:{port}/invoke", json={"input": "canary"}, trust_env=False)
            process.terminate()
            _, said = process.communicate(timeout=60)
    assert health["instance"] == "i-2"
    assert process.returncode in {0, -signal.SIGTERM}
    assert b"canary" not in said
