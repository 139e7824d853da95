"""HTTP/1.1 with an end to everything a stranger may send before anybody knows who they are.

uvicorn's fast parser takes heads, trailers and chunk extensions of any size, and waits for them, and
for the rest of a message, as long as a client likes; both would be memory and connections for free.
How large a body may be, and how long it may take, is the routes' part.
"""

from asyncio import TimerHandle, Transport
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedHttp(HttpToolsProtocol):
    """One connection; ends when what is no body grows too large, or a message takes too long to come."""

    largest_head: ClassVar[int] = 64 * 1024
    """Bytes that may come without one of a body among them; one read more, at most, is taken in."""
    message_seconds: ClassVar[float] = 20.0
    """How long a message may take to come whole, and how long a connection may say nothing at first."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # uvicorn's own signature, passed on unread
        super().__init__(*arguments, **named)
        self._head = 0
        self._since: float | None = None
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Wait for a first message."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is too much that is no body."""
        self._head += len(data)
        super().data_received(data)
        if self._head > self.largest_head and not self.transport.is_closing():
            self.logger.warning("HTTP head too large.")
            self.send_400_response("Expected a smaller head.")

    def on_message_begin(self) -> None:
        """Give a message its time."""
        self._since = self.loop.time()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Pass on some of a body."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Pass on that a message is whole."""
        self._head, self._since = 0, None
        super().on_message_complete()

    def _look(self) -> None:
        """End the connection when its message is late; else look again when it would be, one timer for them all."""
        now = self.loop.time()
        left = (now if self._since is None else self._since) + self.message_seconds - now
        if left <= 0:
            self.transport.close()
        else:
            self._timer = self.loop.call_later(left, self._look)
