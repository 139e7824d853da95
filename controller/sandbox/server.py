"""The web server: one process, one thread, a socket that is bound before anything else knows its port.

Uvicorn with its pure-Python HTTP protocol, extended by two things: a request carries its transport, so that planned
trouble can cut a connection, and the server ends as soon as it is told to.
"""

import asyncio
import socket
import threading
import time
from contextlib import suppress
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


class PromptServer(uvicorn.Server):
    """Uvicorn's server; that one looks ten times a second whether it should end, and then waits a while longer."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """End now; from another thread than the server's."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Serve until told to end."""
        self._loop = asyncio.get_running_loop()
        # Of uvicorn's ten ticks a second one does something: it makes the next Date header.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut every connection."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()


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
        self._server = PromptServer(
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
        self._server.end()
        self._thread.join()
        self._socket.close()

    def wait(self) -> None:
        """Wait until the server ends."""
        self._thread.join()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
