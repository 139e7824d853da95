"""One row of the table: a sentence of GitHub's page in our words, what we do about it, and the proof."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from controller.change.names import RepoPath
from controller.ownership.codeowners import owners_of, parse_codeowners, why_unowned
from tests.fakes.directory import Person
from tests.workflow.steps import as_read, edited
from tests.workflow.world import World

FILE = RepoPath(".github/CODEOWNERS")
AGENT = "agents/anl/agent.yaml"
"""A file that always needs an owner, whoever changes it."""


class NewWorld(Protocol):
    """Makes a world that was this way from the beginning."""

    def __call__(self, codeowners: str | None = None, *, at: str = FILE) -> World:
        """Return a world with this CODEOWNERS file at `at` (None: the project's own)."""
        ...


Shows = Callable[[NewWorld], None]


@dataclass(frozen=True)
class Row:
    """A sentence of the page's section, what follows for us, and what shows it."""

    section: str
    says: str
    so: str
    shows: Shows


def owned(text: str, by_path: Mapping[str, str]) -> Shows:
    """Show who owns each path by a file: its owners as the file spells them, empty for nobody."""

    def shows(_: NewWorld) -> None:
        codeowners = parse_codeowners(FILE, text.encode())
        assert {path: _named(text, path) for path in by_path} == by_path
        assert codeowners.problems == ()

    return shows


def unowned(text: str, path: str, because: str) -> Shows:
    """Show that nobody owns a path by a file, and why the check says so."""

    def shows(_: NewWorld) -> None:
        codeowners = parse_codeowners(FILE, text.encode())
        found = owners_of(codeowners, RepoPath(path))
        assert found.owners == ()
        assert because in (why_unowned(codeowners, found) or "")

    return shows


def proposed(world: World, by: str = "dana-dev", path: str = AGENT) -> int:
    """Open a pull request that changes the analyst's agent and nothing else."""
    return world.propose(by, "topic", {path: edited(world.file(path), version="1.1.0")})


def join(world: World, login: str, number: int) -> None:
    """Let an operator join the company."""
    world.host.person(login, id=number)
    person = Person(login, number, (f"{login}@example.com",), frozenset({"DVO-Operators"}), mfa=True)
    world.directory.people.append(person)


def told(world: World, number: int) -> str:
    """Return what `dvo/approval` says at length, as it reads on the page."""
    return as_read(world.check(number, "dvo/approval").summary)


def asked(world: World, number: int) -> set[str]:
    """Return whom the controller asked to review."""
    return set(world.host.requested.get(number, ()))


def is_approved(world: World, number: int) -> bool:
    """Return whether the approvals are complete, by the check."""
    conclusion = world.conclusions(number)[1]
    assert conclusion in ("success", "action_required")
    return conclusion == "success"


def _named(text: str, path: str) -> str:
    return " ".join(map(str, owners_of(parse_codeowners(FILE, text.encode()), RepoPath(path)).owners))
