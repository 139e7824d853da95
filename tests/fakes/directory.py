"""A directory in memory that passes the same contract as the one on a file.

People join, leave and change between two questions; while it is `broken`, it answers nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from controller.change.facts import Account
from controller.errors import UnavailableError
from controller.identity.principal import People, Principal, PrincipalId, PrincipalKind


@dataclass(frozen=True, slots=True)
class Person:
    """One person as a directory lists them."""

    login: str
    github_id: int
    emails: tuple[str, ...]
    groups: frozenset[str] = frozenset()
    mfa: bool | None = None
    kind: PrincipalKind = PrincipalKind.PERSON
    other_ids: frozenset[int] = frozenset()
    """Their other accounts."""

    def owns(self, account: Account) -> bool:
        return account.id in {self.github_id, *self.other_ids}

    @property
    def principal(self) -> Principal:
        return Principal(PrincipalId(f"github:{self.github_id}"), self.kind, self.login, self.groups, self.mfa)


@dataclass(slots=True)
class InMemoryDirectory:
    """Knows `people`; set `broken` to the reason why it cannot be asked."""

    people: list[Person] = field(default_factory=list)
    broken: str | None = None
    questions: int = 0

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        self.questions += 1
        if self.broken is not None:
            raise UnavailableError(self.broken, component="directory")
        return People(
            {account.id: self._one(p for p in self.people if p.owns(account)) for account in accounts},
            {address.lower(): self._one(p for p in self.people if _has(p, address)) for address in emails},
            {name.lower(): self._one(p for p in self.people if p.login.lower() == name.lower()) for name in logins},
        )

    def revision(self) -> str:
        if self.broken is not None:
            raise UnavailableError(self.broken, component="directory")
        return repr(self.people)

    def _one(self, found: Iterable[Person]) -> Principal | None:
        return next((person.principal for person in found), None)


def _has(person: Person, address: str) -> bool:
    return address.lower() in (known.lower() for known in person.emails)
