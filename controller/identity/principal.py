"""Who stands behind an account or an address: one principal per human.

Approvals, exclusions and roles are about principals; accounts and e-mail addresses are only
ways to reach one. A principal's groups are facts of the directory; what they permit is
policy, decided in Rego.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from controller.change.facts import Account

PrincipalId = NewType("PrincipalId", str)
"""Opaque and stable, for example ``github:1001``; safe in policy input, logs and the ledger."""


class PrincipalKind(StrEnum):
    """A human, or one of the two kinds of machine."""

    PERSON = "person"
    BOT = "bot"
    SERVICE = "service"


class MfaSource(StrEnum):
    """Who says whether somebody has a second factor."""

    DIRECTORY = "the directory"
    REPORT = "Entra ID's registration report"
    """What was set up and is allowed, not what was used."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One human or machine, with the groups and the MFA the directory knows now."""

    id: PrincipalId
    kind: PrincipalKind
    login: str
    """For display only."""
    groups: frozenset[str]
    mfa: bool | None
    """None is unknown, and unknown is no."""
    mfa_source: MfaSource = MfaSource.DIRECTORY


class Way(StrEnum):
    """By what one gets to a person."""

    ACCOUNT = "account"
    ADDRESS = "address"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Contested:
    """An account, an address or a login that leads to several people, and so to nobody."""

    way: Way
    value: str
    """The account's numeric id, or the address or login in lower case."""
    claims: Mapping[str, Sequence[PrincipalId]]
    """Everybody it leads to, in order, by who says so."""

    def __str__(self) -> str:
        said = "; ".join(f"{who} says {', '.join(people)}" for who, people in self.claims.items())
        return f"the {self.way} {self.value} belongs to nobody, since it leads to several people: {said}"


@dataclass(frozen=True, slots=True)
class People:
    """What the directory says of everyone who was asked about; None is unknown to it."""

    by_account: Mapping[int, Principal | None]
    """Keyed by GitHub's numeric account id."""
    by_email: Mapping[str, Principal | None]
    """Keyed by the lower-cased address."""
    by_login: Mapping[str, Principal | None] = field(default_factory=dict)
    """Keyed by the lower-cased login; only to name who could be asked, never to believe who somebody is."""
    contested: Sequence[Contested] = ()
    """Which of these several people claim; each of them is None above."""

    def of_account(self, account: Account | None) -> Principal | None:
        """Return the principal behind `account`, or None when nobody knows."""
        return None if account is None else self.by_account.get(account.id)

    def of_email(self, address: str) -> Principal | None:
        """Return the principal behind an address, or None when nobody knows."""
        return self.by_email.get(address.lower())

    @property
    def known(self) -> Mapping[PrincipalId, Principal]:
        """Every known principal once, by id."""
        found = [*self.by_account.values(), *self.by_email.values(), *self.by_login.values()]
        return {principal.id: principal for principal in found if principal is not None}
