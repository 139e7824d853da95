"""A stand-in for Microsoft Graph v1.0: people, groups, their changes, and the registration report.

Follows the Graph reference: "List users", "Get a user", "List a user's transitive memberOf", "List servicePrincipal
transitive memberOf", "List groups", "user: delta", "group: delta", "directoryObject: getByIds" and "Get
userRegistrationDetails". Advanced queries want `ConsistencyLevel: eventual` and `$count=true`; each answer needs
the application permission that the reference names. Pages are small on purpose.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import jwt

from tests.fakes.entra import odata
from tests.fakes.entra.delta import Deltas
from tests.fakes.entra.https import Answer, Request
from tests.fakes.entra.odata import NotUnderstoodError
from tests.fakes.entra.tenant import Tenant
from tests.fakes.entra.tokens import Signer

_ADVANCED = "onPremisesExtensionAttributes/"
"""Filters on these are advanced queries."""


@dataclass(slots=True)
class Graph:
    """Answers for one tenant, with pages of `page_size`."""

    tenant: Tenant
    signer: Signer
    url: str = ""
    page_size: int = 100
    deltas: Deltas = field(init=False)
    has_report: bool = True
    """False: a tenant without the licence that the registration report needs."""

    def __post_init__(self) -> None:
        self.deltas = Deltas(self.tenant)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        granted = self._granted(request)
        if granted is None:
            return odata.error(401, "InvalidAuthenticationToken", "Access token validation failure.")
        with self.tenant.lock:
            try:
                return self._routed(request, granted)
            except NotUnderstoodError as told:
                return odata.error(400, "Request_UnsupportedQuery", str(told))

    def _granted(self, request: Request) -> frozenset[str] | None:
        """Return the application permissions of a token that this tenant signed for Graph; None: no such token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            known = {key.id: key.private.public_key() for key in self.signer.keys}
            key = known[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, algorithms=["RS256"], audience=self.url)
        except (jwt.PyJWTError, KeyError):
            return None
        return frozenset(claims.get("roles", ())) if scheme == "Bearer" else None

    def _routed(self, request: Request, granted: frozenset[str]) -> Answer:
        place = request.path.removeprefix("/v1.0").strip("/").split("/")
        people, groups = {"User.Read.All", "Directory.Read.All"}, {"GroupMember.Read.All", "Directory.Read.All"}
        report, applications = {"AuditLog.Read.All"}, {"Application.Read.All", "Directory.Read.All"}
        routes: list[tuple[list[str], set[str], Callable[[Request, str], Answer]]] = [
            (["users"], people, self._users),
            (["users", "delta"], people, self._changed_users),
            (["users", "*"], people, self._user),
            (["users", "*", "transitiveMemberOf"], groups, self._groups_of),
            (["servicePrincipals", "*", "transitiveMemberOf"], applications, self._groups_of),
            (["groups"], groups, self._groups),
            (["groups", "delta"], groups, self._changed_groups),
            (["groups", "*"], groups, self._group),
            (["reports", "authenticationMethods", "userRegistrationDetails"], report, self._reports),
            (["reports", "authenticationMethods", "userRegistrationDetails", "*"], report, self._report),
            (["directoryObjects", "getByIds"], people, self._by_ids),
        ]
        for pattern, needed, route in routes:
            if len(pattern) == len(place) and all(
                want in ("*", part) for want, part in zip(pattern, place, strict=True)
            ):
                if not needed & granted:
                    return odata.error(
                        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
                    )
                return route(request, place[1] if pattern[1:2] == ["*"] else place[-1])
        return odata.error(400, "BadRequest", f"Resource not found for the segment '{place[-1]}'.")

    def _users(self, request: Request, _: str) -> Answer:
        return self._listed(request, [user.properties for user in self.tenant.users.values()])

    def _groups(self, request: Request, _: str) -> Answer:
        return self._listed(request, [group.properties for group in self.tenant.groups.values()])

    def _listed(self, request: Request, items: Sequence[Mapping[str, object]]) -> Answer:
        said = request.query.get("$filter")
        if said is not None:
            is_advanced = _ADVANCED in said
            if is_advanced and (request.headers.get("consistencylevel"), request.query.get("$count")) != (
                "eventual",
                "true",
            ):
                raise NotUnderstoodError("The filter needs ConsistencyLevel: eventual and $count=true.")
            test = odata.filter_of(said)
            items = [item for item in items if test(item)]
        found = [odata.selected(item, request.query.get("$select")) for item in items]
        return self._page(request, found)

    def _page(self, request: Request, items: Sequence[object]) -> Answer:
        size = min(int(request.query.get("$top", self.page_size)), self.page_size)
        start = int(request.query.get("$skiptoken", "0"))
        kept = {name: value for name, value in request.query.items() if name != "$skiptoken"}
        query = "".join(f"{quote(name, safe='$')}={quote(value)}&" for name, value in kept.items())
        return odata.page(items, size, start, f"{self.url}{request.path}?{query}$skiptoken=")

    def _user(self, request: Request, key: str) -> Answer:
        names = ("id", "userPrincipalName")
        for user in self.tenant.users.values():
            if key.lower() in {str(user.properties[name]).lower() for name in names}:
                return Answer(odata.selected(user.properties, request.query.get("$select")))
        return _missing(key)

    def _group(self, request: Request, key: str) -> Answer:
        group = self.tenant.groups.get(key)
        if group is None:
            return _missing(key)
        return Answer(odata.selected(group.properties, request.query.get("$select")))

    def _groups_of(self, request: Request, key: str) -> Answer:
        kind = request.path.removeprefix("/v1.0").strip("/").partition("/")[0]
        if key not in (self.tenant.users if kind == "users" else {app.object_id for app in self.tenant.apps.values()}):
            return _missing(key)
        # Without a cast the answer mixes what somebody can be in; roles and units come beside groups.
        role: dict[str, object] = {
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": "role",
            "displayName": "Users",
        }
        groups = [{"@odata.type": "#microsoft.graph.group", **one.properties} for one in self.tenant.groups_of(key)]
        return self._page(request, [odata.selected(one, request.query.get("$select")) for one in [role, *groups]])

    def _changed_users(self, request: Request, _: str) -> Answer:
        return self.deltas.answer("users", request, f"{self.url}{request.path}")

    def _changed_groups(self, request: Request, _: str) -> Answer:
        return self.deltas.answer("groups", request, f"{self.url}{request.path}")

    def _reports(self, request: Request, _: str) -> Answer:
        if not self.has_report:
            return _no_licence()
        if request.query.keys() - {"$filter", "$orderby", "$skiptoken"}:
            raise NotUnderstoodError("Only $filter and $orderBy are supported here.")
        users = [user for user in self.tenant.users.values() if user.report is not None]
        return self._listed(request, [_reported(user.id, user.properties, user.report) for user in users])

    def _report(self, _: Request, key: str) -> Answer:
        user = self.tenant.users.get(key)
        if not self.has_report:
            return _no_licence()
        if user is None or user.report is None:
            return _missing(key)
        return Answer(_reported(user.id, user.properties, user.report))

    def _by_ids(self, request: Request, _: str) -> Answer:
        asked = json.loads(request.body)
        if len(asked["ids"]) > 1000:
            return odata.error(400, "Request_BadRequest", "Too many ids: at most 1000.")
        users = [self.tenant.users[id_] for id_ in asked["ids"] if id_ in self.tenant.users]
        found = [{"@odata.type": "#microsoft.graph.user", **user.properties} for user in users]
        return Answer({"value": [odata.selected(one, request.query.get("$select")) for one in found]})


def _reported(id_: str, properties: Mapping[str, object], report: Mapping[str, object] | None) -> dict[str, object]:
    guest = "guest" if properties["userType"] == "Guest" else "member"
    return {"id": id_, "userPrincipalName": properties["userPrincipalName"], "userType": guest, **(report or {})}


def _missing(key: str) -> Answer:
    return odata.error(404, "Request_ResourceNotFound", f"Resource '{key}' does not exist.")


def _no_licence() -> Answer:
    return odata.error(
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Neither tenant is B2C or tenant doesn't have premium license",
    )
