"""Real RS256 tokens of a tenant over TLS, and every way to forge one."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from controller.adapters.entra.bearer_tokens import BearerTokens
from controller.adapters.entra.signing_keys import SigningKeys
from controller.errors import UnavailableError
from controller.identity.bearer import Bearer, TokenFault, TokenTerms
from controller.identity.principal import PrincipalKind
from tests.fakes.entra.https import Answer, Fault
from tests.fakes.entra.stand_in import CLIENT_ID, EntraStandIn, entra
from tests.fakes.entra.tokens import signing_key

OTHER_TENANT = "99999999-2222-4333-8444-555555555555"


@dataclass
class Clock:
    """The present, and as much later as a test likes."""

    later: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later


@dataclass
class Door:
    """Reads tokens of a tenant, by a clock that a test moves."""

    stand_in: EntraStandIn
    http: httpx.Client
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        tenant = self.stand_in.tenant.id
        self.keys = SigningKeys(self.http, self.stand_in.authority_url, tenant, self.clock)
        terms = TokenTerms(tenant, frozenset({CLIENT_ID, f"api://{CLIENT_ID}"}), "access_as_user")
        self.tokens = BearerTokens(self.keys.find, terms, self.clock)

    def read(self, token: str) -> Bearer | TokenFault:
        return self.tokens.read(token)

    @property
    def user(self) -> str:
        return next(iter(self.stand_in.tenant.users))

    def claims(self, **changed: object) -> dict[str, object]:
        return self.stand_in.signer.user_claims(self.stand_in.app, self.user) | changed

    def signed(self, **changed: object) -> str:
        return self.stand_in.signer.sign(self.claims(**changed))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with entra(tmp_path) as stand_in, httpx.Client(verify=stand_in.client_context()) as http:
        stand_in.tenant.add_user("dana")
        yield Door(stand_in, http)


def test_a_persons_token_is_read(door: Door) -> None:
    bearer = door.read(door.signed())
    assert isinstance(bearer, Bearer)
    assert (bearer.kind, bearer.object_id) == (PrincipalKind.PERSON, door.user)


def test_a_token_of_version_1_is_read(door: Door) -> None:
    issuer = door.stand_in.signer.issuer_v1
    bearer = door.read(door.signed(ver="1.0", iss=issuer, aud=f"api://{CLIENT_ID}"))
    assert isinstance(bearer, Bearer)


def test_an_applications_own_token_is_a_service_account(door: Door) -> None:
    claims = door.stand_in.signer.app_claims(door.stand_in.app, audience=CLIENT_ID)
    bearer = door.read(door.stand_in.signer.sign(claims))
    assert isinstance(bearer, Bearer)
    assert bearer.kind is PrincipalKind.SERVICE


def encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(door: Door, algorithm: str) -> str:
    return f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': signing_key().id})}.{encoded(door.claims())}."


def signed_with_the_public_key(door: Door) -> str:
    """HS256 with what everybody can read, which a library that trusts the header would verify."""
    public = signing_key().private.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = unsigned(door, "HS256").rstrip(".")
    mac = hmac.new(pem, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_header(door: Door, **headers: object) -> str:
    return door.stand_in.signer.sign(door.claims(), headers=headers)


def with_other_claims(door: Door) -> str:
    head, _, signature = door.signed().split(".")
    return f"{head}.{encoded(door.claims(oid=OTHER_TENANT))}.{signature}"


def wrapped(door: Door) -> str:
    """A token whose content is a token."""
    headers = {"kid": signing_key().id}
    return jwt.PyJWS().encode(door.signed().encode(), signing_key().private, algorithm="RS256", headers=headers)


FORGERIES: dict[str, tuple[TokenFault, Callable[[Door], str]]] = {
    "nothing": (TokenFault.MALFORMED, lambda door: ""),
    "no token": (TokenFault.MALFORMED, lambda door: "Dana, honestly"),
    "two parts": (TokenFault.MALFORMED, lambda door: door.signed().rpartition(".")[0]),
    "four parts": (TokenFault.MALFORMED, lambda door: door.signed() + ".e30"),
    "no JSON": (TokenFault.MALFORMED, lambda door: "e30x.e30.e30"),
    "deep JSON": (TokenFault.MALFORMED, lambda door: base64.b64encode(b"[" * 6000).decode().rstrip("=") + ".e30.e30"),
    "algorithm none": (TokenFault.WRONG_ALGORITHM, lambda door: unsigned(door, "none")),
    "algorithm None": (TokenFault.WRONG_ALGORITHM, lambda door: unsigned(door, "NoNe")),
    "HS256 with the public key": (TokenFault.WRONG_ALGORITHM, signed_with_the_public_key),
    "RS512": (TokenFault.WRONG_ALGORITHM, lambda door: unsigned(door, "RS512")),
    "no signature": (TokenFault.BAD_SIGNATURE, lambda door: unsigned(door, "RS256")),
    "other claims under a real signature": (TokenFault.BAD_SIGNATURE, with_other_claims),
    "no key id": (TokenFault.NO_KEY_ID, lambda door: with_header(door, kid=None)),
    "an empty key id": (TokenFault.NO_KEY_ID, lambda door: with_header(door, kid="")),
    "an unknown key id": (TokenFault.UNKNOWN_KEY, lambda door: with_header(door, kid="../../etc/passwd")),
    "another's key under our key id": (
        TokenFault.BAD_SIGNATURE,
        lambda door: door.stand_in.signer.sign(
            door.claims(), key=signing_key(7), headers={"kid": door.stand_in.signer.keys[0].id}
        ),
    ),
    "a key of its own in the header": (
        TokenFault.UNKNOWN_KEY,
        lambda door: door.stand_in.signer.sign(
            door.claims(), key=signing_key(7), headers={"jwk": dict(signing_key(7).jwk), "jku": "https://evil.example"}
        ),
    ),
    "a critical extension": (TokenFault.MALFORMED, lambda door: with_header(door, crit=["exp"], exp=1)),
    "a nested token, said": (TokenFault.NESTED, lambda door: with_header(door, cty="JWT")),
    "a nested token, unsaid": (TokenFault.NESTED, wrapped),
    "another type": (TokenFault.MALFORMED, lambda door: with_header(door, typ="JOSE+JSON")),
    "a list of claims": (
        TokenFault.MALFORMED,
        lambda door: jwt.PyJWS().encode(
            b"[]", signing_key().private, algorithm="RS256", headers={"kid": signing_key().id}
        ),
    ),
    "claims that are none": (
        TokenFault.MALFORMED,
        lambda door: jwt.PyJWS().encode(
            b"\xff!", signing_key().private, algorithm="RS256", headers={"kid": signing_key().id}
        ),
    ),
    "oversized": (TokenFault.TOO_LARGE, lambda door: door.signed(groups=["x" * 36] * 400)),
    "a foreign tenant": (TokenFault.FOREIGN_TENANT, lambda door: door.signed(tid=OTHER_TENANT)),
    "a forged issuer with a real key": (
        TokenFault.FOREIGN_ISSUER,
        lambda door: door.signed(iss=f"{door.stand_in.authority_url}/{OTHER_TENANT}/v2.0", tid=OTHER_TENANT),
    ),
    "a foreign audience": (TokenFault.FOREIGN_AUDIENCE, lambda door: door.signed(aud="https://graph.microsoft.com")),
    "expired": (TokenFault.EXPIRED, lambda door: door.signed(exp=int(datetime.now(UTC).timestamp()) - 61)),
    "not yet valid": (TokenFault.NOT_YET_VALID, lambda door: door.signed(nbf=int(datetime.now(UTC).timestamp()) + 90)),
    "an ID token": (
        TokenFault.NOT_FOR_US,
        lambda door: door.stand_in.signer.sign(
            door.stand_in.signer.id_claims(door.stand_in.app, door.user, "nonce", ("pwd",))
        ),
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_is_not_ours_speaks_for_nobody(door: Door, name: str) -> None:
    """ATTACKS 049, 050, 052."""
    fault, forge = FORGERIES[name]
    assert door.read(forge(door)) is fault


def test_keys_roll_over_without_a_restart_and_withdrawn_ones_stop_counting(door: Door) -> None:
    old = door.signed()
    assert isinstance(door.read(old), Bearer)
    door.stand_in.signer.rotate(withdraw=True)
    door.clock.later = timedelta(minutes=2)
    assert isinstance(door.read(door.signed()), Bearer)
    assert door.read(old) is TokenFault.UNKNOWN_KEY


def test_a_withdrawn_key_is_dropped_within_half_a_day_though_nobody_shows_a_new_one(door: Door) -> None:
    token = door.signed(exp=int(datetime.now(UTC).timestamp()) + 100_000)
    assert isinstance(door.read(token), Bearer)
    door.stand_in.signer.rotate(withdraw=True)
    assert isinstance(door.read(token), Bearer)
    door.clock.later = timedelta(hours=12)
    assert door.read(token) is TokenFault.UNKNOWN_KEY


def test_a_key_that_was_read_while_the_clock_was_a_year_ahead_is_looked_for_again(door: Door) -> None:
    def signed() -> str:
        now = int(door.clock.now().timestamp())
        return door.stand_in.signer.sign(door.claims(iat=now, nbf=now, exp=now + 60), key=signing_key())

    door.clock.later = timedelta(days=365)
    assert isinstance(door.read(signed()), Bearer)
    door.stand_in.signer.rotate(withdraw=True)
    door.clock.later = timedelta()
    assert door.read(signed()) is TokenFault.UNKNOWN_KEY


def looks(door: Door) -> int:
    return door.stand_in.login.counts()[f"GET /{door.stand_in.tenant.id}/v2.0/.well-known/openid-configuration"]


def test_made_up_key_ids_cost_the_authority_one_look_a_minute(door: Door) -> None:
    """ATTACKS 060."""
    for number in range(200):
        assert door.read(with_header(door, kid=f"made-up-{number}")) is TokenFault.UNKNOWN_KEY
    assert looks(door) == 1
    door.clock.later = timedelta(minutes=1)
    door.read(with_header(door, kid="made-up"))
    assert looks(door) == 2


def test_many_who_come_at_once_cost_one_look(door: Door) -> None:
    door.stand_in.login.latency_seconds = 0.05
    token, barrier = door.signed(), threading.Barrier(16)

    def read(_: int) -> bool:
        barrier.wait()
        return isinstance(door.read(token), Bearer)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read, range(16)))
    assert looks(door) == 1


BROKEN: dict[str, Answer | None] = {
    "reset": None,
    "down": Answer({}, 503),
    "garbage": Answer(b"<html>"),
    "deep": Answer(b"[" * 100_000),
    "a list": Answer([]),
    "huge": Answer(b" " * (1 << 20) + b"{}"),
    "a redirect": Answer({}, 302, {"Location": "https://evil.example"}),
    "another tenant's issuer": Answer({"issuer": f"https://login/{OTHER_TENANT}/v2.0", "jwks_uri": "https://x"}),
    "keys in the clear": Answer({"issuer": "https://login/{tenant}/v2.0", "jwks_uri": "http://127.0.0.1/keys"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_authority_that_gives_no_keys_makes_nobody_known(door: Door, name: str) -> None:
    answer = BROKEN[name]
    if answer is not None and isinstance(answer.body, dict) and "issuer" in answer.body:
        issuer = str(answer.body["issuer"]).replace("{tenant}", door.stand_in.tenant.id)
        answer = Answer({**answer.body, "issuer": issuer})
    door.stand_in.login.fail(Fault("openid-configuration", answer, times=2))
    token = door.signed()
    for _ in range(2):
        with pytest.raises(UnavailableError) as caught:
            door.read(token)
        assert caught.value.component == "azure_ad"
    door.stand_in.login.heal()
    door.clock.later = timedelta(minutes=1)
    assert isinstance(door.read(token), Bearer)


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "k", "n": "?", "e": "AQAB"},
        {"kty": "RSA", "kid": "k"},
    ],
    ids=["tiny", "garbled", "empty"],
)
def test_a_key_that_is_none_makes_nobody_known(door: Door, key: dict[str, str]) -> None:
    door.stand_in.login.fail(Fault("discovery/keys", Answer({"keys": [key]})))
    with pytest.raises(UnavailableError, match="publishes a key"):
        door.read(door.signed())


@pytest.mark.parametrize(
    "changed",
    [
        {"use": "enc"},
        {"alg": "PS256"},
        {"kty": "EC"},
        {"kid": 7},
        {"issuer": f"https://login.example/{OTHER_TENANT}/v2.0"},
    ],
    ids=str,
)
def test_a_key_for_something_else_signs_no_token(door: Door, changed: dict[str, object]) -> None:
    keys = Answer({"keys": [{**signing_key().jwk, **changed}, "no key"]})
    for place in ("discovery/keys", "discovery/v2.0/keys"):
        door.stand_in.login.fail(Fault(place, keys))
    assert door.read(door.signed()) is TokenFault.UNKNOWN_KEY


def test_a_common_key_names_its_issuer_with_a_place_for_the_tenant(door: Door) -> None:
    issuer = door.stand_in.signer.issuer.replace(door.stand_in.tenant.id, "{tenantid}")
    door.stand_in.login.fail(Fault("discovery/v2.0/keys", Answer({"keys": [{**signing_key().jwk, "issuer": issuer}]})))
    assert isinstance(door.read(door.signed()), Bearer)


def test_one_id_for_two_keys_makes_nobody_known(door: Door) -> None:
    other = {**signing_key(3).jwk, "kid": signing_key().id}
    door.stand_in.login.fail(Fault("discovery/v2.0/keys", Answer({"keys": [other]})))
    with pytest.raises(UnavailableError, match="two keys under one id"):
        door.read(door.signed())


def test_known_keys_outlast_an_outage_but_not_two_days(door: Door) -> None:
    token = door.signed(exp=int(datetime.now(UTC).timestamp()) + 100_000)
    assert isinstance(door.read(token), Bearer)
    door.stand_in.login.fail(Fault(times=1000))
    door.clock.later = timedelta(hours=20)
    assert isinstance(door.read(token), Bearer)
    door.clock.later = timedelta(hours=48)
    with pytest.raises(UnavailableError):
        door.read(token)
    door.stand_in.login.heal()


def test_an_authority_whose_certificate_nobody_vouches_for_is_not_asked(door: Door) -> None:
    with httpx.Client() as http:
        stranger = Door(door.stand_in, http)
        with pytest.raises(UnavailableError, match="ConnectError"):
            stranger.read(door.signed())
