"""Sends signed deliveries at a fixed pace, whether or not the earlier ones are answered, and tells how long each took.

A process of its own, so that sending costs the server nothing but the machine. It reads what to do
as JSON on standard input and writes JSON; it ends after the deliveries it was asked for.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from dataclasses import asdict, dataclass, field

SECRET = "0f4b1c9e7d2a86350f4b1c9e7d2a8635"  # noqa: S105 - of nothing but this load
REPOSITORY = "acme-agents/agents"
_SECONDS_TO_ANSWER = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: `bodies` in turn, `per_second` for `seconds`."""

    port: int
    path: str
    bodies: list[str]
    per_second: int
    seconds: float


@dataclass(slots=True)
class Told:
    """How long each delivery took, in milliseconds, and what was answered."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)


class _Line:
    """Keeps connections open and gives each delivery one of its own for as long as it takes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, message: bytes, told: Told) -> None:
        reader, writer = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        began = time.perf_counter()
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(head))
        told.milliseconds.append((time.perf_counter() - began) * 1000)
        status = head.split(b" ", 2)[1].decode()
        told.statuses[status] = told.statuses.get(status, 0) + 1
        self._free.append((reader, writer))

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()


async def _run(load: Load) -> Told:
    messages = [_message(load, body.encode()) for body in load.bodies]
    told, line, loop = Told(), _Line(load.port), asyncio.get_running_loop()
    began, sending = loop.time(), []
    for number in range(int(load.per_second * load.seconds)):
        await asyncio.sleep(began + number / load.per_second - loop.time())
        sending.append(asyncio.create_task(line.send(messages[number % len(messages)], told)))
    async with asyncio.timeout(_SECONDS_TO_ANSWER):
        await asyncio.gather(*sending)
    line.close()
    return told


def _message(load: Load, body: bytes) -> bytes:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-GitHub-Event: pull_request\r\n"
        f"X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-Hub-Signature-256: sha256={signature}\r\n\r\n"
    )
    return head.encode() + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise ValueError("an answer without a length")


if __name__ == "__main__":
    json.dump(asdict(asyncio.run(_run(Load(**json.load(sys.stdin))))), sys.stdout)
