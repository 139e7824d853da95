"""What Graph says of people and groups, read into our own types.

Follows the Graph reference of `user`, "List users" (`$filter` with `in`, advanced queries), "List
a user's transitive memberOf", "List servicePrincipal transitive memberOf" and "List groups". An answer that
lacks what decides somebody's standing makes no sense and is never guessed around.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from controller.adapters.entra.credentials import COMPONENT
from controller.adapters.entra.graph import Graph, text_literal
from controller.errors import ConfigurationError, InputError, UnavailableError
from controller.identity.tenant import RoleGroup, TenantPerson, github_number, object_id

_MOST_VALUES = 15
"""So many values may stand in one `in`."""
_MOST_ADDRESSES = 5
"""So many addresses fit into one filter of three clauses each."""
_GROUP = "#microsoft.graph.group"
_ADDRESS = re.compile(r"[^\s@\0-\x1f]{1,64}@[^\s@\0-\x1f]{1,255}")
"""What Graph can be asked about; a commit may carry anything as its address."""


class By(StrEnum):
    """By what somebody is asked for."""

    GITHUB_ID = "github id"
    LOGIN = "login"
    ADDRESS = "address"


Key = tuple[By, str]
"""One question: by what, and the value in lower case."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Where the tenant keeps GitHub accounts: `extensionAttribute<n>`, or a directory extension's full name."""

    github_id: str | None
    github_login: str | None = None

    @property
    def select(self) -> str:
        """Return every property that is read of a person."""
        own = ["id", "userPrincipalName", "mail", "proxyAddresses", "accountEnabled", "userType"]
        named = [name for name in (self.github_id, self.github_login) if name is not None]
        return ",".join([*own, *dict.fromkeys(_property(name).partition("/")[0] for name in named)])

    def keys_of(self, user: Mapping[str, object]) -> frozenset[Key]:
        """Return every question that a user object, as far as it is given, is an answer to."""
        found = {(By.ADDRESS, address) for address in addresses_of(user)}
        for by, name in ((By.GITHUB_ID, self.github_id), (By.LOGIN, self.github_login)):
            value = self.value(user, name)
            found |= {(by, value.lower())} if isinstance(value, str) else set()
        return frozenset(found)

    def value(self, user: Mapping[str, object], name: str | None) -> object:
        """Return what the attribute `name` of a user object holds, or None."""
        value: object = user if name is not None else None
        for part in _property(name or "").split("/"):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


class TenantReader:
    """Reads people and groups of one tenant; every method raises as `Graph.get`, but for `InputError`."""

    def __init__(self, graph: Graph, attributes: Attributes) -> None:
        """Ask `graph`, taking GitHub accounts from `attributes`."""
        self._graph = graph
        self._attributes = attributes

    def answers(self, keys: Sequence[Key]) -> list[TenantPerson]:
        """Return everyone who is an answer to one of `keys`."""
        asked = {by: [value for kind, value in keys if kind is by] for by in By}
        addresses = [address for address in asked[By.ADDRESS] if _ADDRESS.fullmatch(address)]
        return self._found(
            [
                *_attribute_filters(self._attributes.github_id, asked[By.GITHUB_ID]),
                *_attribute_filters(self._attributes.github_login, asked[By.LOGIN]),
                *(_address_filter(some) for some in _chunks(addresses, _MOST_ADDRESSES)),
            ]
        )

    def by_id(self, ids: Sequence[str]) -> list[TenantPerson]:
        """Return everyone with one of these object ids."""
        return self._found([f"id in {_values(some)}" for some in _chunks(ids, _MOST_VALUES)])

    def groups(self, people: Sequence[str]) -> list[frozenset[str]]:
        """Return the object ids of every group that each of `people` (by object id) is in, in their order."""
        return self._graph.gather([partial(self._groups_of, f"/users/{person}") for person in people])

    def service_groups(self, service: str) -> frozenset[str]:
        """Return the object ids of every group that the service principal with an object id is in."""
        return self._groups_of(f"/servicePrincipals/{service}")

    def role_groups(self, wanted: Mapping[str, str | None]) -> tuple[RoleGroup, ...]:
        """Return the groups policy knows, each proven to exist once.

        Raises `ConfigurationError` for a name that no group or several have, or an id of none.
        """
        return tuple(self._graph.gather([partial(self._role_group, name, id_) for name, id_ in wanted.items()]))

    def _role_group(self, name: str, id_: str | None) -> RoleGroup:
        if id_ is not None:
            try:
                self._graph.get(f"/groups/{id_}", {"$select": "id"})
            except InputError:
                raise ConfigurationError(f"DVO_ENTRA_GROUPS: there is no group with the object id {id_}") from None
            return RoleGroup(id_, None if name == id_ else name)
        query = {"$filter": f"displayName eq {text_literal(name)}", "$select": "id,displayName,securityEnabled"}
        found = self._graph.pages("/groups", query)
        if len(found) != 1:
            raise ConfigurationError(
                f"DVO_ENTRA_GROUPS: {len(found) or 'no'} group{'s are' if len(found) > 1 else ' is'} called {name!a};"
                " name it by its object id"
            )
        group = _mapping(found[0])
        if group.get("displayName") != name:
            raise ConfigurationError(f"DVO_ENTRA_GROUPS: no group is called {name!a}, but one is in other letters")
        if group.get("securityEnabled") is not True:
            raise ConfigurationError(f"DVO_ENTRA_GROUPS: {name!a} is no security group; anybody may make one like it")
        return RoleGroup(_id(group), name)

    def _groups_of(self, place: str) -> frozenset[str]:
        try:
            found = self._graph.pages(f"{place}/transitiveMemberOf", {"$select": "id", "$top": "999"})
        except InputError:
            return frozenset()  # gone since then
        return frozenset(_id(_mapping(one)) for one in found if _mapping(one).get("@odata.type") == _GROUP)

    def _found(self, filters: Sequence[str]) -> list[TenantPerson]:
        ask = [
            partial(self._graph.pages, "/users", {"$filter": one, "$select": self._attributes.select, "$count": "true"})
            for one in filters
        ]
        told = [self.person(_mapping(one)) for several in self._graph.gather(ask) for one in several]
        return list({person.id: person for person in told}.values())

    def person(self, user: Mapping[str, object]) -> TenantPerson:
        """Return a user object as a person."""
        enabled, name = user.get("accountEnabled"), user.get("userPrincipalName")
        if not isinstance(enabled, bool) or not isinstance(name, str):
            raise _nonsense("a user without accountEnabled or userPrincipalName")
        login = self._attributes.value(user, self._attributes.github_login)
        return TenantPerson(
            _id(user),
            name,
            frozenset(addresses_of(user)),
            enabled,
            user.get("userType") != "Member",
            github_number(self._attributes.value(user, self._attributes.github_id)),
            login if isinstance(login, str) and login else None,
        )


def addresses_of(user: Mapping[str, object]) -> Iterator[str]:
    """Yield every address the tenant gave a user, in lower case; what people enter themselves is none of them."""
    for name in ("mail", "userPrincipalName"):
        value = user.get(name)
        if isinstance(value, str) and value:
            yield value.lower()
    proxies = user.get("proxyAddresses")
    for proxy in proxies if isinstance(proxies, list) else []:
        kind, _, address = str(proxy).partition(":")
        if kind.lower() == "smtp" and address:
            yield address.lower()


def _property(attribute: str) -> str:
    return f"onPremisesExtensionAttributes/{attribute}" if attribute.startswith("extensionAttribute") else attribute


def _attribute_filters(attribute: str | None, values: Sequence[str]) -> list[str]:
    if attribute is None:
        return []
    return [f"{_property(attribute)} in {_values(some)}" for some in _chunks(values, _MOST_VALUES)]


def _address_filter(addresses: Sequence[str]) -> str:
    values = _values(addresses)
    proxies = [f"proxyAddresses/any(p:p eq {text_literal(f'smtp:{address}')})" for address in addresses]
    return " or ".join([f"mail in {values}", f"userPrincipalName in {values}", *proxies])


def _values(values: Sequence[str]) -> str:
    return f"({','.join(map(text_literal, values))})"


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _id(item: Mapping[str, object]) -> str:
    found = object_id(str(item.get("id", "")))
    if found is None:
        raise _nonsense("something without an object id")
    return found


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _nonsense("something that is no object")
    return value


def _nonsense(what: str) -> UnavailableError:
    return UnavailableError(f"Microsoft Graph's answer makes no sense: it holds {what}", component=COMPONENT)
