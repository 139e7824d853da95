"""Bodies as they come over a real connection: endless, slow to come, or cut off."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.web.conftest import Delivery, House, pull_request
from tests.web.listening import Listening, answer, listening

HEAD = (
    "POST /webhooks/github HTTP/1.1\r\nHost: dvo.example\r\nContent-Type: application/json\r\n"
    "X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256={digest}\r\nTransfer-Encoding: chunked\r\n\r\n"
).format(digest="0" * 64)


@pytest.fixture
def server(house: House) -> Iterator[Listening]:
    with listening(house) as server:
        yield server


def resident_kilobytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def test_an_endless_body_is_refused_at_the_cap_with_flat_memory(server: Listening) -> None:
    """ATTACKS 116."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    before = resident_kilobytes()
    sent = 0
    with server.connect() as connection:
        connection.sendall(HEAD.encode())
        try:
            for _ in range(1600):
                connection.sendall(chunk)
                sent += len(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answered = answer(connection)
    # The refusal itself is lost when the connection was reset under what was still being sent.
    assert answered.startswith("HTTP/1.1 413") or not answered
    assert sent < 100 << 20
    assert resident_kilobytes() - before < 32 * 1024
    assert server.house.queue.marks == []
    assert [event.details["reason"] for event in server.house.journal.events] == ["too_large"]


def test_an_unsigned_body_is_not_read_at_all(server: Listening) -> None:
    """ATTACKS 116."""
    head = HEAD.replace("X-Hub-Signature-256", "X-Nothing").replace("Transfer-Encoding: chunked", "Content-Length: 9")
    with server.connect() as connection:
        connection.sendall(head.encode())
        assert answer(connection).startswith("HTTP/1.1 401")


def test_a_length_over_the_cap_is_refused_before_the_body_comes(server: Listening) -> None:
    """ATTACKS 116."""
    head = HEAD.replace("Transfer-Encoding: chunked", "Content-Length: 104857600")
    with server.connect() as connection:
        connection.sendall(head.encode())
        assert answer(connection).startswith("HTTP/1.1 413")


def test_a_body_that_is_cut_off_marks_nothing_and_harms_nobody(server: Listening) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD.encode() + b'5\r\n{"a":\r\n')
    delivery = Delivery()
    headers = "".join(f"{name}: {value}\r\n" for name, value in delivery.headers().items())
    with server.connect() as connection:
        connection.sendall(
            f"POST /webhooks/github HTTP/1.1\r\nHost: dvo.example\r\nContent-Length: {len(delivery.body)}\r\n"
            f"{headers}\r\n".encode()
            + delivery.body
        )
        assert answer(connection).startswith("HTTP/1.1 202")
    assert [mark.key for mark in server.house.queue.marks] == ["pull/7"]


def test_many_bodies_that_do_not_end_leave_room_for_nobody_and_give_it_back(server: Listening) -> None:
    """ATTACKS 116: each is within its size, and nobody can say yet who sends it."""
    chunk = b"fff0\r\n" + b"x" * 0xFFF0 + b"\r\n"
    with ExitStack() as held:
        for _ in range(32):
            connection = held.enter_context(server.connect())
            connection.sendall(HEAD.encode() + chunk)
        assert statuses_until(server, "503")
    assert statuses_until(server, "202")


def statuses_until(server: Listening, status: str) -> bool:
    """Send deliveries until one is answered so: what was sent before on other connections is read in its own time."""
    delivery = Delivery(pull_request() | {"note": "x" * 1000})
    headers = "".join(f"{name}: {value}\r\n" for name, value in delivery.headers().items())
    for _ in range(2000):
        with server.connect() as connection:
            connection.sendall(
                f"POST /webhooks/github HTTP/1.1\r\nHost: dvo.example\r\nContent-Length: {len(delivery.body)}\r\n"
                f"{headers}\r\n".encode()
                + delivery.body
            )
            if answer(connection).startswith(f"HTTP/1.1 {status}"):
                return True
    return False
