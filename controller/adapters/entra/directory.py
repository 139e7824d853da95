"""The directory port on Entra ID: who stands behind accounts, addresses and logins, as of now.

What was read is kept; every question first asks what changed, at most every thirty seconds, so a
person who is known costs no call, and nobody is believed for longer than that while Graph cannot
be reached. What no change tells of is read again every quarter of an hour, as is the report on
second factors.
"""

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from controller.adapters.entra.changes import ChangeTracking
from controller.adapters.entra.credentials import COMPONENT
from controller.adapters.entra.finding import External, Finding
from controller.adapters.entra.graph import Graph
from controller.adapters.entra.memory import Facts, Memory
from controller.adapters.entra.reading import Attributes, By, Key, TenantReader
from controller.adapters.entra.registration_report import RegistrationReport
from controller.change.facts import Account
from controller.errors import ConfigurationError, InputError, StaleError, UnavailableError
from controller.identity.directory_file import NOBODY, DirectoryFile
from controller.identity.principal import People, Principal, PrincipalId, PrincipalKind
from controller.identity.tenant import RoleGroup, object_id

FRESH_SECONDS = 30.0
"""How long an answer may be older than the tenant, beside what Graph itself takes to tell of a change."""
WHOLE_SECONDS = 900.0
"""After which everything is read again."""


def no_file() -> DirectoryFile:
    """Return the directory file of a company that has none beside Entra ID."""
    return NOBODY


class NoExternal:
    """GitHub, where it is not asked for anybody."""

    def names(self, _: frozenset[Account]) -> Mapping[int, Collection[str]]:
        """Return that it knows nobody."""
        return {}

    def revision(self) -> str:
        """Return what never changes."""
        return ""


@dataclass(frozen=True, slots=True)
class Links:
    """What leads from a GitHub account or an address to somebody in the tenant."""

    attributes: Attributes
    file: Callable[[], DirectoryFile] = no_file
    """May raise `UnavailableError`; nobody is known then."""
    load: Callable[[], object] = no_file
    """Reads the file at start; `ConfigurationError` names every fault in it."""
    external: External = field(default_factory=NoExternal)


class EntraDirectory:
    """Knows the people of a tenant; safe to share between threads, opened by its first question."""

    def __init__(
        self,
        graph: Graph,
        groups: Mapping[str, str | None],
        links: Links,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask `graph` for people and for the `groups` policy knows; `links` lead to them from GitHub."""
        self._reader = TenantReader(graph, links.attributes)
        self._changes = ChangeTracking(graph, links.attributes.select)
        self._memory = Memory(links.attributes)
        self._report = RegistrationReport(graph)
        self._wanted = groups
        self._links = links
        self._monotonic = monotonic
        self._roles: tuple[RoleGroup, ...] | None = None
        self._asked_at: float | None = None
        self._whole_at = 0.0
        self._self = uuid.uuid4().hex
        self._lock = threading.Lock()

    def load(self) -> None:
        """Ask once, at start. Raises `ConfigurationError` for what the operator must mend, `UnavailableError`."""
        try:
            self._links.load()
            self._refreshed()
        except (StaleError, InputError) as error:
            raise UnavailableError(str(error), component=COMPONENT) from error

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        """Return who stands behind each of `accounts`, `emails` and `logins`; None for strangers and contradictions.

        Raises `UnavailableError`, naming the fault, while Graph or the directory file cannot be believed.
        """
        numbers = {account.id: (By.GITHUB_ID, str(account.id)) for account in accounts}
        addresses = {address.lower(): (By.ADDRESS, address.lower()) for address in emails}
        names = {login.lower(): (By.LOGIN, login.lower()) for login in logins}
        keys = [*numbers.values(), *addresses.values(), *names.values()]
        found, roles = self._found(keys, accounts, ())
        return People(
            {id_: found.behind(key, roles) for id_, key in numbers.items()},
            {address: found.behind(key, roles) for address, key in addresses.items()},
            {name: found.behind(key, roles) for name, key in names.items()},
            found.contested(keys),
        )

    def by_object_id(self, id_: str) -> Principal | None:
        """Return the person of the tenant with this object id, or None. Raises `UnavailableError` as `look_up`."""
        known = object_id(id_)
        if known is None:
            return None
        found, roles = self._found((), frozenset(), (known,))
        return found.with_id(known, roles)

    def service(self, id_: str, groups: Collection[str] | None) -> Principal:
        """Return the service account with this object id, in those of `groups` that policy knows.

        None asks Graph, which also raises for a missing permission. Raises `UnavailableError` as `look_up`.
        """
        with _believed():
            generation, roles = self._refreshed()
            held = self._service_groups(id_, generation) if groups is None else groups
        words = frozenset(word for role in roles if role.id in held for word in role.words)
        return Principal(PrincipalId(f"entra:{id_}"), PrincipalKind.SERVICE, id_, words, mfa=None)

    def revision(self) -> str:
        """Return a text that is another one whenever an answer might be. Raises `UnavailableError`."""
        with _believed():
            file, (generation, _), external = self._links.file(), self._refreshed(), self._links.external.revision()
        return f"{self._self}/{generation}/{self._report.version}/{file.digest}/{external}"

    def examine(self) -> str:
        """Return what was seen of the tenant, by trying every permission that is needed.

        Raises `ConfigurationError` for what the operator must mend, `UnavailableError`.
        """
        self.load()
        if self._report.refusal is not None:
            raise self._report.refusal
        return f"Entra ID answers, and all {len(self._wanted)} groups that policy knows are there"

    def pinned_groups(self) -> str | None:
        """Return `DVO_ENTRA_GROUPS` with each group by its object id; None when none is known by its name alone.

        Raises as `examine`.
        """
        _, roles = self._refreshed()
        if None not in self._wanted.values():
            return None
        return ", ".join(role.id if role.name is None else f"{role.name}={role.id}" for role in roles)

    def _found(
        self, keys: Sequence[Key], accounts: Collection[Account], objects: Collection[str]
    ) -> tuple[Finding, tuple[RoleGroup, ...]]:
        with _believed():
            file = self._links.file()
            generation, roles = self._refreshed()
            finding = Finding(self._reader, self._memory, file, self._report.capable)
            finding.find(keys, accounts, objects, self._links.external)
        self._memory.keep(finding.facts, generation)
        return finding, roles

    def _service_groups(self, id_: str, generation: int) -> frozenset[str]:
        known = self._memory.people((id_,))[1].get(id_)
        if known is None:
            known = self._reader.service_groups(id_)
            self._memory.keep(Facts(groups={id_: known}), generation)
        return known

    def _refreshed(self) -> tuple[int, tuple[RoleGroup, ...]]:
        """Ask what changed, unless that was asked just now; return the generation of what is remembered."""
        with self._lock:
            now = self._monotonic()
            if self._asked_at is None or now - self._asked_at >= FRESH_SECONDS:
                changed = self._changes.since_last()
                changed.everything |= now - self._whole_at >= WHOLE_SECONDS
                self._memory.forget(changed)
                if changed.everything:
                    self._roles, self._whole_at = None, now
                if self._roles is None:
                    self._roles = self._reader.role_groups(self._wanted)
                self._report.refresh(now)
                self._asked_at = now
            return self._memory.generation, self._roles or ()


@contextmanager
def _believed() -> Iterator[None]:
    """Raise whatever keeps a question from being answered as an outage: nobody is known then."""
    try:
        yield
    except (ConfigurationError, StaleError, InputError) as error:
        raise UnavailableError(str(error), component=COMPONENT) from error
