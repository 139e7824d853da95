"""What an Entra tenant holds: users, groups, applications, and the order in which they changed.

Every change is numbered, which is what delta queries are answered from. Names of properties are
those of Microsoft Graph v1.0 ("user resource type", "group resource type").
"""

import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Properties = dict[str, object]


@dataclass(slots=True)
class User:
    """A user, and what the registration report says of them."""

    id: str
    properties: Properties
    """As `$select` names them."""
    report: Properties | None
    """`userRegistrationDetails`; None: the report does not know this user."""


@dataclass(slots=True)
class Group:
    """A group and its direct members (users and groups), by id."""

    id: str
    properties: Properties
    members: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class App:
    """A registered application."""

    client_id: str
    secret: str | None = None
    certificate: bytes | None = None
    """PEM of the certificate whose key signs client assertions."""
    redirect_uris: tuple[str, ...] = ()
    token_version: int = 2
    """Of the access tokens issued for it."""
    roles: tuple[str, ...] = ()
    """The application permissions that were consented to."""
    object_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Of its service principal."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a user or a group."""

    number: int
    kind: str
    """``users`` or ``groups``."""
    id: str
    is_removal: bool = False
    members: tuple[tuple[str, bool], ...] = ()
    """Of a group: who came (False) or went (True)."""


class Tenant:
    """A tenant in memory; safe to share between threads."""

    def __init__(self, tenant_id: str | None = None) -> None:
        self.id = tenant_id or str(uuid.uuid4())
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.apps: dict[str, App] = {}
        self.changes: list[Change] = []
        self.lock = threading.RLock()

    def add_user(self, name: str, *, mfa: bool | None = None, **properties: object) -> str:
        """Add a member `name`@example.com and return their object id; `mfa` is what the report says."""
        with self.lock:
            id_ = str(properties.pop("id", None) or uuid.uuid4())
            address = f"{name}@example.com"
            known: Properties = {
                "id": id_,
                "displayName": name,
                "userPrincipalName": address,
                "mail": address,
                "accountEnabled": True,
                "userType": "Member",
                "proxyAddresses": [],
                "otherMails": [],
                "onPremisesExtensionAttributes": {f"extensionAttribute{number}": None for number in range(1, 16)},
            }
            report: Properties | None = None if mfa is None else {"isMfaCapable": mfa, "isMfaRegistered": mfa}
            self.users[id_] = User(id_, known, report)
            self.update_user(id_, **properties)
            return id_

    def update_user(self, id_: str, **properties: object) -> None:
        """Change some of a user's properties; an `extensionAttribute<n>` goes where Graph keeps it."""
        with self.lock:
            user = self.users[id_]
            for name, value in properties.items():
                own = user.properties["onPremisesExtensionAttributes"]
                place = own if name.startswith("extensionAttribute") and isinstance(own, dict) else user.properties
                place[name] = value
            self._note("users", id_)

    def remove_user(self, id_: str) -> None:
        """Delete a user, from every group too."""
        with self.lock:
            del self.users[id_]
            for group in self.groups.values():
                if id_ in group.members:
                    self.leave(group.id, id_)
            self._note("users", id_, is_removal=True)

    def add_group(self, name: str, members: Iterable[str] = (), **properties: object) -> str:
        """Add a security group and return its object id."""
        with self.lock:
            id_ = str(uuid.uuid4())
            known: Properties = {"id": id_, "displayName": name, "securityEnabled": True, "groupTypes": []}
            self.groups[id_] = Group(id_, known | properties)
            self._note("groups", id_)
            self.join(id_, *members)
            return id_

    def remove_group(self, id_: str) -> None:
        """Delete a group; other groups lose it as a member."""
        with self.lock:
            del self.groups[id_]
            for group in self.groups.values():
                group.members.discard(id_)
            self._note("groups", id_, is_removal=True)

    def join(self, group: str, *members: str) -> None:
        """Make users or groups direct members of a group."""
        with self.lock:
            self.groups[group].members |= set(members)
            self._note("groups", group, members=tuple((member, False) for member in members))

    def leave(self, group: str, *members: str) -> None:
        """End direct memberships."""
        with self.lock:
            self.groups[group].members -= set(members)
            self._note("groups", group, members=tuple((member, True) for member in members))

    def groups_of(self, member: str) -> Iterator[Group]:
        """Yield every group that `member` is in, directly or through other groups, each once."""
        seen: set[str] = set()
        layer = {member}
        while layer:
            found = [group for group in self.groups.values() if group.members & layer and group.id not in seen]
            seen |= {group.id for group in found}
            layer = {group.id for group in found}
            yield from found

    def add_app(self, app: App) -> App:
        """Register an application."""
        with self.lock:
            self.apps[app.client_id] = app
            return app

    def _note(
        self, kind: str, id_: str, *, is_removal: bool = False, members: tuple[tuple[str, bool], ...] = ()
    ) -> None:
        self.changes.append(Change(len(self.changes) + 1, kind, id_, is_removal, members))
