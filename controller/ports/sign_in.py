"""Where people prove who they are: an identity provider that a browser is sent to and comes back from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from controller.identity.bearer import Bearer, TokenFault


class SignInFault(StrEnum):
    """Why somebody who came back is not signed in; a word for the event."""

    DECLINED = "declined"
    """The provider says no, or the person did."""
    FORGED = "forged"
    """What came back does not belong to what was begun here."""
    NO_SECOND_FACTOR = "no_second_factor"
    """One was asked for, and none was used."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way."""

    address: str
    """Where to send the browser."""
    flow: bytes = field(repr=False)
    """What to keep until it comes back: a secret."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who proved who they are."""

    bearer: Bearer
    refresh_token: str | None = field(default=None, repr=False)
    """With which the provider says later whether they may still be signed in."""


class SignIn(Protocol):
    """Every method raises `UnavailableError` while the provider cannot be asked."""

    def begin(self, return_to: str, *, step_up: bool) -> Begun:
        """Begin a sign-in that comes back to `return_to`; `step_up` asks for a second factor now."""
        ...

    def complete(self, flow: bytes, answer: Mapping[str, str]) -> SignedIn | SignInFault | TokenFault:
        """Return who came back with `answer` to the sign-in that `flow` was kept of."""
        ...

    def renew(self, refresh_token: str) -> SignedIn | None:
        """Return who `refresh_token` is of; None when they may not be signed in any more."""
        ...

    def sign_out_address(self, return_to: str) -> str | None:
        """Return where to send a browser to sign out of the provider too."""
        ...
