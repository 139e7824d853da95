"""Signing in at a tenant over TLS: the browser goes there and comes back, honestly or not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from controller.adapters.entra.bearer_tokens import BearerTokens
from controller.adapters.entra.credentials import Registration
from controller.adapters.entra.signing_in import EntraSignIn
from controller.adapters.entra.signing_keys import SigningKeys
from controller.adapters.system_clock import SystemClock
from controller.errors import UnavailableError
from controller.identity.bearer import TokenFault, TokenTerms
from controller.identity.principal import PrincipalKind
from controller.ports.sign_in import Begun, SignedIn, SignInFault
from tests.fakes.entra.https import Answer, Fault
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra

RETURN = "https://dvo.example/auth/callback"


@dataclass
class Desk:
    """A tenant with one person, and the sign-in that is tested."""

    stand_in: EntraStandIn
    http: httpx.Client
    dana: str

    def sign_in(self, *contexts: str) -> EntraSignIn:
        tenant, clock = self.stand_in.tenant.id, SystemClock()
        keys = SigningKeys(self.http, self.stand_in.authority_url, tenant, clock)
        terms = TokenTerms(tenant, frozenset({CLIENT_ID}), None, frozenset(contexts))
        registration = Registration(self.stand_in.authority_url, tenant, CLIENT_ID, SECRET)
        return EntraSignIn(registration, self.http, BearerTokens(keys.find, terms, clock).read, contexts)

    def browse(self, begun: Begun) -> dict[str, str]:
        """Go where the browser is sent, and return with what it brings back."""
        page = self.http.get(begun.address).text
        assert f'<form method="POST" action="{RETURN}">' in page
        return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))

    def signed_in(self, sign_in: EntraSignIn, *, step_up: bool = False) -> SignedIn:
        begun = sign_in.begin(RETURN, step_up=step_up)
        found = sign_in.complete(begun.flow, self.browse(begun))
        assert isinstance(found, SignedIn), found
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with entra(tmp_path) as stand_in, httpx.Client(verify=stand_in.client_context()) as http:
        stand_in.tenant.add_app(replace(stand_in.app, redirect_uris=(RETURN,)))
        dana = stand_in.tenant.add_user("dana")
        stand_in.authority.sits_there(dana)
        yield Desk(stand_in, http, dana)


def test_whoever_comes_back_is_known_by_their_object_id(desk: Desk) -> None:
    found = desk.signed_in(desk.sign_in())
    assert (found.bearer.kind, found.bearer.object_id, found.bearer.mfa) == (PrincipalKind.PERSON, desk.dana, None)
    assert found.refresh_token


def test_the_browser_is_sent_with_a_challenge_a_nonce_and_a_state(desk: Desk) -> None:
    begun = desk.sign_in().begin(RETURN, step_up=False)
    asked = dict(parse_qsl(urlsplit(begun.address).query))
    assert asked["code_challenge_method"] == "S256"
    assert {"code_challenge", "nonce", "state"} <= asked.keys()
    assert asked["redirect_uri"] == RETURN
    assert "code_verifier" not in begun.address
    assert begun.flow.decode() not in repr(begun)


def test_a_code_is_worth_nothing_in_another_browser(desk: Desk) -> None:
    """Login CSRF, and a code that was taken on its way: RFC 9700, 4.5 and 4.7."""
    sign_in = desk.sign_in()
    mine, theirs = sign_in.begin(RETURN, step_up=False), sign_in.begin(RETURN, step_up=False)
    stolen = desk.browse(theirs)
    assert sign_in.complete(mine.flow, stolen) is SignInFault.FORGED
    own_state = {**stolen, "state": dict(parse_qsl(urlsplit(mine.address).query))["state"]}
    assert sign_in.complete(mine.flow, own_state) is SignInFault.DECLINED


def test_a_code_counts_once(desk: Desk) -> None:
    sign_in = desk.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    brought = desk.browse(begun)
    assert isinstance(sign_in.complete(begun.flow, brought), SignedIn)
    assert sign_in.complete(begun.flow, brought) is SignInFault.DECLINED


@pytest.mark.parametrize("kept", ["state", "code"])
def test_half_an_answer_is_none(desk: Desk, kept: str) -> None:
    sign_in = desk.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    brought = desk.browse(begun)
    assert sign_in.complete(begun.flow, {kept: brought[kept]}) is SignInFault.FORGED


def test_whoever_gives_up_is_not_signed_in(desk: Desk) -> None:
    desk.stand_in.authority.sits_there(None)
    sign_in = desk.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    assert sign_in.complete(begun.flow, desk.browse(begun)) is SignInFault.DECLINED


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        (TokenFault.FOREIGN_AUDIENCE, {"aud": "99999999-2222-4333-8444-555555555555"}),
        (TokenFault.FOREIGN_TENANT, {"tid": "99999999-2222-4333-8444-555555555555"}),
        (TokenFault.EXPIRED, {"exp": 1_700_000_000, "iat": 1_699_990_000}),
        (TokenFault.NOT_FOR_US, {"scp": "access_as_user"}),
    ],
)
def test_an_id_token_that_is_not_ours_signs_nobody_in(
    desk: Desk, fault: TokenFault, changed: Mapping[str, object]
) -> None:
    sign_in = desk.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    brought = desk.browse(begun)
    tokens = _issuing(desk, begun, changed)
    desk.stand_in.login.fail(Fault("oauth2/v2.0/token", Answer(tokens)))
    assert sign_in.complete(begun.flow, brought) is fault


def test_an_id_token_of_another_sign_in_signs_nobody_in(desk: Desk) -> None:
    sign_in = desk.sign_in()
    begun = sign_in.begin(RETURN, step_up=False)
    brought = desk.browse(begun)
    tokens = _issuing(desk, sign_in.begin(RETURN, step_up=False), {})
    desk.stand_in.login.fail(Fault("oauth2/v2.0/token", Answer(tokens)))
    assert sign_in.complete(begun.flow, brought) is SignInFault.FORGED


def _issuing(desk: Desk, begun: Begun, changed: Mapping[str, object]) -> dict[str, object]:
    """Return what the token endpoint would say, with an ID token whose claims are `changed`."""
    nonce = dict(parse_qsl(urlsplit(begun.address).query))["nonce"]
    claims = desk.stand_in.signer.id_claims(desk.stand_in.app, desk.dana, nonce, ("pwd",))
    identity = desk.stand_in.signer.sign({**claims, **changed})
    return {"token_type": "Bearer", "expires_in": 3600, "access_token": "a", "id_token": identity}


def test_a_step_up_is_one_only_with_a_second_factor(desk: Desk) -> None:
    sign_in = desk.sign_in()
    begun = sign_in.begin(RETURN, step_up=True)
    assert dict(parse_qsl(urlsplit(begun.address).query))["prompt"] == "login"
    assert sign_in.complete(begun.flow, desk.browse(begun)) is SignInFault.NO_SECOND_FACTOR
    desk.stand_in.authority.sits_there(desk.dana, "pwd", "mfa")
    assert desk.signed_in(sign_in, step_up=True).bearer.mfa is True


def test_a_step_up_asks_for_the_tenants_authentication_context(desk: Desk) -> None:
    begun = desk.sign_in("c1", "c2").begin(RETURN, step_up=True)
    asked = dict(parse_qsl(urlsplit(begun.address).query))
    assert '"acrs"' in asked["claims"]
    assert '"c1"' in asked["claims"]


def test_a_session_is_renewed_while_the_person_may_be_signed_in(desk: Desk) -> None:
    sign_in = desk.sign_in()
    first = desk.signed_in(sign_in)
    assert first.refresh_token is not None
    second = sign_in.renew(first.refresh_token)
    assert second is not None
    assert second.bearer.object_id == desk.dana
    assert second.refresh_token not in (None, first.refresh_token)


@pytest.mark.parametrize("ended", ["disabled", "revoked"])
def test_a_session_of_whoever_may_not_be_signed_in_any_more_is_not_renewed(desk: Desk, ended: str) -> None:
    sign_in = desk.sign_in()
    token = desk.signed_in(sign_in).refresh_token
    assert token is not None
    if ended == "disabled":
        desk.stand_in.tenant.update_user(desk.dana, accountEnabled=False)
    else:
        desk.stand_in.authority.revoke(desk.dana)
    assert sign_in.renew(token) is None


OUTAGES = {
    "reset": None,
    "down": Answer({}, 503),
    "garbage": Answer(b"<html>"),
    "throttled": Answer({"error": "temporarily_unavailable"}, 429, {"Retry-After": "1"}),
    "our secret": Answer({"error": "invalid_client", "error_description": "AADSTS7000215"}, 401),
}


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_is_nobodys_refusal(desk: Desk, name: str) -> None:
    sign_in = desk.sign_in()
    first = desk.signed_in(sign_in)
    begun = sign_in.begin(RETURN, step_up=False)
    brought = desk.browse(begun)
    desk.stand_in.login.fail(Fault("oauth2/v2.0/token", OUTAGES[name], times=20))
    with pytest.raises(UnavailableError):
        sign_in.renew(str(first.refresh_token))
    with pytest.raises(UnavailableError):
        sign_in.complete(begun.flow, brought)


def test_an_authority_that_is_down_begins_nothing(desk: Desk) -> None:
    desk.stand_in.login.fail(Fault("openid-configuration", Answer({}, 503), times=20))
    with pytest.raises(UnavailableError):
        desk.sign_in().begin(RETURN, step_up=False)


def test_signing_out_leads_back_to_us(desk: Desk) -> None:
    address = desk.sign_in().sign_out_address("https://dvo.example/")
    assert address.startswith(f"{desk.stand_in.authority_url}/{desk.stand_in.tenant.id}/oauth2/v2.0/logout?")
    assert address.endswith("post_logout_redirect_uri=https%3A%2F%2Fdvo.example%2F")
