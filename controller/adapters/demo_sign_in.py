"""A sign-in without a password, for the demo: whoever sits there says who they are.

Only the demo builds it. It takes the place of Entra ID where people come from a directory file.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from controller.identity.bearer import Bearer, TokenFault
from controller.identity.principal import PrincipalKind
from controller.ports.clock import Clock
from controller.ports.sign_in import Begun, SignedIn, SignInFault

PLACE = "/auth/demo"
"""Where the page is on which one chooses who to be."""
_LIFE = timedelta(hours=1)


class DemoSignIn:
    """Believes everybody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def begin(self, return_to: str, *, step_up: bool) -> Begun:
        """Begin a sign-in at the page of the demo, which comes back by itself; there is no second factor."""
        del return_to, step_up
        state = secrets.token_urlsafe(16)
        return Begun(f"{PLACE}?{urlencode({'state': state})}", json.dumps(state).encode())

    def complete(self, flow: bytes, answer: Mapping[str, str]) -> SignedIn | SignInFault | TokenFault:
        """Return who came back: the login that was chosen."""
        if answer.get("state") != json.loads(flow):
            return SignInFault.FORGED
        if not answer.get("login"):
            return SignInFault.DECLINED
        ends = self._clock.now() + _LIFE
        return SignedIn(Bearer(PrincipalKind.PERSON, answer["login"].lower(), None, None, ends))

    def renew(self, refresh_token: str) -> None:
        """Return nobody: no session of the demo has anything to renew it with."""
        del refresh_token

    def sign_out_address(self, return_to: str) -> None:
        """Return nothing: there is nowhere to sign out of."""
        del return_to
