"""Asking an agent: a real HTTP server that says right and wrong things."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from controller.adapters.agent_http import HttpAgentClient
from controller.errors import UnavailableError
from controller.ports.agent import AgentClient, Reply

GOOD = json.dumps({"capability": "project_results", "answer": "some", "sources": [], "hand_off": None}).encode()


@dataclass
class Agent:
    """A server that answers every POST with one prepared reply, and keeps what it was sent."""

    endpoint: str
    status: int = 200
    body: bytes = GOOD
    headers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, object]] = field(default_factory=list)


@pytest.fixture
def agent() -> Iterator[Agent]:
    prepared = Agent("")

    class Replies(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            prepared.received.append((self.path, json.loads(body)))
            self.send_response(prepared.status)
            for name, value in prepared.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(prepared.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Replies) as server:
        prepared.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield prepared
        server.shutdown()
        thread.join()


@pytest.fixture
def client() -> AgentClient:
    return HttpAgentClient(timeout_seconds=5)


def test_an_input_is_sent_and_the_reply_returned(client: AgentClient, agent: Agent) -> None:
    assert client.invoke(agent.endpoint, "What does it buy?") == Reply("project_results", "some", None)
    assert agent.received == [("/invoke", {"input": "What does it buy?"})]


def test_a_hand_off_is_part_of_the_reply(client: AgentClient, agent: Agent) -> None:
    agent.body = json.dumps({"capability": None, "answer": "", "hand_off": "GHA"}).encode()
    assert client.invoke(agent.endpoint, "x") == Reply(None, "", "GHA")


@pytest.mark.parametrize("status", [204, 302, 404, 422, 500])
def test_any_other_status_is_no_reply(client: AgentClient, agent: Agent, status: int) -> None:
    agent.status = status
    agent.body = b"" if status == 204 else GOOD
    agent.headers = {"Location": agent.endpoint} if status == 302 else {}
    with pytest.raises(UnavailableError, match=f"got {status}"):
        client.invoke(agent.endpoint, "x")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"capability": 1, "answer": "a", "hand_off": null}', b'{"answer": "a"}', b"\xff{"],
)
def test_a_reply_of_another_shape_is_no_reply(client: AgentClient, agent: Agent, body: bytes) -> None:
    agent.body = body
    with pytest.raises(UnavailableError, match="expected an object"):
        client.invoke(agent.endpoint, "x")


def test_a_reply_beyond_the_cap_is_no_reply(client: AgentClient, agent: Agent) -> None:
    agent.body = b'{"capability": null, "hand_off": null, "answer": "' + b"a" * 2_000_000 + b'"}'
    with pytest.raises(UnavailableError, match="at most"):
        client.invoke(agent.endpoint, "x")


def test_a_reply_that_breaks_off_is_no_reply(client: AgentClient, agent: Agent) -> None:
    agent.headers = {"Content-Length": str(len(GOOD) + 1)}
    with pytest.raises(UnavailableError, match="RemoteProtocolError"):
        client.invoke(agent.endpoint, "x")


def test_a_reply_in_an_unknown_encoding_is_no_reply(client: AgentClient, agent: Agent) -> None:
    agent.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(UnavailableError, match="DecodingError"):
        client.invoke(agent.endpoint, "x")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://", "http://[", "file:///etc/passwd"])
def test_an_endpoint_where_nobody_answers_gives_no_reply(client: AgentClient, endpoint: str) -> None:
    with pytest.raises(UnavailableError) as raised:
        client.invoke(endpoint, "x")
    assert raised.value.component == "agent"
