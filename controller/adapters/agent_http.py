"""Asking a running agent over HTTP: POST /invoke at its endpoint, as `caat.runtime.service` serves it.

What comes back is text from outside: bounded in size and time, checked in shape, and
nothing but a reply or `UnavailableError` leaves this file.
"""

import httpx
from pydantic import BaseModel, ValidationError

from controller.errors import UnavailableError
from controller.ports.agent import Reply

_LARGEST_REPLY = 1024 * 1024


class _Answer(BaseModel):
    capability: str | None
    answer: str
    hand_off: str | None


class HttpAgentClient:
    """Invokes agents; `timeout_seconds` bounds connecting and each wait for more of a reply."""

    def __init__(self, timeout_seconds: float = 10.0) -> None:
        self._timeout_seconds = timeout_seconds

    def invoke(self, endpoint: str, text: str) -> Reply:
        """Return the agent's reply to `text`. Raises `UnavailableError` when it gives none."""
        try:
            with (
                httpx.Client(timeout=self._timeout_seconds, trust_env=False, follow_redirects=False) as client,
                client.stream("POST", f"{endpoint}/invoke", json={"input": text}) as reply,
            ):
                return _reply(reply)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unavailable(f"gave no reply: {type(error).__name__}") from error


def _reply(reply: httpx.Response) -> Reply:
    if reply.status_code != httpx.codes.OK:
        raise _unavailable(f"expected status 200, got {reply.status_code}")
    body = bytearray()
    for chunk in reply.iter_bytes():
        body += chunk
        if len(body) > _LARGEST_REPLY:
            raise _unavailable(f"expected a reply of at most {_LARGEST_REPLY} bytes, got more")
    try:
        answer = _Answer.model_validate_json(bytes(body), strict=True)
    except ValidationError as error:
        raise _unavailable("expected an object with capability, answer and hand_off, got something else") from error
    return Reply(answer.capability, answer.answer, answer.hand_off)


def _unavailable(message: str) -> UnavailableError:
    return UnavailableError(f"the agent: {message}", component="agent")
