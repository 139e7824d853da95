"""A child of ours can be asked one thing, by us, and can be told nothing."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from controller.adapters.opa import guard
from controller.adapters.opa.child import OpaChild
from controller.adapters.opa.compiling import OpaCompiler
from controller.adapters.opa.query import ask
from controller.adapters.opa.transport import socket_client
from controller.errors import UnavailableError
from tests.adapters.opa.conftest import answering, eventually, is_running, listening_ports

BUNDLE = answering()


@pytest.fixture
def child(opa: Path, folder: Path) -> Iterator[OpaChild]:
    archive = OpaCompiler(opa).build(BUNDLE, folder)
    started = OpaChild(opa, archive, folder, timeout_seconds=5, memory_bytes=1 << 30)
    started.start()
    yield started
    started.stop()


def token_of(child: OpaChild) -> str:
    return str(cast(Any, child.client).headers["Authorization"])


def status(child: OpaChild, folder: Path, method: str, path: str, headers: Mapping[str, str]) -> int:
    """Return what the child answers to a request as a stranger could make it."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(folder / "s"))
    try:
        connection.request(method, path, body=b"{}", headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


OTHERS = [
    ("PUT", "/v1/policies/mine"),
    ("DELETE", "/v1/policies/decision.rego"),
    ("GET", "/v1/policies"),
    ("PUT", "/v1/data/dvo/parameters"),
    ("PATCH", "/v1/data/dvo"),
    ("DELETE", "/v1/data/dvo"),
    ("GET", "/v1/data/dvo/decision"),
    ("GET", "/v1/data"),
    ("POST", "/v1/data"),
    ("POST", "/v1/data/dvo"),
    ("POST", "/v1/data/system/authz"),
    ("POST", "/v1/data/dvo/decision/rules"),
    ("POST", "/v1/query"),
    ("POST", "/v1/compile"),
    ("POST", "/v0/data/dvo/decision"),
    ("POST", "/"),
    ("GET", "/v1/config"),
    ("GET", "/v1/status"),
    ("GET", "/metrics"),
    ("POST", "/health"),
]


@pytest.mark.parametrize("token", ["ours", "none", "another"])
def test_nothing_but_the_decision_can_be_asked_and_nothing_told(child: OpaChild, folder: Path, token: str) -> None:
    """ATTACKS 087: not even whoever holds the token changes policy or data."""
    authorization = {"ours": token_of(child), "none": "", "another": "Bearer another"}[token]
    headers = {"Authorization": authorization} if authorization else {}
    for method, path in OTHERS:
        assert status(child, folder, method, path, headers) in (401, 404), (method, path)
    assert ask(child.client, BUNDLE, {}).findings == ()


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer another", "Basic b3BhOm9wYQ=="])
def test_the_decision_is_for_the_token_alone(child: OpaChild, folder: Path, authorization: str | None) -> None:
    """ATTACKS 087."""
    headers = {} if authorization is None else {"Authorization": authorization}
    assert status(child, folder, "POST", "/v1/data/dvo/decision", headers) == 401
    assert status(child, folder, "POST", "/v1/data/dvo/decision", {"Authorization": token_of(child)}) == 200


def test_a_client_with_another_token_gets_no_answer(child: OpaChild, folder: Path) -> None:
    stranger = socket_client(folder / "s", "another", 5)
    with pytest.raises(UnavailableError, match="status 401"):
        ask(stranger, BUNDLE, {})
    stranger.close_connection()


def test_an_answer_of_another_bundle_is_not_believed(child: OpaChild) -> None:
    """ATTACKS 086, 087."""
    with pytest.raises(UnavailableError, match="expected an answer of revision"):
        ask(child.client, answering(1), {})


def test_the_token_is_in_no_file_and_no_command_line(child: OpaChild, folder: Path) -> None:
    token = token_of(child).removeprefix("Bearer ").encode()
    files = [file for file in folder.rglob("*") if file.is_file()]
    process = Path(f"/proc/{child.pid}")
    assert len(token) >= 32
    assert not any(token in file.read_bytes() for file in [*files, process / "cmdline", process / "environ"])


def test_no_port_is_opened(child: OpaChild, folder: Path) -> None:
    assert child.pid is not None
    assert listening_ports(child.pid) == []
    assert (folder / "s").is_socket()


def test_a_child_leads_its_own_session_and_group(child: OpaChild) -> None:
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    assert fields[2] == fields[3] == str(child.pid)


def test_a_stopped_child_is_gone_and_may_be_stopped_again(child: OpaChild) -> None:
    pid = child.pid
    assert pid is not None
    child.stop()
    child.stop()
    assert not child.is_alive
    assert not is_running(pid)


def test_a_child_that_was_never_started_can_be_stopped(opa: Path, folder: Path) -> None:
    child = OpaChild(opa, folder / "none", folder, timeout_seconds=5, memory_bytes=1 << 30)
    child.stop()
    assert (child.pid, child.is_alive) == (None, False)
    assert "No such file" in child.last_words


def test_a_bundle_that_is_not_there_is_told_in_opas_words(opa: Path, folder: Path) -> None:
    child = OpaChild(opa, folder / "none.tar.gz", folder, timeout_seconds=5, memory_bytes=1 << 30)
    with pytest.raises(UnavailableError, match=r"OPA does not start: .*none\.tar\.gz"):
        child.start()
    assert eventually(lambda: not child.is_alive)


def test_a_guard_without_its_parent_starts_nothing() -> None:
    command = [sys.executable, "-I", "-S", guard.__file__, "1", str(1 << 30), "/bin/echo", "started"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "the parent is gone already\n")
