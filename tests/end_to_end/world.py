"""The world around a controller that runs as a process: a code host, people, a clock, and eyes on them.

People act through the sandbox's public API with their own tokens. What the controller did is
read where it cannot know of it: in the code host's own records, in the sealed ledger, and at
the processes of the target.
"""

import itertools
import json
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from controller.adapters.process.children import running
from controller.compose.demo import REPOSITORY, seed, stop_agents
from controller.compose.ledger_copy import sealed_events, verify_ledger
from controller.ledger.event import Event, EventType
from controller.sandbox.git_store import GitStore
from controller.sandbox.person import Person
from controller.sandbox.records import PullRequest
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import AppCredentials
from tests.end_to_end.process import ROOT, ControllerProcess, descendants, run_watched
from tests.end_to_end.runner import FileClock, Places
from tests.end_to_end.waiting import until
from tests.opa import opa_binary

TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)

Launch = Callable[[Mapping[str, str], Places], ControllerProcess]


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation: where, and what it says."""

    path: str
    line: int
    says: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check run as its readers see it."""

    id: int
    commit: str
    name: str
    conclusion: str | None
    title: str
    summary: str
    notes: tuple[Note, ...]


@dataclass
class World:
    """One company with its code host, its people and its controller."""

    folder: Path
    sandbox: Sandbox
    app: AppCredentials
    clock: FileClock
    launch: Launch
    """How the controller is started."""
    more: Mapping[str, str]
    """Settings in addition."""
    controller: ControllerProcess | None = None
    _branches: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def places(self) -> Places:
        return Places(self.folder / "controller.log", self.clock.file, self.folder / "point")

    @property
    def people_file(self) -> Path:
        """The directory file, a copy of this world's own."""
        return self.folder / "directory.yaml"

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of the controller."""
        own = {
            "DVO_HOME": str(self.home),
            "DVO_REPOSITORY": REPOSITORY,
            "DVO_DIRECTORY_FILE": str(self.people_file),
            "GITHUB_API_URL": self.sandbox.api_url,
            "GITHUB_APP_ID": str(self.app.app_id),
            "GITHUB_APP_PRIVATE_KEY": self.app.private_key,
            "GITHUB_WEBHOOK_SECRET": self.app.webhook_secret,
            "OPA_BIN": str(opa_binary()),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
        }
        return own | dict(self.more)

    def start(self) -> ControllerProcess:
        """Start the controller and send the code host's webhooks to it."""
        self.controller = self.launch(self.environment, self.places)
        self.sandbox.point_webhooks(self.app, f"{self.controller.address}/webhooks/github")
        return self.controller

    @property
    def running(self) -> ControllerProcess:
        assert self.controller is not None
        return self.controller

    def stop(self) -> int:
        """Stop the controller as a supervisor does."""
        code = self.running.stop()
        self.controller = None
        return code

    def die_at(self, moment: str, *words: str) -> None:
        """Let the controller kill itself when it comes to that point; a check of an earlier commit is none."""
        draft = self.folder / "point.draft"
        earlier = sorted({check.commit for check in self.all_checks()}) if "dvo/deploy" in words else []
        draft.write_text(json.dumps({"moment": moment, "words": words, "earlier": earlier}), "utf-8")
        draft.replace(self.places.point)

    def reborn(self) -> None:
        """Wait until the controller has killed itself, and start it again."""
        assert self.running.wait_for_end() == -signal.SIGKILL
        self.start()

    def person(self, login: str) -> Person:
        return self.sandbox.person(login, REPOSITORY)

    @property
    def store(self) -> GitStore:
        """The governed repository where it lies."""
        return self.sandbox.world.repository(*REPOSITORY.split("/")).store

    def file(self, path: str, ref: str = "main") -> bytes:
        """Return a file of the governed repository as it is now."""
        return self.store.run("show", f"{ref}:{path}")

    def propose(self, login: str, files: Mapping[str, bytes | None], title: str = "A change") -> int:
        """Open a pull request from a new branch and return its number."""
        return self.person(login).open_pull_request(f"branch-{next(self._branches)}", files, title)

    def _pull(self, number: int) -> PullRequest:
        pulls = self.sandbox.world.repository(*REPOSITORY.split("/")).pulls
        return pulls[number]

    def branch(self, number: int) -> str:
        """Return the branch of a pull request."""
        return self._pull(number).head_branch

    def head(self, number: int) -> str:
        """Return the head commit of a pull request."""
        return self._pull(number).head_sha

    def withdraw(self, login: str, number: int) -> None:
        """Close a pull request without merging it."""
        self.person(login).call("PATCH", f"/pulls/{number}", {"state": "closed"})

    def merge(self, login: str, number: int) -> str:
        return self.person(login).merge(number, sha=self.head(number))

    def checks(self, commit: str) -> dict[str, Check]:
        """Return the newest check of each name on a commit, from the code host's own records."""
        return {check.name: check for check in self.all_checks() if check.commit == commit}

    def all_checks(self) -> list[Check]:
        """Return every check there ever was, oldest first."""
        with self.sandbox.world.lock:
            runs = list(self.sandbox.world.repository(*REPOSITORY.split("/")).check_runs.values())
            return [
                Check(
                    run.id,
                    run.suite.head_sha,
                    run.name,
                    run.conclusion,
                    run.title or "",
                    run.summary or "",
                    tuple(Note(note.path, note.start_line, note.message) for note in run.annotations),
                )
                for run in sorted(runs, key=lambda run: run.id)
            ]

    def check(self, ref: int | str, name: str, conclusion: str | None, says: str = "") -> Check:
        """Wait until a check of a commit (or of a pull request's head) ends so and its title says so."""

        def look() -> Check | None:
            commit = self.head(ref) if isinstance(ref, int) else ref
            found = self.checks(commit).get(name)
            return found if found and found.conclusion == conclusion and says in found.title else None

        def told() -> str:
            found = self.checks(self.head(ref) if isinstance(ref, int) else ref).values()
            there = [(check.name, check.conclusion, check.title) for check in found]
            return f"{name} of {ref} to be {conclusion} {says!r}; there is {there}; the log ends {self.tail()}"

        return until(look, told)

    def green(self, number: int) -> None:
        """Wait until both checks of a pull request are green."""
        for name in ("dvo/policy", "dvo/approval"):
            self.check(number, name, "success")

    def deployed(self, merge: str) -> Check:
        """Wait until everything in a merge is deployed."""
        return self.check(merge, "dvo/deploy", "success", "completed")

    def deployed_after_merge(self, login: str, number: int) -> str:
        """Merge a pull request once it is green, wait until everything in it is deployed, and return the merge."""
        self.green(number)
        merge = self.merge(login, number)
        self.deployed(merge)
        return merge

    def log(self) -> str:
        """Return everything the controller has written, in all of its lives."""
        return self.places.log.read_text("utf-8", "replace")

    def tail(self) -> str:
        """Return the end of the controller's log."""
        return self.log()[-4000:]

    def events(self, kind: EventType | None = None, subject: str | None = None) -> list[Event]:
        """Return what is sealed in the ledger, verified on the way."""
        found = sealed_events((self.ledger, self.signers))
        return [one for one in found if kind in (None, one.type) and subject in (None, one.subject)]

    def told(self, number: int, merge: str, key: str = "development/ANL") -> Counter[str]:
        """Return how often each event about one change is in the ledger."""
        about = {f"pull/{number}", f"merge/{merge}"}
        return Counter(
            f"{one.type.value} {one.subject.partition('/')[0]}"
            for one in self.events()
            if one.subject in about or (one.subject == key and one.details.get("commit") == merge)
        )

    @property
    def ledger(self) -> Path:
        return self.home / "ledger"

    @property
    def signers(self) -> Path:
        return self.home / "allowed_signers"

    def assert_ledger_holds(self) -> None:
        assert verify_ledger(self.ledger, self.signers).fault is None

    def instances(self, key: str = "development/anl") -> list[str]:
        """Return the agents that run for a key, as processes."""
        return [child.instance for child in running(self.home / "runtime" / key)]

    def processes(self, key: str = "development/anl") -> list[int]:
        """Return the process ids of the agents that run for a key."""
        return [child.pid for child in running(self.home / "runtime" / key)]

    def engines(self) -> list[int]:
        """Return the process ids of the OPAs that the controller has started."""
        below = descendants(self.running.process.pid)
        return [pid for pid, line in below.items() if "--authentication" in line]

    def failures(self, key: str) -> list[str]:
        """Return why looks at a key failed, as the log tells."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [str(line["error"]) for line in lines if line.get("event") == "look failed" and line["key"] == key]

    def after_a_sweep(self) -> None:
        """Wait until open pull requests were listed three times: what the first sweep marked was then looked at."""
        route, counts = "GET /repos/{owner}/{repo}/pulls", self.sandbox.faults.counts
        before = counts().by_route.get(route, 0)
        until(lambda: counts().by_route.get(route, 0) >= before + 3, "three sweeps")

    def health(self) -> dict[str, object]:
        """Return what the controller says of itself."""
        return dict(httpx.get(f"{self.running.address}/health", timeout=20, trust_env=False).json())

    def close(self) -> None:
        """End everything of this world."""
        if self.controller is not None and not self.controller.has_ended:
            self.controller.stop()
        stop_agents(self.home)


@contextmanager
def world(
    folder: Path, launch: Launch = run_watched, files: Mapping[str, bytes] | None = None, /, **more: str
) -> Iterator[World]:
    """Give a world, its controller started; with the runner of these tests it is on a Tuesday, else now.

    What `files` hold is on main before the controller knows of anything.
    """
    clock = FileClock(folder / "clock")
    clock.move(TUESDAY if launch is run_watched else datetime.now(UTC))
    people = folder / "directory.yaml"
    shutil.copy(ROOT / "examples" / "directory.yaml", people)
    with Sandbox.running(folder / "sandbox", clock=clock.now) as sandbox:
        app = seed(sandbox.seeds, ROOT, people, None)
        if files is not None:
            sandbox.seeds.commit(REPOSITORY, files, author="ada-admin", message="Begin with other files")
        made = World(folder, sandbox, app, clock, launch, more)
        try:
            made.start()
            yield made
        finally:
            made.close()
