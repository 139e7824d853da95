"""A stand-in for Azure Key Vault's secrets: the challenge, then the secret.

Follows "Authentication, requests and responses" of Key Vault and "Get Secret": a request without a token is
answered 401 with the authority to ask and the resource the token must be for; clients verify that the resource
is a parent of the vault's own host name before they send a token anywhere.
"""

from dataclasses import dataclass, field

import jwt

from tests.fakes.entra.https import Answer, Request
from tests.fakes.entra.tokens import Signer

RESOURCE = "https://vault.azure.net"


@dataclass(slots=True)
class KeyVault:
    """One vault."""

    signer: Signer
    name: str
    secrets: dict[str, str] = field(default_factory=dict)
    resource: str = RESOURCE
    """What the challenge names; another one is an attempt to have a token sent that works elsewhere."""

    @property
    def host(self) -> str:
        return f"{self.name}.vault.azure.net"

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if not self._is_authorised(request):
            authority = f"{self.signer.authority_url}/{self.signer.tenant.id}"
            challenge = f'Bearer authorization="{authority}", resource="{self.resource}"'
            return Answer(_error("Unauthorized", "AKV10000: no token"), 401, {"WWW-Authenticate": challenge})
        name = request.path.removeprefix("/secrets/").strip("/")
        if request.verb != "GET" or name not in self.secrets:
            return Answer(_error("SecretNotFound", f"A secret with (name/id) {name} was not found."), 404)
        id_ = f"https://{self.host}/secrets/{name}/0123456789abcdef0123456789abcdef"
        return Answer({"value": self.secrets[name], "id": id_, "attributes": {"enabled": True}})

    def _is_authorised(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            key = {key.id: key.private.public_key() for key in self.signer.keys}[
                jwt.get_unverified_header(token)["kid"]
            ]
            jwt.decode(token, key, algorithms=["RS256"], audience=RESOURCE)
        except (jwt.PyJWTError, KeyError):
            return False
        return True


def _error(code: str, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message}}
