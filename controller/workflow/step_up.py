"""A second factor used at a step-up not long ago stands for what the directory does not say of MFA.

The sign-in is in the ledger, so every replica believes the same, and a restart forgets nothing. It
counts for whoever holds an account in the directory now; groups still come from there alone. Any
other sign-in may rest on a factor that was used days ago, so what it says of one does not count.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from controller.change.facts import Account
from controller.identity.principal import People, Principal, PrincipalKind
from controller.ledger.event import EventType
from controller.ports.directory import Directory
from controller.workflow.chronicle import Chronicle

STEP_UP_COUNTS = timedelta(hours=8)
"""How long a second factor that was used at a sign-in is believed."""
_ABOUT = frozenset({EventType.AUTH_LOGIN})

Key = TypeVar("Key")


class SteppedUp:
    """A directory that also knows who signed in with a second factor just now."""

    def __init__(self, directory: Directory, chronicle: Chronicle) -> None:
        """Know people from `directory`, and sign-ins from `chronicle`."""
        self._directory = directory
        self._chronicle = chronicle

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        """Return who stands behind each. Raises as the directory does, and as the journal does."""
        found = self._directory.look_up(accounts, emails, logins)
        return People(
            self._all(found.by_account), self._all(found.by_email), self._all(found.by_login), found.contested
        )

    def revision(self) -> str:
        """Return the directory's; a sign-in marks by itself whom it may concern."""
        return self._directory.revision()

    def _all(self, found: Mapping[Key, Principal | None]) -> Mapping[Key, Principal | None]:
        return {key: None if who is None else self._stepped_up(who) for key, who in found.items()}

    def _stepped_up(self, who: Principal) -> Principal:
        if who.mfa is True or who.kind is not PrincipalKind.PERSON:
            return who
        now = self._chronicle.now()
        is_recent = any(
            event.details.get("mfa") is event.details.get("step_up") is True
            and timedelta() <= now - event.at < STEP_UP_COUNTS
            for event in self._chronicle.history.all_of(_ABOUT, who.id)
        )
        return replace(who, mfa=True) if is_recent else who
