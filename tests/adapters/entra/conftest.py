"""A tenant, the directory on it, and a clock that the test moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from controller.adapters.directory_file import FileDirectory
from controller.adapters.entra.credentials import ClientCredentials, Registration
from controller.adapters.entra.directory import FRESH_SECONDS, WHOLE_SECONDS, EntraDirectory, Links
from controller.adapters.entra.graph import Graph, Patience
from controller.adapters.entra.reading import Attributes
from controller.identity.directory_file import read_links
from controller.identity.principal import MfaSource, Principal, PrincipalId, PrincipalKind
from controller.identity.tenant import wanted_groups
from controller.ports.directory import Directory
from tests.fakes.directory import Person
from tests.fakes.entra.https import Answer, Fault
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra

GROUPS = ("DVO-Developers", "DVO-Operators")
ATTRIBUTES = Attributes("extensionAttribute1", "extensionAttribute2")


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Tenancy:
    """A directory on a tenant that stands in for Entra ID."""

    running: EntraStandIn
    file: Path
    graph: Graph
    clock: Clock
    groups: dict[str, str]
    """Object ids of the groups policy knows, by name."""
    directory: EntraDirectory
    paused: list[float] = field(default_factory=list)

    def later(self, seconds: float = FRESH_SECONDS) -> None:
        """Let time pass, so that the next question asks what changed."""
        self.clock.now += seconds

    def counts(self) -> int:
        """Return how many requests Graph has had."""
        return self.running.graph_server.counts().total()

    def list(self, *lines: str) -> None:
        """Write the directory file beside the tenant."""
        self.file.write_text("\n".join(["people:", *lines, ""]) if lines else "people: []\n")

    def add(self, name: str, github_id: int | None = None, *groups: str, **more: object) -> str:
        """Add somebody to the tenant, and to groups policy knows."""
        number = None if github_id is None else str(github_id)
        id_ = self.running.tenant.add_user(name, **{"extensionAttribute1": number, **more})  # type: ignore[arg-type] # mfa is among more
        for group in groups:
            self.running.tenant.join(self.groups[group], id_)
        return id_


def client(running: EntraStandIn) -> httpx.Client:
    return httpx.Client(verify=running.client_context(), trust_env=False, follow_redirects=False)


def graph_of(running: EntraStandIn, paused: list[float]) -> Graph:
    registration = Registration(running.authority_url, running.tenant.id, CLIENT_ID, SECRET)
    http = client(running)
    tokens = ClientCredentials(registration, http)
    return Graph(running.graph_url, tokens, http, Patience(read_seconds=5), paused.append)


@contextmanager
def tenancy_in(folder: Path, *names: str) -> Iterator[Tenancy]:
    """Run a tenant with the groups policy knows, and a directory on it; `folder` gets its files."""
    with entra(folder) as running:
        paused: list[float] = []
        graph = graph_of(running, paused)
        groups = {name: running.tenant.add_group(name) for name in names}
        file = folder / "people.yaml"
        file.write_text("people: []\n")
        clock = Clock()
        links = Links(ATTRIBUTES, FileDirectory(file, read_links).current)
        directory = EntraDirectory(graph, wanted_groups(",".join(names)), links, clock)
        try:
            yield Tenancy(running, file, graph, clock, groups, directory, paused)
        finally:
            graph.close()


@pytest.fixture
def tenancy(tmp_path: Path) -> Iterator[Tenancy]:
    with tenancy_in(tmp_path, *GROUPS) as made:
        yield made


class CompanyInEntra:
    """People of the contract as a tenant has them; machines are in the file."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self._ids: dict[int, str] = {}
        self.directory: Directory = tenancy.directory

    def list(self, *people: Person) -> None:
        tenant = self._tenancy.running.tenant
        self._tenancy.running.graph_server.heal()
        for id_ in self._ids.values():
            tenant.remove_user(id_)
        humans = [person for person in people if person.kind is PrincipalKind.PERSON]
        self._ids = {person.github_id: self._add(person) for person in humans}
        machines = [person for person in people if person.kind is not PrincipalKind.PERSON]
        self._tenancy.list(*(_line(one) for one in machines))
        self._tenancy.later(WHOLE_SECONDS)  # no change tells of the registration report

    def break_down(self) -> None:
        self._tenancy.running.graph_server.fail(Fault("/", Answer({}, 500), times=1000))
        self._tenancy.later()

    def principal(self, person: Person) -> Principal:
        if person.kind is not PrincipalKind.PERSON:
            return person.principal
        groups = {word for name in person.groups for word in (name, self._tenancy.groups[name])}
        return Principal(
            PrincipalId(f"entra:{self._ids[person.github_id]}"),
            PrincipalKind.PERSON,
            person.login,
            frozenset(groups),
            person.mfa,
            MfaSource.REPORT,
        )

    def _add(self, person: Person) -> str:
        first, *aliases = person.emails
        return self._tenancy.add(
            person.login,
            person.github_id,
            *sorted(person.groups),
            mail=first,
            proxyAddresses=[f"SMTP:{first}", *(f"smtp:{alias}" for alias in aliases)],
            extensionAttribute2=person.login,
            mfa=person.mfa,
        )


def _line(one: Person) -> str:
    emails = ", ".join(one.emails)
    return f"  - {{login: {one.login}, github_id: {one.github_id}, emails: [{emails}], kind: {one.kind}}}"
