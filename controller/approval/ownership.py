"""Who stands behind the owners a CODEOWNERS file names.

First what must be looked up, then, with the answers, the principals behind each owner. A
login in CODEOWNERS is led to the person the directory names, never to whoever holds that
login today; an owner nobody stands behind has no members, so nobody approves for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller.change.facts import Account
from controller.change.names import RepoPath
from controller.identity.principal import People, Principal, PrincipalId
from controller.ownership.owner import EmailOwner, Owner, TeamOwner, UserOwner

_MANAGED = "_"
"""Only in the logins of managed users: it stands before the short code of their enterprise."""


@dataclass(frozen=True, slots=True)
class OwnersToResolve:
    """What the directory (logins, emails) and the code host (teams) must be asked."""

    logins: frozenset[str]
    emails: frozenset[str]
    teams: frozenset[TeamOwner]


def owners_to_resolve(owners: Mapping[RepoPath, tuple[Owner, ...]]) -> OwnersToResolve:
    """Return everything that must be looked up to name who stands behind the owners of some paths."""
    named = {owner for line in owners.values() for owner in line}
    return OwnersToResolve(
        frozenset(owner.login.lower() for owner in named if isinstance(owner, UserOwner)),
        frozenset(owner.address.lower() for owner in named if isinstance(owner, EmailOwner)),
        frozenset(owner for owner in named if isinstance(owner, TeamOwner)),
    )


def members_of(
    owners: Iterable[Owner], people: People, teams: Mapping[TeamOwner, tuple[Account, ...]]
) -> Mapping[Owner, frozenset[PrincipalId]]:
    """Return the principals behind each of `owners`; `teams` holds the accounts of each team."""
    return {
        owner: frozenset(principal.id for principal in _behind(owner, people, teams) if principal is not None)
        for owner in owners
    }


def account_owner(owner: UserOwner | EmailOwner, people: People) -> UserOwner:
    """Return whom the code host is to be asked about: of an address, the account of the person behind it.

    An address that leads to nobody, or to a managed user, whom GitHub lets no address name, is
    asked about as itself, which no account is called.
    """
    if isinstance(owner, UserOwner):
        return owner
    person = people.of_email(owner.address)
    return UserOwner(owner.address if person is None or _MANAGED in person.login else person.login)


def _behind(owner: Owner, people: People, teams: Mapping[TeamOwner, tuple[Account, ...]]) -> Iterable[Principal | None]:
    if isinstance(owner, UserOwner):
        return (people.by_login.get(owner.login.lower()),)
    if isinstance(owner, EmailOwner):
        return (people.of_email(owner.address),)
    return (people.of_account(account) for account in teams.get(owner, ()))
