"""`dvo serve` with people from Entra ID: who may propose, who approves, and who is nobody."""

import subprocess
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from controller.ledger.event import EventType
from tests.end_to_end.edits import DEVELOPMENT, edited, new_release
from tests.end_to_end.process import serve
from tests.end_to_end.world import World, world
from tests.fakes.entra.https import serving
from tests.fakes.entra.key_vault import KeyVault
from tests.fakes.entra.proxy import proxying
from tests.fakes.entra.stand_in import SECRET, EntraStandIn, entra

GROUPS = ("DVO-Admins", "DVO-ReleaseManagers", "DVO-Operators", "DVO-Developers", "DVO-Viewers")
IDS = {"dana-dev": 1001, "omar-ops": 1002, "rita-release": 1003}


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EntraStandIn]:
    """Dana develops, Omar operates, and Rita is a guest whom somebody put among the release managers."""
    with entra(tmp_path_factory.mktemp("tenant")) as running:
        groups = {name: running.tenant.add_group(name) for name in GROUPS}
        for login, group, kind in (
            ("dana-dev", "DVO-Developers", "Member"),
            ("omar-ops", "DVO-Operators", "Member"),
            ("rita-release", "DVO-ReleaseManagers", "Guest"),
        ):
            person = running.tenant.add_user(
                login.partition("-")[0],
                mfa=True,
                userType=kind,
                extensionAttribute1=str(IDS[login]),
                extensionAttribute2=login,
            )
            running.tenant.join(groups[group], person)
        yield running


@pytest.fixture(scope="module")
def signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


@pytest.fixture(scope="module")
def vault(tenant: EntraStandIn, signing_key: str) -> Iterator[dict[str, str]]:
    """The settings with which the ledger is signed by a key of a vault, which a proxy of the company leads to."""
    kept = KeyVault(tenant.signer, "dvo-prod", {"ledger-key": signing_key})
    with (
        serving(kept.answer, tenant.certificates, kept.host) as server,
        proxying({kept.host: server.server_address[1]}) as proxy,
    ):
        yield {
            "DVO_SIGNING_KEY": "keyvault://dvo-prod/ledger-key",
            "HTTPS_PROXY": proxy.url,
            "NO_PROXY": "localhost,127.0.0.1",
        }


@pytest.fixture(scope="module")
def company(tenant: EntraStandIn, vault: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("company")
    links = folder / "links.yaml"
    links.write_text("people: []\n")
    more = vault | {
        "DVO_ENTRA_GITHUB_ID": "extensionAttribute1",
        "DVO_ENTRA_GITHUB_LOGIN": "extensionAttribute2",
        "DVO_DIRECTORY_FILE": str(links),
        "LOG_LEVEL": "debug",
    }
    with world(folder, serve, **tenant.environment, **more) as made:
        yield made


def object_id(tenant: EntraStandIn, login: str) -> str:
    return next(
        user.id
        for user in tenant.tenant.users.values()
        if user.properties["onPremisesExtensionAttributes"]["extensionAttribute2"] == login  # type: ignore[index] # a mapping
    )


@pytest.fixture(scope="module")
def approved(company: World) -> int:
    """Dana's new release, which an operator owns."""
    files, _ = new_release("1.1.0")
    number = company.propose("dana-dev", files, "ANL 1.1.0")
    company.check(number, "dvo/policy", "success")
    company.check(number, "dvo/approval", "action_required", "omar-ops")
    company.person("omar-ops").approve(number)
    company.green(number)
    return number


def test_health_says_that_entra_answers(company: World) -> None:
    components = company.health()["components"]
    assert isinstance(components, dict)
    assert components["azure_ad"] == "configured"


def test_an_owner_known_from_entra_approves_what_a_developer_known_from_entra_proposes(
    company: World, tenant: EntraStandIn, approved: int
) -> None:
    (granted,) = company.events(EventType.APPROVAL_GRANTED, f"pull/{approved}")
    assert f"entra:{object_id(tenant, 'omar-ops')}" in repr(granted)


def test_a_guest_holds_no_role_whatever_group_they_are_in(company: World) -> None:
    """ATTACKS 059."""
    number = company.propose("rita-release", {DEVELOPMENT: edited(company.file(DEVELOPMENT), replicas=3)})
    company.check(number, "dvo/policy", "failure")


def test_whom_the_tenant_does_not_know_is_nobody(company: World) -> None:
    number = company.propose("ravi-release", {DEVELOPMENT: edited(company.file(DEVELOPMENT), replicas=4)})
    company.check(number, "dvo/policy", "failure")


def test_which_secrets_were_read_and_from_where_is_in_the_ledger(company: World, approved: int) -> None:
    told = [event.details for event in company.events(EventType.CONFIG_ACCESSED)]
    assert told == [
        {"setting": "AZURE_CLIENT_SECRET", "source": "environment"},
        {"setting": "DVO_SIGNING_KEY", "source": "key vault"},
        {"setting": "GITHUB_APP_PRIVATE_KEY", "source": "environment"},
        {"setting": "GITHUB_WEBHOOK_SECRET", "source": "environment"},
    ]


def test_the_ledger_is_signed_by_the_key_of_the_vault(company: World, signing_key: str, approved: int) -> None:
    company.assert_ledger_holds()
    public = load_ssh_private_key(signing_key.encode(), None).public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert line in company.signers.read_text("ascii")
    assert not (company.home / "signing_key").exists()


def test_neither_names_nor_secrets_of_the_tenant_are_where_others_read(
    company: World, tenant: EntraStandIn, signing_key: str, approved: int
) -> None:
    """ATTACKS 099: and what a pull request's evidence holds of people are ids, groups and flags."""
    command = ["git", "--git-dir", str(company.ledger), "log", "-p", "--all"]
    ledger = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert object_id(tenant, "dana-dev") in ledger
    for secret in (SECRET, "@example.com"):
        assert secret not in ledger
    assert SECRET not in company.log()
    assert signing_key.splitlines()[2] not in company.log() + ledger
    assert "eyJ" not in company.log()
