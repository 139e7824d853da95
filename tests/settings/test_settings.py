"""Settings: strict, all faults at once, no value in any message."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from controller.errors import ConfigurationError
from controller.secret_sources import SecretSource, VaultReference
from controller.setting_values import LogLevel
from controller.settings import load_local_settings, load_settings


def faults_of(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_settings(environment)
    return str(raised.value)


def test_a_complete_environment_becomes_settings_with_defaults(environment: dict[str, str]) -> None:
    settings = load_settings(environment)
    assert settings.repository == "kessel/agents"
    assert settings.github_app_id == 12345
    assert settings.github_api_url == "https://api.github.com"
    assert settings.home == Path("/home/dvo/.dvo")
    assert settings.ledger == Path("/home/dvo/.dvo/ledger")
    assert settings.opa_bin == Path("/usr/bin/opa")
    assert settings.database_url is None
    assert settings.log_level is LogLevel.INFO
    assert settings.capabilities == {}


def test_paths_mean_the_same_from_everywhere(environment: dict[str, str]) -> None:
    assert load_settings(environment | {"DVO_HOME": "here"}).home == Path.cwd() / "here"


def test_settings_are_frozen(environment: dict[str, str]) -> None:
    settings = load_settings(environment)
    with pytest.raises(ValidationError, match="frozen"):
        settings.repository = "other/agents"  # type: ignore[misc] # the attempt is what is tested


def test_an_empty_environment_names_everything_that_is_missing() -> None:
    told = faults_of({})
    for name in (
        "DVO_HOME",
        "DVO_REPOSITORY",
        "GITHUB_APP_ID",
        "GITHUB_APP_PRIVATE_KEY",
        "GITHUB_WEBHOOK_SECRET",
        "DVO_DIRECTORY_FILE",
    ):
        assert f"  {name}: is missing" in told


def test_every_fault_is_told_at_once_and_once(environment: dict[str, str]) -> None:
    environment |= {"GITHUB_APP_ID": "zero", "DVO_REPOSITORY": "agents", "LOG_LEVEL": "loud", "DVO_HOEM": "/x"}
    lines = faults_of(environment).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "DVO_HOEM",
        "DVO_REPOSITORY",
        "GITHUB_APP_ID",
        "LOG_LEVEL",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DVO_REPOSITORY", "agents"),
        ("DVO_REPOSITORY", "kessel/agents/more"),
        ("DVO_REPOSITORY", "kessel/.."),
        ("DVO_REPOSITORY", "kessel/agents\n"),
        ("DVO_REPOSITORY", "kessel/agénts"),
        ("GITHUB_APP_ID", "0"),
        ("GITHUB_APP_ID", "1.0"),
        ("GITHUB_APP_ID", " 1"),
        ("GITHUB_APP_ID", "١"),
        ("GITHUB_API_URL", "http://api.github.com"),
        ("GITHUB_API_URL", "http://127.0.0.1.example.com"),
        ("GITHUB_API_URL", "http://localhost@example.com"),
        ("GITHUB_API_URL", "https://user:pw@example.com"),
        ("GITHUB_API_URL", "https://example.com/?a=b"),
        ("GITHUB_API_URL", "https://exa mple.com"),
        ("GITHUB_API_URL", "https://[::1"),
        ("GITHUB_API_URL", "https://example.com:99999"),
        ("GITHUB_API_URL", "ftp://example.com"),
        ("GITHUB_API_URL", "https://"),
        ("GITHUB_APP_PRIVATE_KEY", "not a key"),
        ("DATABASE_URL", "mysql://canary-value@x/y"),
        ("REDIS_URL", "http://x"),
        ("SYSLOG_URL", "udp://x:514"),
        ("DVO_LEDGER_REMOTE", "--upload-pack=touch"),
        ("DVO_LEDGER_REMOTE", "ext::sh -c touch"),
        ("DVO_SIGNING_KEY", "ssh-ed25519 AAAA"),
        ("AUDIT_RETENTION_DAYS", "-1"),
        ("LOG_LEVEL", "loud"),
        ("DVO_CAPABILITY_MULTI_REGION", "yes"),
        ("DVO_HOME", "/x\0y"),
        ("DVO_HOME", "~nobody-of-that-name/x"),
        ("DVO_MODEL", "  "),
        ("OPA_BIN", ""),
    ],
)
def test_a_malformed_value_is_refused_by_name_and_never_repeated(
    environment: dict[str, str], name: str, value: str
) -> None:
    told = faults_of(environment | {name: value})
    assert f"  {name}: " in told
    assert len(value.strip()) < 5 or value.strip() not in told


@pytest.mark.parametrize("address", ["http://127.0.0.1:4000", "http://localhost:4000/api/v3/", "http://[::1]:4000"])
def test_plain_http_is_for_this_machine_only(environment: dict[str, str], address: str) -> None:
    settings = load_settings(environment | {"GITHUB_API_URL": address})
    assert settings.github_api_url == address.rstrip("/")


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "   ",
        "\t\n",
        "short",
        "a" * 15,
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "changeme",
        "changeme-changeme-changeme",
        "secret",
        "secretsecretsecret12",
        "your-webhook-secret-here",
    ],
    ids=ascii,
)
def test_a_webhook_secret_that_protects_nothing_refuses_to_start(environment: dict[str, str], secret: str) -> None:
    """ATTACKS 115."""
    assert "  GITHUB_WEBHOOK_SECRET: " in faults_of(environment | {"GITHUB_WEBHOOK_SECRET": secret})


def test_an_unset_webhook_secret_refuses_to_start(environment: dict[str, str]) -> None:
    """ATTACKS 115."""
    del environment["GITHUB_WEBHOOK_SECRET"]
    assert "  GITHUB_WEBHOOK_SECRET: is missing" in faults_of(environment)


def test_secrets_mask_themselves(environment: dict[str, str]) -> None:
    settings = load_settings(environment | {"DATABASE_URL": "postgresql://dvo:canary-word@db/dvo"})
    shown = f"{settings!r} {settings} {settings.model_dump_json()}"
    assert "canary-word" not in shown
    assert environment["GITHUB_WEBHOOK_SECRET"] not in shown
    assert "MIIB" not in shown


def test_a_secret_may_come_from_a_file_without_its_last_line_end(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    file.write_text(environment.pop("GITHUB_WEBHOOK_SECRET") + "\n")
    settings = load_settings(environment | {"GITHUB_WEBHOOK_SECRET_FILE": str(file)})
    assert settings.github_webhook_secret.get_secret_value() == file.read_text().rstrip("\n")


def test_a_private_key_from_a_file_keeps_its_form(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "app.pem"
    file.write_text(environment.pop("GITHUB_APP_PRIVATE_KEY"))
    settings = load_settings(environment | {"GITHUB_APP_PRIVATE_KEY_FILE": str(file)})
    assert settings.github_app_private_key.get_secret_value() == file.read_text()


def test_a_secret_given_twice_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    file.write_text("another" * 5)
    told = faults_of(environment | {"GITHUB_WEBHOOK_SECRET_FILE": str(file)})
    assert "GITHUB_WEBHOOK_SECRET: is given twice, also by GITHUB_WEBHOOK_SECRET_FILE" in told


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 70_000], ids=["not text", "too large"])
def test_a_secret_file_must_be_small_text(environment: dict[str, str], tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "webhook"
    file.write_bytes(content)
    del environment["GITHUB_WEBHOOK_SECRET"]
    assert "  GITHUB_WEBHOOK_SECRET: its file" in faults_of(environment | {"GITHUB_WEBHOOK_SECRET_FILE": str(file)})


def test_a_secret_file_that_is_not_there_is_told_as_such(environment: dict[str, str], tmp_path: Path) -> None:
    del environment["GITHUB_WEBHOOK_SECRET"]
    told = faults_of(environment | {"GITHUB_WEBHOOK_SECRET_FILE": str(tmp_path / "none")})
    assert "GITHUB_WEBHOOK_SECRET: its file cannot be read (No such file or directory)" in told
    assert "is missing" not in told


def test_what_is_no_secret_has_no_file_form(environment: dict[str, str]) -> None:
    assert "DVO_REPOSITORY_FILE: is no setting" in faults_of(environment | {"DVO_REPOSITORY_FILE": "/x"})


def test_an_unknown_setting_is_refused_with_the_nearest_name(environment: dict[str, str]) -> None:
    told = faults_of(environment | {"DVO_REPOSITRY": "a/b", "DVO_CAPABILITY_MULTI_REGIO": "true"})
    assert "DVO_REPOSITRY: is no setting; did you mean DVO_REPOSITORY?" in told
    assert "did you mean DVO_CAPABILITY_MULTI_REGION?" in told


def test_variables_of_others_are_left_alone(environment: dict[str, str]) -> None:
    load_settings(environment | {"GITHUB_ACTIONS": "true", "AZURE_EXTENSION_DIR": "/x", "PATH": "/bin"})


@pytest.mark.parametrize("name", ["SENTINEL_WORKSPACE_ID", "SENTINEL_SHARED_KEY", "SENTINEL_SHARED_KEY_FILE"])
def test_the_retired_collector_refuses_to_start_with_the_reason(environment: dict[str, str], name: str) -> None:
    told = faults_of(environment | {name: "canary-value"})
    assert f"  {name}: is retired" in told
    assert "HTTP Data Collector API" in told
    assert "September 2026" in told
    assert "canary-value" not in told


TENANT = "0B7C9D52-1111-4222-8333-444455556666"
ENTRA = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": TENANT}


def without_file(environment: dict[str, str], **more: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != "DVO_DIRECTORY_FILE"} | more


def test_people_come_from_somewhere(environment: dict[str, str]) -> None:
    assert "nobody is known" in faults_of(without_file(environment))
    told = faults_of(without_file(environment, **ENTRA, AZURE_CLIENT_SECRET="s"))
    assert "  DVO_ENTRA_GITHUB_ID: is missing" in told
    settings = load_settings(environment | ENTRA | {"AZURE_CLIENT_SECRET": "s"})
    assert settings.azure_tenant_id == TENANT.lower()
    assert settings.directory_file is not None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (ENTRA, "  AZURE_CLIENT_SECRET: is missing beside AZURE_TENANT_ID; or set one of AZURE_CLIENT_CERTIFICATE"),
        ({**ENTRA, "AZURE_MANAGED_IDENTITY": "false"}, "  AZURE_CLIENT_SECRET: is missing"),
        ({"AZURE_CLIENT_SECRET": "s"}, "  AZURE_TENANT_ID: is missing beside the other AZURE_*"),
        ({"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_SECRET": "s"}, "  AZURE_CLIENT_ID: is missing"),
        ({**ENTRA, "AZURE_CLIENT_SECRET": "s", "AZURE_CLIENT_CERTIFICATE": "c"}, "in one way"),
        ({**ENTRA, "AZURE_CLIENT_SECRET": "s", "AZURE_MANAGED_IDENTITY": "true"}, "in one way"),
        ({"AZURE_MANAGED_IDENTITY": "yes"}, "  AZURE_MANAGED_IDENTITY: is neither true nor false"),
        ({"AZURE_TENANT_ID": "common"}, "  AZURE_TENANT_ID: is not an id"),
        (
            {"DVO_GITHUB_EXTERNAL_IDENTITIES": "true"},
            "_IDENTITIES: is given without AZURE_TENANT_ID",
        ),
        ({"DVO_ENTRA_GROUPS": "DVO-Admins,"}, "  DVO_ENTRA_GROUPS: expected names"),
        ({"DVO_ENTRA_GITHUB_ID": "mail"}, "  DVO_ENTRA_GITHUB_ID: is not extensionAttribute1"),
        ({"DVO_ENTRA_GITHUB_ID": "extensionAttribute16"}, "  DVO_ENTRA_GITHUB_ID: is not"),
        ({"AZURE_KEYVAULT_DNS_SUFFIX": "https://x"}, "  AZURE_KEYVAULT_DNS_SUFFIX: is not a domain name"),
    ],
)
def test_entra_is_told_of_whole_and_in_one_way(environment: dict[str, str], given: dict[str, str], told: str) -> None:
    assert told in faults_of(environment | given)


@pytest.mark.parametrize(
    "given",
    [
        {"AZURE_TENANT_ID": TENANT, "AZURE_MANAGED_IDENTITY": "true"},
        {**ENTRA, "AZURE_CLIENT_CERTIFICATE": "pem"},
        {**ENTRA, "AZURE_CLIENT_SECRET": "s", "AZURE_MANAGED_IDENTITY": "false"},
        {"AZURE_MANAGED_IDENTITY": "true"},
        {"DVO_ENTRA_GITHUB_ID": "extension_0123456789abcdef0123456789abcdef_githubId"},
    ],
)
def test_entra_settings_that_hold(environment: dict[str, str], given: dict[str, str]) -> None:
    assert load_settings(environment | given)


def test_a_secret_is_read_from_its_variable_its_file_or_a_vault(environment: dict[str, str], tmp_path: Path) -> None:
    asked: list[VaultReference] = []

    def vault(reference: VaultReference) -> str:
        asked.append(reference)
        return "splunk-canary"

    file = tmp_path / "secret"
    file.write_text(environment.pop("GITHUB_WEBHOOK_SECRET") + "\n")
    more = {
        "GITHUB_WEBHOOK_SECRET_FILE": str(file),
        "SPLUNK_HEC_URL": "https://splunk.example:8088",
        "SPLUNK_HEC_TOKEN": "keyvault://DVO-prod/splunk-token",
    }
    settings = load_settings(environment | more, vault)
    assert settings.splunk_hec_token is not None
    assert settings.splunk_hec_token.get_secret_value() == "splunk-canary"
    assert asked == [VaultReference("dvo-prod", "splunk-token")]
    assert settings.secret_sources == {
        "GITHUB_APP_PRIVATE_KEY": SecretSource.ENVIRONMENT,
        "GITHUB_WEBHOOK_SECRET": SecretSource.FILE,
        "SPLUNK_HEC_TOKEN": SecretSource.KEY_VAULT,
    }
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    "reference",
    [
        "keyvault://",
        "keyvault://v/n",
        "keyvault://dvo-prod",
        "keyvault://dvo-prod/a/b",
        "keyvault://dvo.evil.com/x",
        "keyvault:/dvo-prod/webhook",
        "KeyVault://dvo-prod/webhook",
        " keyvault://dvo-prod/webhook",
    ],
)
def test_a_reference_of_another_form_is_refused(environment: dict[str, str], reference: str) -> None:
    told = faults_of(environment | {"GITHUB_WEBHOOK_SECRET": reference})
    assert "  GITHUB_WEBHOOK_SECRET: is not a reference of the form keyvault://vault/name" in told


def test_a_reference_in_a_file_is_refused_rather_than_taken_for_the_secret(
    environment: dict[str, str], tmp_path: Path
) -> None:
    del environment["GITHUB_WEBHOOK_SECRET"]
    file = tmp_path / "secret"
    file.write_text("keyvault://dvo-prod/webhook\n")
    told = faults_of(environment | {"GITHUB_WEBHOOK_SECRET_FILE": str(file)})
    assert "  GITHUB_WEBHOOK_SECRET: its file holds a reference to a key vault" in told


@pytest.mark.parametrize("networks", ["0.0.0.0/0", "10.0.0.0/8, ::/0"])
def test_proxies_that_are_everybody_are_refused(environment: dict[str, str], networks: str) -> None:
    assert "  DVO_TRUSTED_PROXIES: trusts everybody" in faults_of(environment | {"DVO_TRUSTED_PROXIES": networks})


def test_a_vault_that_cannot_be_read_is_told_by_variable(environment: dict[str, str]) -> None:
    def vault(_: VaultReference) -> str:
        raise ConfigurationError("the key vault dvo-prod has no such secret")

    given = {"GITHUB_WEBHOOK_SECRET": "keyvault://dvo-prod/webhook", "LOG_LEVEL": "loud"}
    with pytest.raises(ConfigurationError, match="GITHUB_WEBHOOK_SECRET: the key vault(.|\n)*LOG_LEVEL"):
        load_settings(environment | given, vault)
    assert "cannot be read here" in faults_of(environment | given)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"SPLUNK_HEC_URL": "https://splunk.example:8088"}, "SPLUNK_HEC_TOKEN"),
        ({"SENTINEL_ENDPOINT": "https://x.ingest.monitor.azure.com", "SENTINEL_STREAM": "s"}, "SENTINEL_RULE_ID"),
    ],
    ids=["splunk", "sentinel"],
)
def test_settings_that_belong_together_come_together(
    environment: dict[str, str], given: dict[str, str], missing: str
) -> None:
    assert f"  {missing}: is missing beside" in faults_of(environment | given)


def test_an_external_policy_engine_comes_with_its_token_and_authorities(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    external = {"OPA_URL": "https://opa.example", "OPA_CA_FILE": "/etc/ca.pem"}
    settings = load_settings(environment | external | {"OPA_TOKEN_FILE": str(tmp_path / "token")})
    assert (settings.opa_bin, settings.opa_url) == (Path("/usr/bin/opa"), "https://opa.example")
    assert settings.opa_ca_file == Path("/etc/ca.pem")
    assert settings.opa_token is not None
    assert settings.opa_token.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"OPA_TOKEN": "s3cret"}, "OPA_TOKEN: is given without OPA_URL"),
        ({"OPA_CA_FILE": "/etc/ca.pem"}, "OPA_CA_FILE: is given without OPA_URL"),
        ({"OPA_URL": "http://127.0.0.1:8181", "OPA_CA_FILE": "/etc/ca.pem"}, "OPA_CA_FILE: is given, but OPA_URL is"),
        ({"OPA_URL": "http://opa.example"}, "OPA_URL: must be https"),
        ({"OPA_URL": "https://opa.example", "OPA_TOKEN": "two words"}, "OPA_TOKEN: is no bearer token"),
        ({"OPA_URL": "https://opa.example", "OPA_TOKEN": "x\r\nHost: y"}, "OPA_TOKEN: is no bearer token"),
        ({"OPA_URL": "https://opa.example", "OPA_CA_FILE": ""}, "OPA_CA_FILE: is set but blank"),
    ],
)
def test_half_an_external_policy_engine_is_none(environment: dict[str, str], given: dict[str, str], fault: str) -> None:
    faults = faults_of(environment | given)
    assert f"  {fault}" in faults
    assert "two words" not in faults


def test_opa_is_found_on_the_path_when_it_is_not_named(environment: dict[str, str], tmp_path: Path) -> None:
    del environment["OPA_BIN"]
    opa = tmp_path / "opa"
    opa.write_text("#!/bin/sh\n")
    opa.chmod(0o755)
    found = load_settings(environment | {"PATH": str(tmp_path)}).opa_bin
    beside = Path(__file__).resolve().parents[2] / ".tools" / "opa"
    assert found == (beside if beside.is_file() else opa)


def test_capability_flags_are_read(environment: dict[str, str]) -> None:
    flags = {"DVO_CAPABILITY_MULTI_REGION": "false", "DVO_CAPABILITY_KB_SYNC": "TRUE"}
    assert load_settings(environment | flags).capabilities == {"multi_region": False, "kb_sync": True}


def test_local_commands_need_no_server_settings() -> None:
    settings = load_local_settings({"HOME": "/home/dana", "GITHUB_APP_ID": "zero"})
    assert settings.home == Path("/home/dana/.dvo")
    assert settings.directory_file is None


def test_local_commands_are_as_strict_about_names() -> None:
    with pytest.raises(ConfigurationError, match="did you mean DVO_HOME"):
        load_local_settings({"HOME": "/home/dana", "DVO_HOMES": "/x"})
