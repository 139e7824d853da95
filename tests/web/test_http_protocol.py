"""What a stranger sends has an end, in bytes and in time, and says nothing of where it comes from."""

from collections.abc import Iterator

import pytest

from controller.web.http_protocol import BoundedHttp
from tests.web.conftest import House
from tests.web.listening import Listening, answer, listening

GET = b"GET /health/live HTTP/1.1\r\nHost: dvo.example\r\n"
POST = b"POST /webhooks/github HTTP/1.1\r\nHost: dvo.example\r\n"
LARGE = b"a" * 0x10000


class Impatient(BoundedHttp):
    """Waits for no message."""

    message_seconds = 0.2


@pytest.fixture
def server(house: House) -> Iterator[Listening]:
    with listening(house) as server:
        yield server


@pytest.mark.parametrize(
    ("head", "part"),
    [
        pytest.param(GET + b"X-Endless: ", LARGE, id="one header"),
        pytest.param(GET, b"X-Many: a\r\n" * 6000, id="many headers"),
        pytest.param(b"GET /", LARGE, id="a path"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n1;a=", LARGE, id="a chunk extension"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Many: a\r\n" * 6000, id="trailers"),
    ],
)
def test_a_head_that_does_not_end_ends_the_connection(server: Listening, head: bytes, part: bytes) -> None:
    sent = 0
    with server.connect() as connection:
        connection.sendall(head)
        try:
            for _ in range(800):
                connection.sendall(part)
                sent += len(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent < 20 << 20
    with server.connect() as another:
        another.sendall(GET + b"\r\n")
        assert answer(another).startswith("HTTP/1.1 200")


def test_a_large_head_that_ends_is_answered(server: Listening) -> None:
    with server.connect() as connection:
        connection.sendall(GET + b"X-Large: " + b"a" * 30_000 + b"\r\n\r\n")
        assert answer(connection).startswith("HTTP/1.1 200")


@pytest.mark.parametrize(
    "sent", [b"", GET, POST + b"Content-Length: 9\r\n\r\n{", GET + b"Content-Length: 9\r\n\r\n"], ids=str
)
def test_a_message_that_does_not_come_ends_its_connection(house: House, sent: bytes) -> None:
    with listening(house, Impatient) as server, server.connect() as connection:
        connection.sendall(sent)
        while connection.recv(65536):
            pass


def test_several_requests_may_come_over_one_connection_with_time_for_each(server: Listening) -> None:
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(GET + b"\r\n")
            assert answer(connection).startswith("HTTP/1.1 200")


def test_a_header_about_where_one_comes_from_is_not_believed_because_it_came_through_this_machine(
    server: Listening,
) -> None:
    with server.connect() as connection:
        connection.sendall(POST + b"X-Forwarded-For: 203.0.113.9\r\nContent-Length: 0\r\n\r\n")
        assert answer(connection).startswith("HTTP/1.1 415")
    assert [event.details["source_ip"] for event in server.house.journal.events] == ["127.0.0.1"]
