"""`dvo serve` as a process: it comes up, logs JSON, answers, and leaves nothing behind when it is stopped."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Dvo

_LISTENING = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:[0-9]+)")


class Serving:
    """A server process and what it logged; `address` waits until it listens."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [str(Path(sys.executable).parent / "dvo"), "serve", "--port", "0"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._found = threading.Event()
        self._address = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def address(self) -> str:
        assert self._found.wait(90), "".join(self.lines)
        return self._address

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        code = self.process.wait(60)
        self._reader.join(60)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            address = _LISTENING.search(line)
            if address is not None:
                self._address = address[1]
                self._found.set()
        self._found.set()


@pytest.fixture
def serving(environment: dict[str, str], server: dict[str, str]) -> Iterator[Serving]:
    settings = {name: value for name, value in server.items() if name != "DATABASE_URL"}
    started = Serving(environment | settings)
    yield started
    started.process.kill()
    started.ended()


def test_a_server_told_to_end_stops_all_it_started_and_ends_with_0(serving: Serving, home: Path) -> None:
    response = httpx.get(f"{serving.address}/health/live", timeout=20)
    assert response.status_code == 200
    assert "server" not in response.headers
    assert (home / ".dvo/postgres/postmaster.pid").exists()
    assert serving.stop(signal.SIGTERM) == 0
    assert not (home / ".dvo/postgres/postmaster.pid").exists()
    told = [json.loads(line) for line in serving.lines]
    assert {"event", "level", "timestamp"} <= set(told[0])
    assert any(line["event"] == "request" and line["path"] == "/health/live" for line in told)


def test_a_home_may_be_named_on_the_command_line(dvo: Dvo, tmp_path: Path) -> None:
    said = dvo("serve", "--home", str(tmp_path / "elsewhere"))
    assert said.code == 2
    assert "DVO_HOME" not in said.err
