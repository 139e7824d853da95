"""The web server: one process, one thread, a socket that is bound before anything else knows its port.

Uvicorn with its pure-Python HTTP protocol, extended by one thing: a request carries its transport, so that planned
trouble can cut a connection.
"""

import socket
import threading
import time
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_STARTED_WITHIN = 15.0


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 whose requests know the connection they came by."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # uvicorn's own signature, passed on unread
        super().__init__(*arguments, **named)
        self.app_state = {**self.app_state, "transport": None}

    def connection_made(self, transport: Any) -> None:
        """Remember the transport for the requests to come."""
        super().connection_made(transport)
        self.app_state["transport"] = transport


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is already bound, so that no one else can take the port."""
    # Named as TCP, because asyncio turns Nagle's algorithm off only then; left on, it costs 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.set_inheritable(True)
    return listening


class ServerThread:
    """The server in a thread of this process."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        self._socket = listening
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=CuttableProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )
        self._thread = threading.Thread(target=self._run, name="sandbox-server", daemon=True)

    def start(self) -> None:
        """Start serving; return when requests are answered."""
        self._thread.start()
        deadline = time.monotonic() + _STARTED_WITHIN
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the sandbox's web server did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop serving and wait for the end."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._socket.close()

    def wait(self) -> None:
        """Wait until the server ends."""
        self._thread.join()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
