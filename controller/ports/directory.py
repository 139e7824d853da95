"""Who people are: a directory that resolves accounts and addresses to principals."""

from typing import Protocol

from controller.change.facts import Account
from controller.identity.principal import People


class Directory(Protocol):
    """Knows the humans and machines behind accounts and addresses, with groups and MFA as of now."""

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        """Return who stands behind each of `accounts`, `emails` and `logins`; None for unknown and contested ones.

        Raises `UnavailableError` when the directory cannot be asked; nobody is then known.
        """
        ...

    def revision(self) -> str:
        """Return an opaque text that is another one whenever `look_up` might answer otherwise than before.

        As old at most as an answer of `look_up` may be. Raises `UnavailableError` as `look_up` does; whoever
        compares then takes people for changed.
        """
        ...
