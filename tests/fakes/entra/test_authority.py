"""The authority's stand-in, as Microsoft's own client library meets it."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra
from tests.fakes.entra.tenant import App
from tests.fakes.entra.tokens import signing_key

REDIRECT = "https://dvo.example.com/auth/callback"
PORTAL = "99999999-0000-4000-8000-000000000001"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[EntraStandIn]:
    with entra(tmp_path) as made:
        yield made


def client(running: EntraStandIn, client_id: str = CLIENT_ID, credential: object = SECRET) -> Any:
    session = requests.Session()
    session.trust_env = False  # or a bundle named in the environment would come first
    session.verify = str(running.ca_file)
    authority = f"{running.authority_url}/{running.tenant.id}"
    kind = msal.PublicClientApplication if credential is None else msal.ConfidentialClientApplication
    more = {} if credential is None else {"client_credential": credential}
    return kind(client_id, authority=authority, http_client=session, instance_discovery=False, **more)


def posted_back(running: EntraStandIn, address: str) -> dict[str, str]:
    """Return what the browser would post to the application after signing in."""
    page = httpx.get(address, verify=running.client_context(), trust_env=False).text
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))


def published(running: EntraStandIn, token: str) -> object:
    """Return the claims of a token, verified with the keys that are published."""
    with httpx.Client(verify=running.client_context(), trust_env=False) as asking:
        own = f"{running.authority_url}/{running.tenant.id}"
        told = asking.get(f"{own}/v2.0/.well-known/openid-configuration").json()
        keys = jwt.PyJWKSet.from_dict(asking.get(told["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False}, issuer=told["issuer"])


def certificate_of(number: int) -> tuple[str, bytes]:
    """Return a private key and a certificate for it, PEM."""
    key = signing_key(number).private
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dvo")])
    now = datetime.fromtimestamp(time.time(), UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), pem


def test_a_secret_gets_an_app_only_token_that_the_published_keys_verify(running: EntraStandIn) -> None:
    told = client(running).acquire_token_for_client([f"{running.graph_url}/.default"])
    claims = published(running, told["access_token"])
    assert isinstance(claims, dict)
    assert (claims["aud"], claims["idtyp"], claims["azp"]) == (running.graph_url, "app", CLIENT_ID)


def test_a_wrong_secret_gets_none(running: EntraStandIn) -> None:
    told = client(running, credential="wrong").acquire_token_for_client([f"{running.graph_url}/.default"])
    assert told["error"] == "invalid_client"
    assert told["error_codes"] == [7000215]


def test_a_certificate_signs_an_assertion_and_another_key_does_not(running: EntraStandIn) -> None:
    private, certificate = certificate_of(3)
    other, _ = certificate_of(4)
    running.tenant.add_app(App(PORTAL, certificate=certificate))
    scope = [f"{running.graph_url}/.default"]
    good = {"private_key": private, "public_certificate": certificate.decode()}
    bad = {"private_key": other, "public_certificate": certificate.decode()}
    assert "access_token" in client(running, PORTAL, good).acquire_token_for_client(scope)
    assert client(running, PORTAL, bad).acquire_token_for_client(scope)["error"] == "invalid_client"


def test_a_code_is_redeemed_once_and_only_with_its_verifier(running: EntraStandIn) -> None:
    running.tenant.add_app(App(PORTAL, secret=SECRET, redirect_uris=(REDIRECT,)))
    dana = running.tenant.add_user("dana")
    running.authority.sits_there(dana, "pwd", "mfa")
    portal = client(running, PORTAL)
    flow = portal.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT, response_mode="form_post")
    told = posted_back(running, flow["auth_uri"])
    forged = portal.acquire_token_by_auth_code_flow({**flow, "code_verifier": "x" * 43}, dict(told))
    again = portal.acquire_token_by_auth_code_flow(flow, dict(told))
    assert forged["error"] == again["error"] == "invalid_grant"
    told = posted_back(running, flow["auth_uri"])
    done = portal.acquire_token_by_auth_code_flow(flow, told)
    assert done["id_token_claims"]["oid"] == dana
    assert done["id_token_claims"]["amr"] == ["pwd", "mfa"]


def test_a_device_waits_for_its_code_and_then_refreshes(running: EntraStandIn) -> None:
    running.tenant.add_app(App(PORTAL))
    dana = running.tenant.add_user("dana")
    device = client(running, PORTAL, None)
    flow = device.initiate_device_flow(["User.Read"])
    early = device.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert early["error"] == "authorization_pending"
    running.authority.approve_device(flow["user_code"], dana)
    told = device.acquire_token_by_device_flow(flow)
    assert told["id_token_claims"]["oid"] == dana
    refreshed = device.acquire_token_by_refresh_token(told["refresh_token"], ["User.Read"])
    assert "access_token" in refreshed
    running.authority.revoke(dana)
    ended = device.acquire_token_by_refresh_token(refreshed["refresh_token"], ["User.Read"])
    assert ended["error"] == "invalid_grant"


def test_keys_rotate_and_withdrawn_ones_verify_nothing(running: EntraStandIn) -> None:
    scope = [f"{running.graph_url}/.default"]
    before = client(running).acquire_token_for_client(scope)["access_token"]
    running.signer.rotate()
    after = client(running).acquire_token_for_client(scope)["access_token"]
    assert published(running, before)
    assert published(running, after)
    running.signer.rotate(withdraw=True)
    with pytest.raises(KeyError):
        published(running, before)


def test_more_groups_than_a_token_holds_are_named_as_an_overage(running: EntraStandIn) -> None:
    dana = running.tenant.add_user("dana")
    for number in range(200):
        running.tenant.add_group(f"group-{number}", [dana])
    assert len(running.signer.user_claims(running.app, dana)["groups"]) == 200  # type: ignore[arg-type] # a list
    running.tenant.add_group("one more", [dana])
    claims = running.signer.user_claims(running.app, dana)
    assert "groups" not in claims
    assert claims["_claim_names"] == {"groups": "src1"}


def test_versions_differ_in_issuer_audience_and_names(running: EntraStandIn) -> None:
    dana = running.tenant.add_user("dana")
    first = running.tenant.add_app(App(PORTAL, token_version=1))
    old, new = running.signer.user_claims(first, dana), running.signer.user_claims(running.app, dana)
    assert (old["iss"], old["aud"]) == (f"https://sts.windows.net/{running.tenant.id}/", f"api://{PORTAL}")
    assert (new["iss"], new["aud"]) == (f"{running.authority_url}/{running.tenant.id}/v2.0", CLIENT_ID)
    assert ("appid" in old, "azp" in new) == (True, True)
