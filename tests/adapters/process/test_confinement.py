"""What an agent tries and does not get: a bundle that reports what it could reach."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from controller.adapters.process.confinement import landlock_version
from controller.adapters.process.deployer import ProcessDeployer
from controller.caat.bundle import Bundle
from controller.desired_state.manifest import Key, Platform
from controller.ports.deployer import Unhealthy
from tests.contracts.deployer import SECONDS, intent

ATTEMPT = """\
import os, signal, socket, subprocess, sys
from pathlib import Path

def attempt():
    {attempt}

try:
    found = attempt()
except (OSError, ValueError) as error:
    found = type(error).__name__
sys.exit(f"found {{found!r}}")
"""


def _found(deployer: ProcessDeployer, key: Key, attempt: str) -> str:
    """Return what a bundle that makes one attempt says of it."""
    bundle = Bundle(Platform.FASTAPI, {"__main__.py": ATTEMPT.format(attempt=attempt).encode(), "own.txt": b"mine"})
    outcome = deployer.start(intent(key, bundle), bundle, SECONDS)
    assert isinstance(outcome, Unhealthy)
    return outcome.reason.partition("found ")[2]


def _assert_denied(deployer: ProcessDeployer, key: Key, attempt: str, since: int = 1) -> None:
    """Check that an attempt is denied, where the kernel's Landlock is recent enough to know of it."""
    found = _found(deployer, key, attempt)
    assert found == "'PermissionError'" or landlock_version() < since


def test_a_bundle_reads_its_own_files(deployer: ProcessDeployer, key: Key) -> None:
    assert _found(deployer, key, "return Path('own.txt').read_text()") == "'mine'"


def test_a_bundle_has_no_variables(deployer: ProcessDeployer, key: Key) -> None:
    """ATTACKS 002."""
    assert _found(deployer, key, "return {name for name in os.environ if name != 'LC_CTYPE'}") == "set()"


@pytest.mark.parametrize("path", ["/proc/{parent}/environ", "/proc/self/environ", "/proc/{parent}/cmdline"])
def test_a_bundle_cannot_read_of_any_process(deployer: ProcessDeployer, key: Key, path: str) -> None:
    """ATTACKS 002."""
    named = path.format(parent=os.getpid())
    _assert_denied(deployer, key, f"return Path('{named}').read_bytes()")


def test_a_bundle_cannot_read_the_controllers_home(deployer: ProcessDeployer, key: Key, home: Path) -> None:
    (home / "signing.key").write_text("canary")
    _assert_denied(deployer, key, f"return Path('{home}/signing.key').read_text()")
    _assert_denied(deployer, key, f"return os.listdir('{home}')")


def test_a_bundle_cannot_write_anywhere(deployer: ProcessDeployer, key: Key, tmp_path: Path) -> None:
    for target in ("own.txt", "new.txt", "/tmp/dvo-canary", str(tmp_path / "canary")):
        _assert_denied(deployer, key, f"return Path('{target}').write_text('x')")


def test_a_bundle_cannot_run_programs(deployer: ProcessDeployer, key: Key) -> None:
    _assert_denied(deployer, key, "return subprocess.run(['/bin/sh', '-c', 'true'])")


def test_a_bundle_cannot_call_or_listen(deployer: ProcessDeployer, key: Key) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        call = f"return socket.create_connection(('127.0.0.1', {port}), 5)"
        _assert_denied(deployer, key, call, since=4)
    _assert_denied(deployer, key, "return socket.create_server(('127.0.0.1', 0))", since=4)


def test_a_bundle_cannot_signal_the_controller(deployer: ProcessDeployer, key: Key) -> None:
    attempt = f"return os.kill({os.getpid()}, signal.{signal.SIGCONT.name})"
    _assert_denied(deployer, key, attempt, since=6)


def test_a_bundle_cannot_open_many_files_or_leave_a_core(deployer: ProcessDeployer, key: Key) -> None:
    limits = "import resource as r; return r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE)"
    assert _found(deployer, key, limits) == "((256, 256), (0, 0))"


def test_a_folder_that_a_system_does_not_have_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import sys; print(sys.argv)")
    script = Path(__file__).parents[3] / "controller" / "adapters" / "process" / "confinement.py"
    command = [sys.executable, "-I", "-B", str(script), str(tmp_path), "--fd", "3"]
    said = subprocess.run(command, capture_output=True, check=True, text=True)
    assert said.stdout == f"{[str(tmp_path), '--fd', '3']}\n"
