"""How long GitHub waits for the answer to a webhook, beside a handler that only checks the signature.

Server and sender are processes of their own; both handlers are on the same server and get the same
load in turns, in one run. What else the machine does shows in both, so the ratio says what marking
costs; the load of the machine is told beside it, and so is the server's processor time, which
depends least on the others.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import httpx

from benchmarks.figure import Figure
from benchmarks.webhook_load import REPOSITORY, Load

_PER_SECOND = 200
_TURNS = 5
_SECONDS_A_TURN = 2.0
_BODY_BYTES = 25_000
_PULLS = 40
_PATHS = ("/no-op", "/webhooks/github")


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure."""
    taken: dict[str, list[float]] = {path: [] for path in _PATHS}
    processor = dict.fromkeys(_PATHS, 0.0)
    with _server() as port:
        for path in _PATHS:
            _send(port, path, 1.0)  # connections and caches are there from here on
        for _ in range(_TURNS):
            for path in _PATHS:
                before = _processor_seconds(port)
                taken[path] += _send(port, path, _SECONDS_A_TURN)
                processor[path] += _processor_seconds(port) - before
    bare, whole = (taken[path] for path in _PATHS)
    name = f"webhook of {_BODY_BYTES // 1000} kB at {_PER_SECOND} a second, marked and answered"
    yield Figure(f"{name}, p99", _percentile(whole, 99), "ms", 15)
    yield Figure(f"{name}, median", statistics.median(whole), "ms")
    yield Figure("a handler that only checks the signature, same load, p99", _percentile(bare, 99), "ms")
    yield Figure("a handler that only checks the signature, same load, median", statistics.median(bare), "ms")
    yield Figure("webhook against that handler, p99", _percentile(whole, 99) / _percentile(bare, 99), "times")
    yield Figure("webhook against that handler, median", statistics.median(whole) / statistics.median(bare), "times")
    for path, shown in zip(_PATHS, ("of that handler", "of a webhook"), strict=True):
        yield Figure(f"processor time of the server {shown}, mean", processor[path] / len(taken[path]) * 1000, "ms")
    yield Figure(f"load average of this machine with {os.cpu_count()} processors", os.getloadavg()[0], "")


@contextmanager
def _server() -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.webhook_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the server has no pipes")
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def _processor_seconds(port: int) -> float:
    answer = httpx.get(f"http://127.0.0.1:{port}/processor-seconds", trust_env=False, timeout=30)
    return float(answer.json())


def _send(port: int, path: str, seconds: float) -> Sequence[float]:
    load = Load(port, path, [_body(number) for number in range(1, _PULLS + 1)], _PER_SECOND, seconds)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.webhook_load"],
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    if set(told["statuses"]) != {"202"}:
        raise RuntimeError(f"expected every delivery at {path} to be accepted, got {told['statuses']}")
    return [float(each) for each in told["milliseconds"]]


def _body(number: int) -> str:
    """Return what GitHub sends when a pull request is opened, of the usual size."""
    payload: dict[str, object] = {
        "action": "opened",
        "number": number,
        "pull_request": {"number": number, "base": {"ref": "main"}, "merged": False},
        "repository": {"full_name": REPOSITORY},
        "links": [],
    }
    rest = _BODY_BYTES - len(json.dumps(payload))
    entry = {"href": f"https://api.github.com/repos/{REPOSITORY}/pulls/{number}", "id": number, "is": True}
    payload["links"] = [entry] * (rest // (len(json.dumps(entry)) + 2))
    return json.dumps(payload).ljust(_BODY_BYTES)


def _percentile(values: Sequence[float], wanted: int) -> float:
    return statistics.quantiles(values, n=100)[wanted - 1]
