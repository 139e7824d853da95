"""An HTTP server that answers what a test says, byte for byte, and counts connections and simultaneous calls."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.exchange import Patience
from controller.change.app_setup import PERMISSIONS
from tests.app_key import app_key_pem


@dataclass(frozen=True)
class Said:
    """An answer."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[str, str], Said]


class ScriptedServer(ThreadingHTTPServer):
    """Answers the App's own calls by itself and everything else by the script."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.script = script
        self.connections = 0
        self.calls: list[str] = []

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/v3"


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or the client's kernel holds its acknowledgement back
    server: ScriptedServer

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:  # the name http.server looks for
        self._answer()

    def do_POST(self) -> None:  # the name http.server looks for
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # http.server's word
        """Say nothing."""

    def _answer(self) -> None:
        path = self.path.removeprefix("/api/v3")
        said = _as_app(path)
        if said is None:
            self.server.calls.append(f"{self.command} {path}")
            said = self.server.script(self.command, path)
        self.send_response(said.status)
        for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body)


def _as_app(path: str) -> Said | None:
    if path.endswith("/installation"):
        return Said(b'{"id": 1, "app_slug": "dvo"}')
    if path.endswith("/access_tokens"):
        ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        return Said(json.dumps({"token": "ghs_x", "expires_at": ends, "permissions": dict(PERMISSIONS)}).encode(), 201)
    return None


@contextmanager
def scripted(script: Script, patience: Patience | None = None) -> Iterator[tuple[GitHubApp, ScriptedServer]]:
    """Run a server with this script and an App on it."""
    server = ScriptedServer(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    patience = patience or Patience(connect_seconds=2, read_seconds=5, total_seconds=5, retries=0)
    app = GitHubApp(server.api_url, 1, app_key_pem(), "acme/agents", patience=patience)
    try:
        yield app, server
    finally:
        app.close()
        server.shutdown()
        thread.join()
        server.server_close()
