"""What the story is played on: the sandbox, the controller, a clock, and eyes on them.

People act through the sandbox's public API with their own tokens; what the controller did is
seen where everybody sees it, in checks and at the agents' endpoints.
"""

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar, cast

import httpx

from controller.errors import UnavailableError
from controller.sandbox.person import Person

Seen = TypeVar("Seen")
Check = dict[str, object]

_PATIENCE_SECONDS = 90.0
_PAUSE_SECONDS = 0.1
_ENDPOINT = re.compile(r"http://127\.0\.0\.1:[0-9]+")


class World(Protocol):
    """The running parts, as `compose.demo` builds them."""

    @property
    def ledger(self) -> Path:
        """The ledger's repository."""
        ...

    @property
    def pages(self) -> str:
        """The address of the code host's pages, for a browser."""
        ...

    def person(self, login: str) -> Person:
        """Return somebody to act as."""
        ...

    def move_clock(self, moment: datetime) -> None:
        """Make it `moment` for the controller and for the code host."""
        ...

    def verify(self, ledger: Path) -> tuple[int, str | None]:
        """Return how many entries of a ledger hold, and the first fault in words, if any."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """Watches the world until something has come true."""

    world: World

    def check(self, ref: str, name: str, conclusion: str | None, says: str = "") -> Check:
        """Wait until check `name` of `ref` ends as told (None: still open) and its title says so."""
        what = f"{name} of {ref[:12]} to be {conclusion or 'open'} {says}"
        return self.until(lambda: self.seen(ref, name, conclusion, says), what)

    def seen(self, ref: str, name: str, conclusion: str | None, says: str = "") -> Check | None:
        """Return check `name` of `ref` if it is as told now."""
        for check in self._reader.check_runs(ref):
            output = check["output"]
            title = str(output["title"]) if isinstance(output, dict) else ""
            if check["name"] == name and check["conclusion"] == conclusion and says in title:
                return check
        return None

    def annotations(self, check: Check) -> list[dict[str, object]]:
        """Return the annotations of a check run."""
        answer = self._reader.send("GET", f"/check-runs/{check['id']}/annotations")
        answer.raise_for_status()
        return list(answer.json())

    def listing(self, folder: str) -> list[str]:
        """Return the paths of main's files below `folder`, relative to it."""
        return [path.removeprefix(folder) for path in self._tree() if path.startswith(folder)]

    def file(self, path: str) -> bytes:
        """Return a file of main as it is now."""
        blob = self._reader.call("GET", f"/git/blobs/{self._tree()[path]}")
        return base64.b64decode(str(blob["content"]))

    def _tree(self) -> dict[str, str]:
        tip = self._reader.call("GET", "/git/ref/heads/main")["object"]
        tree = self._reader.call("GET", f"/git/trees/{cast(dict[str, str], tip)['sha']}?recursive=1")["tree"]
        return {entry["path"]: entry["sha"] for entry in cast(list[dict[str, str]], tree) if entry["type"] == "blob"}

    @property
    def _reader(self) -> Person:
        return self.world.person("vera-view")

    def head(self, number: int) -> str:
        """Return the head commit of a pull request."""
        head = self._reader.pull(number)["head"]
        return str(head["sha"]) if isinstance(head, dict) else ""

    def proposed_by_machine(self) -> int | None:
        """Return the number of an open pull request that no person opened, if there is one now."""
        answer = self._reader.send("GET", "/pulls?state=open")
        answer.raise_for_status()
        return next((int(pull["number"]) for pull in answer.json() if pull["user"]["type"] == "Bot"), None)

    def endpoint(self, check: Check) -> str:
        """Return where the agent answers that a deployment check tells of."""
        output = check["output"]
        found = _ENDPOINT.search(
            str(output["summary"]).replace("`", "").replace("\\", "") if isinstance(output, dict) else ""
        )
        if found is None:
            raise UnavailableError("the deployment check names no endpoint", component="demo")
        return found.group()

    def until(self, look: Callable[[], Seen | None], what: str) -> Seen:
        """Look again until something is seen; `UnavailableError` when it takes too long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            seen = look()
            if seen is not None:
                return seen
            time.sleep(_PAUSE_SECONDS)
        raise UnavailableError(f"waited {_PATIENCE_SECONDS:.0f} s for {what}", component="demo")


def ask_agent(endpoint: str, question: str) -> dict[str, object]:
    """Ask a running agent something over HTTP and return its whole reply."""
    with httpx.Client(timeout=10, trust_env=False) as client:
        answer = client.post(f"{endpoint}/invoke", json={"input": question})
        answer.raise_for_status()
        return dict(answer.json())


def health(endpoint: str) -> dict[str, object]:
    """Return what a running agent says of itself."""
    with httpx.Client(timeout=10, trust_env=False) as client:
        answer = client.get(f"{endpoint}/health")
        answer.raise_for_status()
        return dict(answer.json())
