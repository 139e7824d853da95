"""Signing in at an OpenID provider that somebody else wrote, over TLS.

emulate speaks plain HTTP, so a server of ours that holds a certificate stands before it and hands
everything through. It publishes version 2 of the endpoint only, and its ID tokens carry no `nbf`.
"""

import html
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import trustme

from controller.adapters.entra.bearer_tokens import BearerTokens
from controller.adapters.entra.credentials import Registration
from controller.adapters.entra.signing_in import EntraSignIn
from controller.adapters.entra.signing_keys import V2, SigningKeys
from controller.adapters.system_clock import SystemClock
from controller.identity.bearer import TokenTerms
from controller.ports.sign_in import Begun, SignedIn, SignInFault
from tests.end_to_end.emulate.server import emulated_entra
from tests.fakes.entra.https import Answer, Request, serving

TENANT = "11111111-2222-4333-8444-999999999999"
CLIENT = "aaaaaaaa-2222-4333-8444-999999999999"
SECRET = "a-secret-of-the-emulated-registration"
RETURN = "https://dvo.example/auth/callback"
SEEDS = {
    "users": [{"email": "dana@example.com", "name": "Dana Dev", "tenant_id": TENANT}],
    "oauth_clients": [
        {"client_id": CLIENT, "client_secret": SECRET, "name": "DVO", "redirect_uris": [RETURN], "tenant_id": TENANT}
    ],
}


@dataclass(frozen=True)
class Provider:
    """The other author's provider, as a browser and as we reach it."""

    url: str
    http: httpx.Client

    def sign_in(self, secret: str = SECRET) -> EntraSignIn:
        clock = SystemClock()
        keys = SigningKeys(self.http, self.url, TENANT, clock, (V2,))
        read = BearerTokens(keys.find, TokenTerms(TENANT, frozenset({CLIENT}), None), clock).read
        return EntraSignIn(Registration(self.url, TENANT, CLIENT, secret), self.http, read)

    def brought(self, begun: Begun) -> dict[str, str]:
        """Choose the person on the provider's page, and return the form that it sends the browser back with."""
        page = self.http.get(begun.address).text
        chosen = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
        content = urlencode(chosen)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        back = self.http.post(f"{self.url}/oauth2/v2.0/authorize/callback", content=content, headers=headers).text
        assert RETURN in html.unescape(back)
        return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', back)}


def handing_through(plain: Callable[[], str]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        kept = {name: value for name, value in request.headers.items() if name in ("content-type", "authorization")}
        found = httpx.request(
            request.verb, plain() + request.path, params=dict(request.query), content=request.body, headers=kept
        )
        return Answer(found.content, found.status_code, {"Content-Type": found.headers.get("content-type", "")})

    return answer


@contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    certificates = trustme.CA()
    ca_file = folder / "ca.pem"
    certificates.cert_pem.write_to_path(ca_file)
    plain: list[str] = []
    with (
        serving(handing_through(lambda: plain[0]), certificates) as before,
        emulated_entra(folder, SEEDS, before.url) as url,
        httpx.Client(verify=ssl.create_default_context(cafile=str(ca_file))) as http,
    ):
        plain.append(url)
        yield Provider(before.url, http)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("emulate")) as running:
        yield running


def test_a_person_signs_in_and_their_session_is_renewed(other: Provider) -> None:
    sign_in = other.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    found = sign_in.complete(begun.flow, other.brought(begun))
    assert isinstance(found, SignedIn), found
    assert found.refresh_token is not None
    renewed = sign_in.renew(found.refresh_token)
    assert renewed is not None
    assert renewed.bearer.object_id == found.bearer.object_id


def test_a_code_is_worth_nothing_twice_or_in_another_browser(other: Provider) -> None:
    sign_in = other.sign_in()
    begun, another = sign_in.begin(RETURN, step_up=False), sign_in.begin(RETURN, step_up=False)
    brought = other.brought(begun)
    assert sign_in.complete(another.flow, brought) is SignInFault.FORGED
    assert isinstance(sign_in.complete(begun.flow, brought), SignedIn)
    assert sign_in.complete(begun.flow, brought) is SignInFault.DECLINED


def test_a_refresh_token_that_was_used_is_worth_nothing(other: Provider) -> None:
    sign_in = other.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    found = sign_in.complete(begun.flow, other.brought(begun))
    assert isinstance(found, SignedIn)
    assert found.refresh_token is not None
    assert sign_in.renew(found.refresh_token) is not None
    assert sign_in.renew(found.refresh_token) is None
