"""The application behind a real socket, served as it is in production."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from controller.compose.production import server_config
from controller.web.app import create_app
from controller.web.http_protocol import BoundedHttp
from tests.web.conftest import House


@dataclass(frozen=True)
class Listening:
    house: House
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextmanager
def listening(house: House, http: type[BoundedHttp] = BoundedHttp) -> Iterator[Listening]:
    """Serve the application of `house`, by `http`."""
    config = server_config(create_app(house.doors), "127.0.0.1", 0)
    assert config.http is BoundedHttp
    config.http, config.timeout_graceful_shutdown = http, 1
    running = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        deadline = time.monotonic() + 20
        while not running.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert running.started
        yield Listening(house, bound.getsockname()[1])
        running.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def answer(connection: socket.socket) -> str:
    """Return what came back, up to the end of a head or of the connection."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
            if b"\r\n\r\n" in received:
                break
    except ConnectionResetError:
        pass
    return received.decode()
