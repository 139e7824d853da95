"""The body of a request, read once, within a size and a time."""

import asyncio
from enum import Enum

from starlette.requests import ClientDisconnect, Request

BODY_SECONDS = 10
"""How long a whole body may take to come."""


class BodyFault(Enum):
    """Why there is no body: the HTTP status that says so."""

    TOO_LARGE = 413
    TOO_SLOW = 408
    CUT_OFF = 400


async def body_of(request: Request, limit: int, seconds: float = BODY_SECONDS) -> bytes | BodyFault:
    """Return the raw body, of at most `limit` bytes and come whole within `seconds`, or why there is none."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limit:
                    return BodyFault.TOO_LARGE
                body += chunk
    except TimeoutError:
        return BodyFault.TOO_SLOW
    except ClientDisconnect:
        return BodyFault.CUT_OFF
    return bytes(body)
