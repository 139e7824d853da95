"""Delta queries: what changed since a token, in pages, with a link to go on from.

Follows Microsoft Graph "Use delta query to track changes in Microsoft Graph data": `$deltatoken=latest` begins
from now, `$select` of the first request holds for all that follow, `$top` is refused, removals carry `@removed`,
memberships `members@delta`; a token that has become too old is answered 410 and the sync begins anew.
"""

from collections.abc import Mapping
from urllib.parse import quote

from tests.fakes.entra import odata
from tests.fakes.entra.https import Answer, Request
from tests.fakes.entra.odata import NotUnderstoodError
from tests.fakes.entra.tenant import Change, Tenant

_KIND = {True: "#microsoft.graph.group", False: "#microsoft.graph.user"}


class Deltas:
    """Answers delta queries of a tenant."""

    def __init__(self, tenant: Tenant, page_size: int = 50) -> None:
        self.tenant = tenant
        self.page_size = page_size
        self.oldest = 0
        """Tokens from before this change are too old."""

    def expire(self) -> None:
        """Make every token handed out so far too old."""
        with self.tenant.lock:
            self.oldest = len(self.tenant.changes) + 1
            self.tenant.changes.append(Change(self.oldest, "none", ""))

    def answer(self, kind: str, request: Request, address: str) -> Answer:
        """Answer a delta query about ``users`` or ``groups``."""
        if "$top" in request.query or "$orderby" in request.query:
            raise NotUnderstoodError("$top and $orderby are not supported by delta queries of directory objects.")
        query = {name.lower(): value for name, value in request.query.items()}
        token = query.get("$deltatoken", query.get("$skiptoken"))
        if token is None:
            return self._answer(kind, 0, query.get("$select", ""), address)
        if token == "latest":
            return self._done([], len(self.tenant.changes), query.get("$select", ""), address)
        number, _, select = token.partition("~")
        if not number.isdecimal():
            return odata.error(400, "Request_BadRequest", "Badly formed token.")
        if int(number) < self.oldest:
            return odata.error(
                410, "syncStateNotFound", "The delta token has expired.", Location=f"{address}?$deltatoken="
            )
        return self._answer(kind, int(number), select, address)

    def _answer(self, kind: str, since: int, select: str, address: str) -> Answer:
        later = [change for change in self.tenant.changes if change.number > since and change.kind == kind]
        shown, rest = later[: self.page_size], later[self.page_size :]
        names = select or None
        items = [self._item(change, names) for change in shown]
        if rest:
            state = quote(f"{shown[-1].number}~{select}")
            return Answer({"@odata.nextLink": f"{address}?$skiptoken={state}", "value": items})
        return self._done(items, len(self.tenant.changes), select, address)

    def _done(self, items: list[dict[str, object]], number: int, select: str, address: str) -> Answer:
        return Answer({"@odata.deltaLink": f"{address}?$deltatoken={quote(f'{number}~{select}')}", "value": items})

    def _item(self, change: Change, select: str | None) -> dict[str, object]:
        held = self.tenant.users if change.kind == "users" else self.tenant.groups
        known = held.get(change.id)
        if change.is_removal or known is None:
            return {"id": change.id, "@removed": {"reason": "changed"}}
        item = odata.selected(known.properties, select)
        if change.members and (select is None or "members" in select.split(",")):
            item["members@delta"] = [self._member(id_, is_gone=gone) for id_, gone in change.members]
        return item

    def _member(self, id_: str, *, is_gone: bool) -> Mapping[str, object]:
        member: dict[str, object] = {"@odata.type": _KIND[id_ in self.tenant.groups], "id": id_}
        return member | ({"@removed": {"reason": "deleted"}} if is_gone else {})
