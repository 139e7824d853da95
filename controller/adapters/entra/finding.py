"""One question to the directory, answered from what is remembered and, for the rest, from Graph.

The links of the chain are put side by side: the tenant's own answer, the directory file's, and
GitHub's word where neither knows anybody. Who they agree on is decided in the core.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from controller.adapters.entra.memory import Facts, Memory
from controller.adapters.entra.reading import By, Key, TenantReader
from controller.change.facts import Account, AccountKind
from controller.identity.directory_file import DirectoryFile
from controller.identity.principal import Contested, Principal, PrincipalId, Way
from controller.identity.tenant import RoleGroup, Standing, TenantPerson, agreed, tenant_principal

_LINKS = ("Entra ID", "the directory file", "GitHub's external identity")
"""Who knows who somebody is, in the order in which they are put side by side."""
_WAYS = {By.GITHUB_ID: Way.ACCOUNT, By.LOGIN: Way.LOGIN, By.ADDRESS: Way.ADDRESS}


class External(Protocol):
    """Knows under which names GitHub knows people in this tenant."""

    def names(self, accounts: frozenset[Account]) -> Mapping[int, Collection[str]]:
        """Return the names of those of `accounts`, which nobody else knows, that have any, by their numeric ids."""
        ...

    def revision(self) -> str:
        """Return another text whenever an answer is not the one that was given before."""
        ...


@dataclass(slots=True)
class Finding:
    """What is being found out for one question."""

    reader: TenantReader
    memory: Memory
    file: DirectoryFile
    capable: Mapping[str, bool]
    """Whether somebody has a second factor, by object id, as the registration report says."""
    facts: Facts = field(default_factory=Facts)
    _external: dict[Key, frozenset[str]] = field(default_factory=dict)
    _logins: dict[str, str] = field(default_factory=dict)

    def find(
        self, keys: Sequence[Key], accounts: Iterable[Account], objects: Collection[str], github: External
    ) -> None:
        """Find who stands behind `keys` and `objects`. Raises as the reader and `github` do."""
        self._answer(keys)
        self._ask_github(accounts, github)
        named = {id_ for key in keys for id_ in self._named(key)} | set(objects)
        self._recall(named)
        lacking = sorted(named - self.facts.people.keys() - self.file.machines.keys())
        self.facts.people |= {person.id: person for person in self.reader.by_id(lacking)}
        unknown = sorted(id_ for id_ in named if self._lacks_groups(id_))
        self.facts.groups |= dict(zip(unknown, self.reader.groups(unknown), strict=True))
        self._note_logins(accounts)

    def behind(self, key: Key, roles: Iterable[RoleGroup]) -> Principal | None:
        """Return who all links that know somebody agree on."""
        person = agreed(*self._links(key))
        if person is None:
            return None
        return self.file.machines.get(person) or self.with_id(person, roles)

    def with_id(self, id_: str, roles: Iterable[RoleGroup]) -> Principal | None:
        """Return the person with an object id, or None."""
        person = self.facts.people.get(id_)
        if person is None:
            return None
        standing = Standing(self.facts.groups.get(id_, frozenset()), self.capable.get(id_))
        return tenant_principal(person, standing, roles, self._logins.get(id_))

    def contested(self, keys: Iterable[Key]) -> list[Contested]:
        """Return which of `keys` lead to more than one, and who says so."""
        return [
            Contested(_WAYS[by], value, self._claims((by, value)))
            for by, value in keys
            if len(self._named((by, value))) > 1
        ]

    def _claims(self, key: Key) -> dict[str, list[PrincipalId]]:
        claims = zip(_LINKS, self._links(key), strict=True)
        return {link: sorted(map(self._principal_id, named)) for link, named in claims if named}

    def _principal_id(self, id_: str) -> PrincipalId:
        return PrincipalId(id_ if id_ in self.file.machines else f"entra:{id_}")

    def _answer(self, keys: Iterable[Key]) -> None:
        wanted = [key for key in keys if key not in self.facts.answers]
        self.facts.answers |= self.memory.answers(wanted)
        unknown = [key for key in wanted if key not in self.facts.answers]
        found = self.reader.answers(unknown)
        self.facts.people |= {person.id: person for person in found}
        for key in unknown:
            self.facts.answers[key] = frozenset(person.id for person in found if _is_answer(person, key))

    def _ask_github(self, accounts: Iterable[Account], github: External) -> None:
        people = [account for account in accounts if account.kind is AccountKind.USER]
        strangers = frozenset(account for account in people if not self._named(_key(account)))
        names = github.names(strangers) if strangers else {}
        keys = {id_: [(By.ADDRESS, name.lower()) for name in several] for id_, several in names.items()}
        self._answer([key for several in keys.values() for key in several])
        for id_, several in keys.items():
            self._external[(By.GITHUB_ID, str(id_))] = frozenset(
                person for key in several for person in self.facts.answers[key]
            )

    def _recall(self, named: Iterable[str]) -> None:
        people, groups = self.memory.people(named)
        self.facts.people = people | self.facts.people
        self.facts.groups |= groups

    def _lacks_groups(self, id_: str) -> bool:
        person = self.facts.people.get(id_)
        return person is not None and person.may_hold_roles and id_ not in self.facts.groups

    def _links(self, key: Key) -> tuple[Collection[str], Collection[str], Collection[str]]:
        listed = self._listed(key)
        file = () if listed is None else (self.file.tenant_ids.get(listed.id, listed.id),)
        return self.facts.answers.get(key, ()), file, self._external.get(key, ())

    def _listed(self, key: Key) -> Principal | None:
        by, value = key
        match by:
            case By.GITHUB_ID:
                return self.file.by_id.get(int(value))
            case By.LOGIN:
                return self.file.by_login.get(value)
            case By.ADDRESS:
                return self.file.by_email.get(value)

    def _named(self, key: Key) -> set[str]:
        return {person for link in self._links(key) for person in link}

    def _note_logins(self, accounts: Iterable[Account]) -> None:
        """Note under which login everybody is seen, for display: GitHub's own word goes before the file's."""
        self._logins |= self.file.tenant_logins
        for account in accounts:
            person = agreed(*self._links(_key(account)))
            if person is not None and account.kind is AccountKind.USER:
                self._logins[person] = account.login


def _key(account: Account) -> Key:
    return By.GITHUB_ID, str(account.id)


def _is_answer(person: TenantPerson, key: Key) -> bool:
    by, value = key
    match by:
        case By.GITHUB_ID:
            return person.github_id == int(value)
        case By.LOGIN:
            # A login says whom CODEOWNERS means only of somebody whose account is known by its number.
            return (
                person.github_login is not None
                and person.github_login.lower() == value
                and person.github_id is not None
            )
        case By.ADDRESS:
            return value in person.addresses
