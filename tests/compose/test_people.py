"""Which directory a controller asks, what it refuses to start with, and what `dvo doctor` says of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from controller.adapters.directory_file import FileDirectory
from controller.compose.examining import server_checks
from controller.compose.people import directory_of, directory_word, open_directory
from controller.compose.seen import Seen
from controller.errors import ConfigurationError, UnavailableError
from controller.settings import Settings, load_settings
from tests.contracts.directory import account
from tests.fakes.entra.https import Answer, Fault
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra
from tests.fakes.entra.tenant import App
from tests.fakes.entra.test_authority import certificate_of
from tests.settings.conftest import KEY, WEBHOOK_SECRET


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EntraStandIn]:
    with entra(tmp_path) as running:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(running.ca_file))
        running.tenant.add_group("DVO-Developers")
        yield running


def settings_in(home: Path, *left_out: str, **more: str) -> Settings:
    environment = {
        "DVO_HOME": str(home),
        "DVO_REPOSITORY": "acme/agents",
        "OPA_BIN": "/nowhere/opa",
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY": KEY,
        "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "DVO_ENTRA_GROUPS": "DVO-Developers",
        "DVO_ENTRA_GITHUB_ID": "extensionAttribute1",
        **more,
    }
    return load_settings({name: value for name, value in environment.items() if name not in left_out})


def told(settings: Settings) -> Seen:
    seen = dict(server_checks(settings))["directory"]()
    assert isinstance(seen, Seen)
    return seen


def test_people_come_from_the_tenant_and_the_file_beside_it(tenant: EntraStandIn, tmp_path: Path) -> None:
    dana, otto = tenant.tenant.add_user("dana", extensionAttribute1="1001"), tenant.tenant.add_user("otto")
    file = tmp_path / "people.yaml"
    file.write_text(f"people:\n  - {{login: otto, github_id: 1003, emails: [o@x.org], entra_id: {otto}}}\n")
    settings = settings_in(tmp_path, **tenant.environment, DVO_DIRECTORY_FILE=str(file))
    with ExitStack() as stack:
        directory = open_directory(settings, stack)
        found = directory.look_up(frozenset({account(1001), account(1003)}), frozenset()).by_account
        assert {number: person and person.id for number, person in found.items()} == {
            1001: f"entra:{dana}",
            1003: f"entra:{otto}",
        }
        assert directory_word(directory)() == "configured"


def test_a_certificate_is_as_good_as_a_secret(tenant: EntraStandIn, tmp_path: Path) -> None:
    private, certificate = certificate_of(6)
    tenant.tenant.add_app(App(CLIENT_ID, certificate=certificate, roles=tenant.app.roles))
    file = tmp_path / "dvo.pem"
    file.write_text(private + certificate.decode())
    given = {**tenant.environment, "AZURE_CLIENT_CERTIFICATE_FILE": str(file)}
    assert "all 1 groups" in told(settings_in(tmp_path, "AZURE_CLIENT_SECRET", **given)).said


def test_the_machine_s_identity_needs_no_secret(
    tenant: EntraStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{tenant.authority_url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "canary")
    given = {**tenant.environment, "AZURE_MANAGED_IDENTITY": "true"}
    settings = settings_in(tmp_path, "AZURE_CLIENT_SECRET", **given)
    with ExitStack() as stack, pytest.raises((ConfigurationError, UnavailableError)):
        directory_of(settings, stack).load()
    assert any(call.startswith("GET /msi") for call in tenant.login.calls)


def test_doctor_names_where_mfa_comes_from(tenant: EntraStandIn, tmp_path: Path) -> None:
    seen = told(settings_in(tmp_path, **tenant.environment))
    assert "all 1 groups" in seen.said
    assert "registration report" in str(seen.caveat)


def test_doctor_gives_the_setting_that_pins_groups_which_are_known_by_name(
    tenant: EntraStandIn, tmp_path: Path
) -> None:
    """Anybody who may make groups could make one more of a name that nobody has just now."""
    (id_,) = tenant.tenant.groups
    other = tenant.tenant.add_group("Operators of everything")
    named = {**tenant.environment, "DVO_ENTRA_GROUPS": f"DVO-Developers, {other}"}
    assert f'set DVO_ENTRA_GROUPS="DVO-Developers={id_}, {other}"' in str(told(settings_in(tmp_path, **named)).caveat)
    pinned = {**tenant.environment, "DVO_ENTRA_GROUPS": f"DVO-Developers={id_}, {other}"}
    assert "DVO_ENTRA_GROUPS" not in str(told(settings_in(tmp_path, **pinned)).caveat)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"DVO_ENTRA_GROUPS": "DVO-Nobody"}, "no group is called 'DVO-Nobody'"),
        ({"AZURE_CLIENT_SECRET": "canary"}, "does not accept AZURE_CLIENT_ID"),
        ({"AZURE_TENANT_ID": CLIENT_ID}, "knows no tenant"),
    ],
)
def test_what_the_operator_must_mend_stops_the_start(
    tenant: EntraStandIn, tmp_path: Path, more: dict[str, str], said: str
) -> None:
    settings = settings_in(tmp_path, **{**tenant.environment, **more})
    with ExitStack() as stack, pytest.raises(ConfigurationError, match=said):
        open_directory(settings, stack)
    with pytest.raises(ConfigurationError, match=said):
        told(settings)


def test_a_faulty_file_beside_the_tenant_stops_the_start(tenant: EntraStandIn, tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("people:\n  - {login: otto, github_id: 1003, emails: [o@x.org], groups: [DVO-Admins]}\n")
    settings = settings_in(tmp_path, **tenant.environment, DVO_DIRECTORY_FILE=str(file))
    with (
        ExitStack() as stack,
        pytest.raises(ConfigurationError, match=r"people.yaml:2:5: `people.0`: expected entra_id"),
    ):
        open_directory(settings, stack)


def test_an_outage_is_no_reason_not_to_start(tenant: EntraStandIn, tmp_path: Path) -> None:
    tenant.graph_server.fail(Fault(answer=Answer({}, 500), times=1000))
    with ExitStack() as stack:
        directory = open_directory(settings_in(tmp_path, **tenant.environment), stack)
        with pytest.raises(UnavailableError):
            directory_word(directory)()
        tenant.graph_server.heal()
        assert directory_word(directory)() == "configured"


def test_without_a_tenant_people_come_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("people: []\n")
    with ExitStack() as stack:
        directory = open_directory(settings_in(tmp_path, DVO_DIRECTORY_FILE=str(file)), stack)
    assert isinstance(directory, FileDirectory)
    assert directory_word(directory)() == "not configured"
    assert SECRET not in repr(directory)


def test_github_s_word_of_an_identity_is_a_link_where_it_is_asked_for(tenant: EntraStandIn, tmp_path: Path) -> None:
    """The App's key is none here, so asking fails: nobody is known, rather than a stranger taken for one."""
    tenant.tenant.add_user("dana")
    more = {**tenant.environment, "DVO_GITHUB_EXTERNAL_IDENTITIES": "true", "GITHUB_API_URL": "http://127.0.0.1:9"}
    with ExitStack() as stack:
        directory = open_directory(settings_in(tmp_path, "DVO_ENTRA_GITHUB_ID", **more), stack)
        with pytest.raises(UnavailableError, match="GITHUB_APP_PRIVATE_KEY"):
            directory.look_up(frozenset({account(1001)}), frozenset())
