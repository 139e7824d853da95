"""What signing in from a terminal is made of."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from controller.adapters.entra.device import Client, DeviceSignIn
from controller.adapters.entra.graph import new_client
from controller.compose.entrance import SCOPE
from controller.errors import InputError, UnavailableError
from controller.settings import LoginSettings

_STANDING = {"login", "principal", "roles", "permissions"}


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal at which somebody signs in, and the controller they sign in to."""

    sign_in: DeviceSignIn
    http: httpx.Client
    controller: str | None
    """Its address; None: nobody is asked who one is."""

    def standing(self, token: str) -> object:
        """Return what the controller says of whoever has `token`; None when there is no controller to ask.

        Raises `InputError` when it does not let them in, `UnavailableError` when it gives no answer.
        """
        if self.controller is None:
            return None
        try:
            answer = self.http.get(f"{self.controller}/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            message = f"{self.controller} gives no answer: {type(error).__name__}"
            raise UnavailableError(message, component="controller") from None
        if not isinstance(found, Mapping):
            raise UnavailableError(
                f"{self.controller} answers with something else than an object", component="controller"
            )
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            raise InputError(f"{self.controller} does not let you in: {found.get('detail', answer.status_code)}")
        if answer.status_code != httpx.codes.OK:
            message = f"{self.controller} answers with status {answer.status_code}"
            raise UnavailableError(message, component="controller")
        if not found.keys() >= _STANDING:
            raise UnavailableError(f"{self.controller} does not answer as a controller does", component="controller")
        return found


@contextmanager
def terminal(settings: LoginSettings) -> Iterator[Terminal]:
    """Give the terminal of these settings."""
    client = Client(settings.authority, settings.tenant_id, settings.client_id, SCOPE)
    with new_client() as http:
        yield Terminal(DeviceSignIn(client, http, settings.home / "login.json"), http, settings.public_url)
