"""One OPA server process of our own, for one compiled bundle.

It listens on a socket in a private folder, knows one random token, and lets that token ask for
the decision and for permissions only; nothing can be uploaded. It sees nothing of our environment,
has a memory limit, and dies with the controller. Who asks it what is decided elsewhere.
"""

import subprocess
import threading
import time
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe

from controller.adapters.opa.compiling import told
from controller.adapters.opa.guard import guarded
from controller.adapters.opa.transport import Client, socket_client
from controller.errors import UnavailableError

# The token itself is nowhere on disk. `identity` is what OPA takes from the Authorization header.
_AUTHORIZATION = """package system.authz

default allow := false

allow if {{
	input.method == "GET"
	input.path == ["health"]
}}

allow if {{
	crypto.sha256(input.identity) == "{fingerprint}"
	input.method == "POST"
	input.path in [
		["v1", "data", "dvo", "decision"],
		["v1", "data", "dvo", "authz", "allow"],
		["v1", "data", "dvo", "authz", "standing"],
	]
}}
"""
_START_SECONDS = 15.0
_LOOK_SECONDS = 0.005
_STOP_SECONDS = 5.0


class OpaChild:
    """A running OPA, from `start` until `stop`; it answers on `socket` to whoever has `token`."""

    def __init__(self, opa: Path, archive: Path, folder: Path, *, timeout_seconds: float, memory_bytes: int) -> None:
        self._folder = folder
        self.token = token_urlsafe(32)
        self.socket = folder / "s"
        command = [str(opa), "run", "--server", "--addr", f"unix://{self.socket}", "--unix-socket-perm", "700"]
        command += ["--authentication", "token", "--authorization", "basic"]
        command += ["--log-level", "error", "--skip-version-check", "--shutdown-grace-period", "1"]
        command += ["--bundle", str(archive), "--bundle", str(folder / "authorization")]
        self._command = guarded(memory_bytes, command)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_launched = threading.Event()
        self._has_ended = threading.Event()
        self.client: Client = socket_client(self.socket, self.token, timeout_seconds)

    def start(self) -> None:
        """Start the process and return when it is ready; `UnavailableError` with its last words otherwise."""
        self._write_authorization()
        # The kernel watches over the thread that starts a child, so that one stays as long as the child.
        threading.Thread(target=self._supervise, name="opa", daemon=True).start()
        self._is_launched.wait()
        ends = time.monotonic() + _START_SECONDS
        while not self.client.check_health():
            if not self.is_alive or time.monotonic() > ends:
                self.stop()
                raise UnavailableError(f"OPA does not start: {self.last_words}", component="opa")
            time.sleep(_LOOK_SECONDS)

    @property
    def pid(self) -> int | None:
        """The id of the process, once there is one."""
        return None if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._is_launched.is_set() and not self._has_ended.is_set()

    @property
    def last_words(self) -> str:
        """The end of what the process printed, as one line."""
        try:
            printed = (self._folder / "printed").read_bytes()[-4000:]
        except OSError as error:
            return str(error)
        return told(printed.decode("utf-8", "replace"), self._folder)

    def stop(self) -> None:
        """End the process at once; nothing it holds is worth keeping."""
        self.client.close_connection()
        if self._process is not None:
            self._process.kill()
            self._has_ended.wait(_STOP_SECONDS)

    def _write_authorization(self) -> None:
        folder = self._folder / "authorization"
        folder.mkdir()
        fingerprint = sha256(self.token.encode()).hexdigest()
        (folder / "authz.rego").write_text(_AUTHORIZATION.format(fingerprint=fingerprint))
        (folder / ".manifest").write_text('{"roots": ["system/authz"]}')

    def _supervise(self) -> None:
        try:
            with (self._folder / "printed").open("wb") as printed:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=self._folder,
                    env={},
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    start_new_session=True,
                )
        except OSError as error:
            (self._folder / "printed").write_text(str(error))
        finally:
            self._is_launched.set()
        if self._process is not None:
            self._process.wait()
        self._has_ended.set()
