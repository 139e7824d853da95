"""The people of an Entra tenant, and which of them stands behind an account: one principal per human.

The object id is the person; names and addresses of a tenant can be given to somebody else. What
leads to a person is a chain of links, each of which may know somebody: an attribute of the tenant
that holds GitHub's numeric id, the directory file, an identity that GitHub itself was told of.
Links that contradict each other, and a link that names two people, lead to nobody.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from controller.errors import ConfigurationError
from controller.identity.principal import MfaSource, Principal, PrincipalId, PrincipalKind

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TenantPerson:
    """A user object of the tenant, as far as it matters here."""

    id: str
    """The object id, in lower case."""
    name: str
    """The user principal name; for display only."""
    addresses: frozenset[str]
    """Every address the tenant itself gave out, in lower case."""
    is_enabled: bool
    is_guest: bool
    github_id: int | None
    """What the attribute for GitHub's numeric id holds; None for nothing, or for no number."""
    github_login: str | None
    """What the attribute for the login holds: whom CODEOWNERS may mean, and no proof of anything."""

    @property
    def may_hold_roles(self) -> bool:
        """Tell whether the company itself answers for this person now."""
        return self.is_enabled and not self.is_guest


@dataclass(frozen=True, slots=True)
class RoleGroup:
    """A group that policy knows: by its object id, and by a name where one was given for it."""

    id: str
    name: str | None = None

    @property
    def words(self) -> frozenset[str]:
        """Return everything that policy may call it."""
        return frozenset({self.id} if self.name is None else {self.id, self.name})


@dataclass(frozen=True, slots=True)
class Standing:
    """What changes most often about a person."""

    groups: frozenset[str]
    """Object ids of every group they are in, directly or through others."""
    mfa: bool | None
    """What the registration report says: a second factor that is set up and allowed. None is unknown."""


NO_STANDING = Standing(frozenset(), None)


def tenant_principal(
    person: TenantPerson, standing: Standing, roles: Iterable[RoleGroup], login: str | None
) -> Principal:
    """Return `person` as a principal; guests and disabled accounts are in no group, so they hold no role."""
    held = standing if person.may_hold_roles else NO_STANDING
    words = frozenset(word for role in roles if role.id in held.groups for word in role.words)
    shown = person.github_login or login or person.name
    return Principal(PrincipalId(f"entra:{person.id}"), PrincipalKind.PERSON, shown, words, held.mfa, MfaSource.REPORT)


def agreed(*links: Collection[str]) -> str | None:
    """Return the one person that every link which knows somebody leads to, or None."""
    named = {person for link in links for person in link}
    return named.pop() if len(named) == 1 else None


def github_number(text: object) -> int | None:
    """Return the numeric id that an attribute holds, or None for anything else."""
    return int(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def object_id(text: str) -> str | None:
    """Return an object id in lower case, or None when `text` is none."""
    lower = text.strip().lower()
    return lower if _OBJECT_ID.fullmatch(lower) else None


def wanted_groups(text: str) -> Mapping[str, str | None]:
    """Return the groups that a setting names, keyed by the words of policy, with their object ids where given.

    Separated by commas: a name, an object id, or ``name=object id``. Raises `ConfigurationError`.
    """
    found: dict[str, str | None] = {}
    for item in text.split(","):
        name, _, id_ = (part.strip() for part in item.partition("="))
        known = object_id(id_ or name)
        if not name or (id_ and known is None):
            raise ConfigurationError(
                f"DVO_ENTRA_GROUPS: expected names, object ids or name=object id, separated by commas, got {item!a}"
            )
        found[known if not id_ and known is not None else name] = known
    return found
