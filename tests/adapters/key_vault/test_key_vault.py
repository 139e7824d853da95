"""Key Vault over TLS: under its real name, with its real challenge, and what else it may answer."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

from controller.adapters.key_vault import KeyVaults, VaultIdentity
from controller.errors import ConfigurationError, UnavailableError
from tests.fakes.entra.https import Answer, Fault, HttpsServer, serving
from tests.fakes.entra.key_vault import KeyVault
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra
from tests.fakes.entra.tenant import App
from tests.fakes.entra.test_authority import certificate_of

VALUE = "canary-value-of-the-webhook"


class _Elsewhere(HTTPAdapter):
    """Reaches a host at another address, and still wants the certificate of the host's own name."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, server_hostname=self._host, assert_hostname=self._host, **more)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        assert parts.hostname == self._host
        request.url = parts._replace(netloc=f"127.0.0.1:{self._port}").geturl()
        return super().send(request, *arguments, **more)


@dataclass
class Vaults:
    """A vault that answers, and the controller's way to it."""

    running: EntraStandIn
    vault: KeyVault
    server: HttpsServer
    ca_file: str

    def as_(self, **identity: str | None) -> KeyVaults:
        known: dict[str, str | None] = {
            "authority": self.running.authority_url,
            "tenant": self.running.tenant.id,
            "client": CLIENT_ID,
            **identity,
        }
        session = requests.Session()
        session.mount("https://", _Elsewhere(self.vault.host, self.server.server_address[1]))
        transport = RequestsTransport(session=session, session_owner=False, connection_verify=self.ca_file)
        return KeyVaults(VaultIdentity(**known), "vault.azure.net", transport)  # type: ignore[arg-type] # texts


@pytest.fixture
def vaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vaults]:
    with ExitStack() as stack:
        running = stack.enter_context(entra(tmp_path))
        # Azure's library remembers the challenge of a vault for the whole process.
        vault = KeyVault(running.signer, f"dvo-{uuid.uuid4().hex[:8]}", {"webhook": VALUE})
        server = stack.enter_context(serving(vault.answer, running.certificates, vault.host))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_file))
        yield Vaults(running, vault, server, str(running.ca_file))


def test_a_secret_is_read_with_a_secret(vaults: Vaults) -> None:
    assert vaults.as_(secret=SECRET).read(vaults.vault.name, "webhook") == VALUE


def test_a_secret_is_read_with_a_certificate(vaults: Vaults) -> None:
    private, certificate = certificate_of(7)
    vaults.running.tenant.add_app(App(CLIENT_ID, certificate=certificate))
    pem = private + certificate.decode()
    assert vaults.as_(certificate=pem).read(vaults.vault.name, "webhook") == VALUE


def test_a_secret_is_read_with_the_machine_s_identity(vaults: Vaults, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = vaults.running.signer.app_claims(vaults.running.app, audience="https://vault.azure.net")
    token = vaults.running.signer.sign(claims)
    answer = Answer({"access_token": token, "expires_on": "4102444800", "resource": "https://vault.azure.net"})
    with serving(lambda _: answer, vaults.running.certificates) as machine:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{machine.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "canary-header")
        assert vaults.as_(client=None).read(vaults.vault.name, "webhook") == VALUE


@pytest.mark.parametrize(
    "resource", ["https://graph.microsoft.com", "https://azure.net.evil.example", "https://other.vault.azure.net", ""]
)
def test_a_vault_that_wants_a_token_for_something_else_gets_none(vaults: Vaults, resource: str) -> None:
    """A challenge could otherwise fetch a token that works elsewhere."""
    vaults.vault.resource = resource
    with pytest.raises(ConfigurationError, match="not its own, or says what is no challenge; none was sent"):
        vaults.as_(secret=SECRET).read(vaults.vault.name, "webhook")
    assert not [call for call in vaults.running.login.calls if call.endswith("/token")]


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [
        ("nothing", None, "has no secret nothing"),
        ("webhook", Answer({"error": {"code": "Forbidden", "message": VALUE}}, 403), "needs Key Vault Secrets User"),
        ("webhook", Answer({"error": {"code": "BadParameter", "message": VALUE}}, 400), "answers 400"),
        ("webhook", Answer(b"", 302, {"Location": "https://evil.example"}), "answers 302"),
        ("webhook", Answer({"value": "", "id": "https://x.vault.azure.net/secrets/webhook/1"}), "is empty"),
        ("webhook", Answer({}, 401), "does not accept AZURE_"),
    ],
)
def test_what_the_operator_must_mend_is_told_without_a_value(
    vaults: Vaults, name: str, fault: Answer | None, said: str
) -> None:
    if fault is not None:
        vaults.server.fail(Fault("/secrets", fault, times=99))
    with pytest.raises(ConfigurationError, match=said) as caught:
        vaults.as_(secret=SECRET).read(vaults.vault.name, name)
    assert "canary" not in str(caught.value)


def test_credentials_that_entra_refuses_are_told(vaults: Vaults) -> None:
    with pytest.raises(ConfigurationError, match="does not accept AZURE_") as caught:
        vaults.as_(secret="wrong-canary").read(vaults.vault.name, "webhook")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("fault", [None, Answer({}, 500), Answer({}, 429, {"Retry-After": "0"})])
def test_a_vault_that_does_not_answer_is_unavailable(vaults: Vaults, fault: Answer | None) -> None:
    vaults.server.fail(Fault(answer=fault, times=99))
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        vaults.as_(secret=SECRET).read(vaults.vault.name, "webhook")
    assert caught.value.component == "key vault"


@pytest.mark.parametrize("identity", [{"tenant": "../x"}, {"tenant": None}, {"client": None}])
def test_half_an_identity_is_refused_at_once(vaults: Vaults, identity: dict[str, str | None]) -> None:
    with pytest.raises(ConfigurationError, match="do not make an identity"):
        vaults.as_(secret=SECRET, **identity)


def test_a_certificate_without_its_key_is_refused_at_once(vaults: Vaults) -> None:
    with pytest.raises(ConfigurationError, match="do not make an identity"):
        vaults.as_(certificate=certificate_of(7)[1].decode())


def test_nothing_shows_a_secret(vaults: Vaults) -> None:
    assert SECRET not in repr(VaultIdentity("https://a", "t", "c", SECRET, SECRET))
