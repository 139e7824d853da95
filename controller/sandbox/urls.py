"""Where things are found: the root of the pages and, like on GitHub Enterprise, the API below `/api/v3`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

API_PREFIX = "/api/v3"
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Urls:
    """The addresses of one sandbox."""

    root: str

    @property
    def api(self) -> str:
        """Return the root of the REST API."""
        return self.root + API_PREFIX

    def repository(self, full_name: str) -> str:
        """Return a repository's API address."""
        return f"{self.api}/repos/{full_name}"

    def page(self, full_name: str) -> str:
        """Return a repository's page."""
        return f"{self.root}/{full_name}"

    def clone(self, full_name: str) -> str:
        """Return where git clones a repository from."""
        return f"{self.root}/{full_name}.git"
