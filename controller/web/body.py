"""The body of a request, read once, within a size and a time, and within what all of them may take together."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from starlette.requests import ClientDisconnect, Request

BODY_SECONDS = 10
"""How long a whole body may take to come."""


class BodyFault(Enum):
    """Why there is no body: the HTTP status that says so."""

    TOO_LARGE = 413
    TOO_SLOW = 408
    CUT_OFF = 400
    NO_ROOM = 503


Take = Callable[[int], bool]
"""Takes room for so many bytes; returns whether there was any."""


class Room:
    """How many bytes of bodies may be held at once, whoever sends them; for one event loop."""

    def __init__(self, most: int) -> None:
        """Let `most` bytes be held."""
        self._left = most

    @contextmanager
    def share(self) -> Iterator[Take]:
        """Give what takes room, all of which comes back in the end."""
        held = 0

        def take(size: int) -> bool:
            nonlocal held
            if size > self._left:
                return False
            self._left -= size
            held += size
            return True

        try:
            yield take
        finally:
            self._left += held


def _plenty(_: int) -> bool:
    """Take room where nobody counts it: whoever sends the body is known, or it is small."""
    return True


async def body_of(
    request: Request, limit: int, seconds: float = BODY_SECONDS, take: Take = _plenty
) -> bytes | BodyFault:
    """Return the raw body, of at most `limit` bytes and come whole within `seconds`, or why there is none.

    `take` is asked for room before a part is kept.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limit:
                    return BodyFault.TOO_LARGE
                if not take(len(chunk)):
                    return BodyFault.NO_ROOM
                body += chunk
    except TimeoutError:
        return BodyFault.TOO_SLOW
    except ClientDisconnect:
        return BodyFault.CUT_OFF
    return bytes(body)
