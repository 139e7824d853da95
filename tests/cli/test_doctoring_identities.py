"""`dvo doctor` beside Entra ID: do the links that lead to people agree on who they are?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.sandbox.sandbox import Sandbox
from tests.cli.conftest import Dvo
from tests.cli.test_doctoring import found_of, on, owned
from tests.fakes.entra.stand_in import EntraStandIn, entra


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[EntraStandIn]:
    with entra(tmp_path) as running:
        running.tenant.add_group("DVO-Developers")
        yield running


@pytest.fixture
def settings(sandbox: Sandbox, server: dict[str, str], tenant: EntraStandIn, home: Path) -> dict[str, str]:
    (home / "people.yaml").write_text("people: []\n")
    return {
        **on(sandbox, server),
        **tenant.environment,
        "DVO_ENTRA_GROUPS": "DVO-Developers",
        "DVO_ENTRA_GITHUB_ID": "extensionAttribute1",
        "DVO_ENTRA_GITHUB_LOGIN": "extensionAttribute2",
    }


def test_links_that_agree_are_well(dvo: Dvo, settings: dict[str, str], tenant: EntraStandIn, home: Path) -> None:
    tenant.tenant.add_user("ada", extensionAttribute1="1001")
    otto = tenant.tenant.add_user("otto")
    line = f"  - {{login: otto, github_id: 1003, emails: [o@x.org], entra_id: {otto}}}"
    (home / "people.yaml").write_text(f"people:\n{line}\n")
    found = found_of("identities", dvo, settings)
    assert (found["code"], found["said"]) == (
        0,
        "each of 2 people, owners and those of the directory file, is one person by every link",
    )


def test_an_owner_whom_two_people_claim_is_told_with_who_says_so(
    dvo: Dvo,
    settings: dict[str, str],
    tenant: EntraStandIn,
    sandbox: Sandbox,
    home: Path,
) -> None:
    owned(sandbox, "* @acme/agents\n/a/ boss@example.com\n")
    ada = tenant.tenant.add_user("ada", extensionAttribute1="1001")
    otto = tenant.tenant.add_user("otto", proxyAddresses=["smtp:boss@example.com"])
    boss = tenant.tenant.add_user("boss")
    line = f"  - {{login: ada, github_id: 1001, emails: [a@x.org], entra_id: {otto}}}"
    (home / "people.yaml").write_text(f"people:\n{line}\n")
    found = found_of("identities", dvo, settings)
    assert found["code"] == 2
    first, second = sorted(str(found["said"]).splitlines())
    assert first.startswith("the account 1001 belongs to nobody")
    assert first.endswith(f"Entra ID says entra:{ada}; the directory file says entra:{otto}")
    assert second.startswith("the address boss@example.com belongs to nobody")
    assert all(f"entra:{id_}" in second for id_ in (otto, boss))
    assert "one person only" in str(found["advice"])


def test_without_entra_id_a_file_cannot_contradict_itself(dvo: Dvo, server: dict[str, str]) -> None:
    assert "identities" not in dvo("doctor", "--json", more=server).out


def test_a_public_address_without_a_proxy_that_is_trusted_is_looked_at(dvo: Dvo, settings: dict[str, str]) -> None:
    public = settings | {"DVO_PUBLIC_URL": "https://dvo.example"}
    assert "DVO_TRUSTED_PROXIES" in str(found_of("settings", dvo, public)["advice"])
    assert found_of("settings", dvo, public | {"DVO_TRUSTED_PROXIES": "10.0.0.4"})["advice"] is None
