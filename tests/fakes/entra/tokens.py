"""Tokens as Entra ID signs them: RS256, a key id in the header, claims of version 1 or 2.

Follows Microsoft's "Access token claims reference", "ID token claims reference" and "Signing key rollover in
the Microsoft identity platform". `sign` takes any claims, header or key, so that tests can forge.
"""

import base64
import hashlib
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.fakes.entra.tenant import App, Tenant

GROUPS_LIMIT = 200
"""So many groups fit into a JWT; of more it only says where to ask for them."""
LIFETIME_SECONDS = 3600


@cache
def _spare_key(number: int) -> RSAPrivateKey:
    """Return an RSA key; making one takes a while, so tenants of different tests share them."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair and the id under which its public half is published."""

    id: str
    private: RSAPrivateKey

    @property
    def jwk(self) -> Mapping[str, str]:
        """Return the public half as RFC 7517 writes it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.id,
            "n": _encoded(numbers.n),
            "e": _encoded(numbers.e),
            "alg": "RS256",
        }


def signing_key(number: int = 0) -> SigningKey:
    """Return one of several keys, always the same for a number."""
    private = _spare_key(number)
    public = private.public_key().public_numbers()
    return SigningKey(hashlib.sha256(str(public.n).encode()).hexdigest()[:27], private)


@dataclass(slots=True)
class Signer:
    """The keys of one authority: it signs with the newest and publishes every one that was not withdrawn."""

    tenant: Tenant
    authority_url: str
    keys: list[SigningKey] = field(default_factory=lambda: [signing_key()])

    @property
    def issuer(self) -> str:
        """The issuer of version 2 tokens."""
        return f"{self.authority_url}/{self.tenant.id}/v2.0"

    @property
    def issuer_v1(self) -> str:
        """The issuer of version 1 tokens."""
        return f"https://sts.windows.net/{self.tenant.id}/"

    def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with another key from now on; `withdraw` stops publishing those before."""
        self.keys = [signing_key(len(self.keys)), *([] if withdraw else self.keys)]

    def sign(
        self,
        claims: Mapping[str, object],
        *,
        key: SigningKey | None = None,
        headers: Mapping[str, object] | None = None,
    ) -> str:
        """Sign any claims, with a key id unless `headers` says otherwise (None leaves a header out)."""
        used = key or self.keys[0]
        named = {"kid": used.id, "typ": "JWT", **(headers or {})}
        kept = {name: value for name, value in named.items() if value is not None}
        return jwt.encode(dict(claims), used.private, algorithm="RS256", headers=kept)

    def user_claims(
        self, app: App, user: str, *, audience: str | None = None, amr: Iterable[str] = ("pwd",), **more: object
    ) -> dict[str, object]:
        """Return the claims of an access token of `app` for a user, of the version the application asks for."""
        properties = self.tenant.users[user].properties
        own: dict[str, object] = {
            **self._times(),
            "oid": user,
            "sub": f"pairwise-{user}",
            "tid": self.tenant.id,
            "name": properties["displayName"],
            "scp": "access_as_user",
            "uti": uuid.uuid4().hex,
            **self.groups_claim(user),
        }
        if app.token_version == 1:
            upn = {"upn": properties["userPrincipalName"], "unique_name": properties["userPrincipalName"]}
            own |= {**upn, "aud": audience or f"api://{app.client_id}", "iss": self.issuer_v1, "ver": "1.0"}
            own |= {"appid": app.client_id, "appidacr": "1", "amr": list(amr)}
        else:
            own |= {"aud": audience or app.client_id, "iss": self.issuer, "ver": "2.0", "azp": app.client_id}
            own |= {"azpacr": "1", "preferred_username": properties["userPrincipalName"], "amr": list(amr)}
        return own | more

    def app_claims(self, app: App, *, audience: str, **more: object) -> dict[str, object]:
        """Return the claims of an app-only access token: the subject is the application itself."""
        own: dict[str, object] = {
            **self._times(),
            "aud": audience,
            "oid": app.object_id,
            "sub": app.object_id,
            "tid": self.tenant.id,
            "idtyp": "app",
            "roles": list(app.roles),
            "uti": uuid.uuid4().hex,
        }
        if app.token_version == 1:
            own |= {"iss": self.issuer_v1, "ver": "1.0", "appid": app.client_id, "appidacr": "1"}
        else:
            own |= {"iss": self.issuer, "ver": "2.0", "azp": app.client_id, "azpacr": "1"}
        return own | more

    def id_claims(self, app: App, user: str, nonce: str | None, amr: Iterable[str]) -> dict[str, object]:
        """Return the claims of an ID token."""
        claims = self.user_claims(app, user, audience=app.client_id, amr=amr)
        for name in ("scp", "azp", "azpacr", "appid", "appidacr"):
            claims.pop(name, None)
        return claims | {"iss": self.issuer, "ver": "2.0"} | ({} if nonce is None else {"nonce": nonce})

    def groups_claim(self, user: str) -> dict[str, object]:
        """Return the groups of a user as a token carries them, or, of too many, where they can be asked for."""
        groups = sorted(group.id for group in self.tenant.groups_of(user))
        if len(groups) <= GROUPS_LIMIT:
            return {"groups": groups}
        endpoint = f"https://graph.windows.net/{self.tenant.id}/users/{user}/getMemberObjects"
        return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}

    def _times(self) -> dict[str, object]:
        now = int(time.time())
        return {"iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS}


def _encoded(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
