"""A sandbox to use: seed it in Python, run it in this process, act on it as its people.

`with Sandbox.running(folder) as sandbox:` gives a server on a free port of 127.0.0.1. Seeding (`add_*`, `grant`,
`protect`) sends no events; whatever happens later over HTTP does. Faults, counters and webhook deliveries are on
`sandbox.faults` and `sandbox.outbox`.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from controller.sandbox.app import web_application
from controller.sandbox.control import control_routes
from controller.sandbox.deliveries import Outbox
from controller.sandbox.faults import Faults
from controller.sandbox.pages.routes import page_routes
from controller.sandbox.person import Person
from controller.sandbox.seeding import AppCredentials, Seeds
from controller.sandbox.server import ServerThread, bound_socket
from controller.sandbox.urls import Urls
from controller.sandbox.world import Clock, World, real_time


class Sandbox:
    """One small GitHub."""

    def __init__(
        self, directory: Path, *, clock: Clock = real_time, token_clock: Clock = real_time, port: int = 0
    ) -> None:
        self.faults = Faults()
        self.control_token = secrets.token_hex(16)
        self._socket = bound_socket("127.0.0.1", port)
        self.world = World(directory, clock=clock, token_clock=token_clock)
        self.world.urls = Urls(f"http://127.0.0.1:{self._socket.getsockname()[1]}")
        self.world.outbox.now = self.world.now
        self.seeds = Seeds(self.world)
        self._server = ServerThread(
            web_application(
                self.world,
                self.faults,
                *control_routes(self.world, self.faults, self.control_token),
                *page_routes(self.world),
            ),
            self._socket,
        )

    @classmethod
    @contextmanager
    def running(
        cls, directory: Path, *, clock: Clock = real_time, token_clock: Clock = real_time
    ) -> Iterator["Sandbox"]:
        """Run a sandbox while the block lasts."""
        sandbox = cls(directory, clock=clock, token_clock=token_clock)
        sandbox.start()
        try:
            yield sandbox
        finally:
            sandbox.stop()

    def start(self) -> None:
        """Start answering."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering and end all helpers."""
        self._server.stop()
        self.world.outbox.close()
        for repository in self.world.repositories.values():
            repository.store.close()

    def wait(self) -> None:
        """Wait until the server ends."""
        self._server.wait()

    @property
    def url(self) -> str:
        """Return the root of the pages and of git."""
        return self.world.urls.root

    @property
    def api_url(self) -> str:
        """Return the root of the REST API."""
        return self.world.urls.api

    @property
    def outbox(self) -> Outbox:
        """Return the webhook deliveries."""
        return self.world.outbox

    def person(self, login: str, repository: str) -> Person:
        """Return somebody to act as on a repository, over HTTP with their own token."""
        account = self.world.account(login)
        return Person(
            root=self.url,
            api=self.api_url,
            repository=repository,
            login=account.login,
            email=account.emails[0],
            token=self.seeds.token_of(login),
        )

    def show_stale_head(self, repository: str, number: int, *, reads: int) -> None:
        """Let the next reads of a pull request tell the head it had before the last push."""
        owner, _, name = repository.partition("/")
        with self.world.lock:
            self.world.stale_heads[self.world.repository(owner, name).id, number] = reads

    def point_webhooks(self, credentials: AppCredentials, url: str | None) -> None:
        """Send an App's events to another address, or nowhere."""
        with self.world.lock:
            self.world.apps[credentials.app_id].webhook_url = url


def folder_content(folder: Path) -> Mapping[str, bytes]:
    """Return the files of a folder as a repository's content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
