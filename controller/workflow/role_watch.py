"""Notice when somebody's roles are other than they were last seen, wherever they are looked at.

The ledger remembers what was seen, so neither a restart nor a lost database hides a change. The
first time somebody is seen is told too: from then on the record is complete.
"""

from collections.abc import Collection, Mapping

from controller.identity.principal import PrincipalId
from controller.ledger.event import Event, EventType
from controller.workflow.chronicle import Chronicle

_ABOUT = frozenset({EventType.AUTHZ_ROLE_CHANGE})


class RoleWatch:
    """Writes `authz.role_change` about people whose roles changed."""

    def __init__(self, chronicle: Chronicle) -> None:
        """Remember and tell with `chronicle`."""
        self._chronicle = chronicle
        self._seen: dict[PrincipalId, frozenset[str]] = {}

    def saw(self, roles: Mapping[PrincipalId, Collection[str]]) -> None:
        """Tell of everyone in `roles` who had others when last seen. Raises `UnavailableError`, as the journal does."""
        for principal, held in roles.items():
            self._saw(principal, frozenset(held))

    def _saw(self, principal: PrincipalId, held: frozenset[str]) -> None:
        if self._seen.get(principal) == held:
            return
        told = self._told(principal)
        if told != held:
            self._chronicle.record((self._event(principal, told, held),))
        self._seen[principal] = held

    def _told(self, principal: PrincipalId) -> frozenset[str] | None:
        """Return the roles last told of; None when nothing was ever told of this principal."""
        past = self._chronicle.history.all_of(_ABOUT, principal)
        after = past[-1].details.get("after") if past else None
        return frozenset(map(str, after)) if isinstance(after, list) else None

    def _event(self, principal: PrincipalId, before: frozenset[str] | None, after: frozenset[str]) -> Event:
        details = {"before": None if before is None else sorted(before), "after": sorted(after)}
        return self._chronicle.event(EventType.AUTHZ_ROLE_CHANGE, principal, details)
