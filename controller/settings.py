"""Every setting, read once from the environment, strictly.

The variables' names are a public contract. Each secret may also come from the file that
`<NAME>_FILE` names. An unknown `DVO_*` variable, a retired one, a blank or malformed value is
an error; all errors are told at once, by variable and never with its value. `LocalSettings`
is what commands on one's own machine need, `Settings` what a server needs in addition.
"""

import difflib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from controller.errors import ConfigurationError
from controller.secret_sources import NO_VAULT, SecretSource, VaultReader, secret_text
from controller.setting_faults import faults_between
from controller.setting_values import (
    BearerToken,
    Contexts,
    DirectoryAttribute,
    DnsSuffix,
    FilePath,
    GroupNames,
    Level,
    LogLevel,
    Networks,
    Number,
    ObjectId,
    PrivateKey,
    RemoteAddress,
    Repository,
    Secret,
    SyslogAddress,
    Truth,
    WebAddress,
    WebhookSecret,
    secret_address,
)

SECRETS = frozenset(
    {
        "GITHUB_APP_PRIVATE_KEY",
        "GITHUB_WEBHOOK_SECRET",
        "AZURE_CLIENT_SECRET",
        "OPA_TOKEN",
        "AZURE_CLIENT_CERTIFICATE",
        "DATABASE_URL",
        "REDIS_URL",
        "SPLUNK_HEC_TOKEN",
        "DVO_SIGNING_KEY",
    }
)
"""The variables that may also be given as the path of a file, under `<NAME>_FILE`."""

_RETIRED = {
    name: "is retired: Microsoft switched the HTTP Data Collector API off in September 2026; "
    "use SENTINEL_ENDPOINT, SENTINEL_RULE_ID and SENTINEL_STREAM of the Logs Ingestion API"
    for name in ("SENTINEL_WORKSPACE_ID", "SENTINEL_SHARED_KEY")
}
_CAPABILITIES = (
    "deploy_langchain",
    "deploy_fastapi",
    "deploy_copilot_studio",
    "deploy_azure_functions",
    "multi_region",
    "auto_scaling",
    "auto_rollback",
    "canary_deploy",
    "kb_sync",
    "integration_tests",
    "natural_language",
)
_FLAGS = {f"DVO_CAPABILITY_{name.upper()}": name for name in _CAPABILITIES}


class LocalSettings(BaseModel):
    """What commands on one's own machine need."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    home: FilePath = Field(alias="DVO_HOME")
    """Where the controller keeps what is its own."""
    ledger: FilePath = Field(alias="DVO_LEDGER")
    """The ledger's Git repository; `ledger` below the home by default."""
    directory_file: FilePath | None = Field(None, alias="DVO_DIRECTORY_FILE")
    opa_bin: FilePath | None = Field(None, alias="OPA_BIN")
    """By default `.tools/opa` beside the project, else `opa` on the PATH; None when there is neither."""
    capabilities_file: FilePath = Field(Path("/etc/dvo/capabilities.json"), alias="DVO_CAPABILITIES_FILE")
    capabilities: Mapping[str, bool] = Field(alias="DVO_CAPABILITY_*")
    """The flags set as DVO_CAPABILITY_<NAME>."""
    log_level: Level = Field(LogLevel.INFO, alias="LOG_LEVEL")


class LoginSettings(LocalSettings):
    """What signing in from a terminal needs."""

    tenant_id: ObjectId = Field(alias="AZURE_TENANT_ID")
    client_id: ObjectId = Field(alias="AZURE_CLIENT_ID")
    authority: WebAddress = Field("https://login.microsoftonline.com", alias="AZURE_AUTHORITY")
    public_url: WebAddress | None = Field(None, alias="DVO_PUBLIC_URL")
    """The controller that is asked who one is to it; None: nobody is asked."""


class Settings(LocalSettings):
    """What a server needs: one value, made once, handed out in parts."""

    repository: Repository = Field(alias="DVO_REPOSITORY")
    github_api_url: WebAddress = Field("https://api.github.com", alias="GITHUB_API_URL")
    github_app_id: Number = Field(alias="GITHUB_APP_ID")
    github_app_private_key: PrivateKey = Field(alias="GITHUB_APP_PRIVATE_KEY")
    github_webhook_secret: WebhookSecret = Field(alias="GITHUB_WEBHOOK_SECRET")
    azure_tenant_id: ObjectId | None = Field(None, alias="AZURE_TENANT_ID")
    """With it, people come from Entra ID."""
    azure_client_id: ObjectId | None = Field(None, alias="AZURE_CLIENT_ID")
    azure_client_secret: Secret | None = Field(None, alias="AZURE_CLIENT_SECRET")
    azure_client_certificate: Secret | None = Field(None, alias="AZURE_CLIENT_CERTIFICATE")
    azure_managed_identity: Truth = Field(default=False, alias="AZURE_MANAGED_IDENTITY")
    azure_authority: WebAddress = Field("https://login.microsoftonline.com", alias="AZURE_AUTHORITY")
    graph_url: WebAddress = Field("https://graph.microsoft.com", alias="GRAPH_URL")
    entra_groups: GroupNames = Field(
        "DVO-Admins,DVO-ReleaseManagers,DVO-Operators,DVO-Developers,DVO-Viewers", alias="DVO_ENTRA_GROUPS"
    )
    entra_github_id: DirectoryAttribute | None = Field(None, alias="DVO_ENTRA_GITHUB_ID")
    """Where the tenant keeps the numeric id of somebody's GitHub account."""
    entra_github_login: DirectoryAttribute | None = Field(None, alias="DVO_ENTRA_GITHUB_LOGIN")
    github_external_identities: Truth = Field(default=False, alias="DVO_GITHUB_EXTERNAL_IDENTITIES")
    """Ask GitHub, last, under which name its SAML single sign-on knows somebody."""
    key_vault_suffix: DnsSuffix = Field("vault.azure.net", alias="AZURE_KEYVAULT_DNS_SUFFIX")
    secret_sources: Mapping[str, SecretSource] = Field(default_factory=dict)
    """Where each secret that is set was read."""
    opa_url: WebAddress | None = Field(None, alias="OPA_URL")
    opa_token: BearerToken | None = Field(None, alias="OPA_TOKEN")
    opa_ca_file: FilePath | None = Field(None, alias="OPA_CA_FILE")
    """The authorities that say who the OPA at `opa_url` is; None: those of this machine."""
    database_url: (
        Annotated[SecretStr, BeforeValidator(secret_address("postgresql", "postgres", "postgresql+psycopg"))] | None
    ) = Field(None, alias="DATABASE_URL")
    """None: an embedded PostgreSQL below the home."""
    redis_url: Annotated[SecretStr, BeforeValidator(secret_address("redis", "rediss", "unix"))] | None = Field(
        None, alias="REDIS_URL"
    )
    public_url: WebAddress | None = Field(None, alias="DVO_PUBLIC_URL")
    """Under which browsers reach us; None: nobody signs in in a browser."""
    trusted_proxies: Networks = Field((), alias="DVO_TRUSTED_PROXIES")
    """Who is believed about where a request comes from."""
    mfa_contexts: Contexts = Field((), alias="DVO_MFA_CONTEXTS")
    """The authentication contexts that the tenant gives only after a second factor."""
    splunk_hec_url: WebAddress | None = Field(None, alias="SPLUNK_HEC_URL")
    splunk_hec_token: Secret | None = Field(None, alias="SPLUNK_HEC_TOKEN")
    sentinel_endpoint: WebAddress | None = Field(None, alias="SENTINEL_ENDPOINT")
    sentinel_rule_id: str | None = Field(None, alias="SENTINEL_RULE_ID")
    sentinel_stream: str | None = Field(None, alias="SENTINEL_STREAM")
    syslog_url: SyslogAddress | None = Field(None, alias="SYSLOG_URL")
    ledger_remote: RemoteAddress | None = Field(None, alias="DVO_LEDGER_REMOTE")
    signing_key: PrivateKey | None = Field(None, alias="DVO_SIGNING_KEY")
    """Signs the ledger; None: a key of the controller's own below its home."""
    audit_retention_days: Number = Field(2555, alias="AUDIT_RETENTION_DAYS")
    model: str | None = Field(None, alias="DVO_MODEL")
    """The language model of the assistant."""


Model = TypeVar("Model", bound=LocalSettings)


def process_environment() -> Mapping[str, str]:
    """Return the environment of this process: the only place it is read."""
    return dict(os.environ)


def load_settings(environment: Mapping[str, str], vault: VaultReader = NO_VAULT) -> Settings:
    """Return the settings of a server, secrets that are references read from `vault`.

    Raises `ConfigurationError` naming every variable at fault, `UnavailableError` when a vault does not answer.
    """
    return _load(Settings, environment, tuple(_cross_faults(environment)), vault)


def load_local_settings(environment: Mapping[str, str]) -> LocalSettings:
    """Return what local commands need; `ConfigurationError` names every variable at fault."""
    return _load(LocalSettings, environment, (), NO_VAULT)


def load_login_settings(environment: Mapping[str, str]) -> LoginSettings:
    """Return what signing in from a terminal needs; `ConfigurationError` names every variable at fault."""
    return _load(LoginSettings, environment, (), NO_VAULT)


def _load(model: type[Model], environment: Mapping[str, str], more: Sequence[str], vault: VaultReader) -> Model:
    values, faults = _values(model, environment, vault)
    faults += [*_unknown(environment), *more]
    try:
        settings = model.model_validate(_with_defaults(values, environment, faults))
    except ValidationError as error:
        faults += [_told(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors(include_input=False)]
        settings = None
    if faults or settings is None:
        distinct = {fault.partition(":")[0]: fault for fault in reversed(faults)}
        raise ConfigurationError(
            "\n".join(["The settings do not hold:", *(f"  {distinct[name]}" for name in sorted(distinct))])
        )
    return settings


def _values(
    model: type[LocalSettings], environment: Mapping[str, str], vault: VaultReader
) -> tuple[dict[str, object], list[str]]:
    """Return the text of every variable that is set, secrets also from elsewhere, and the faults."""
    values: dict[str, object] = {}
    faults: list[str] = []
    sources: dict[str, SecretSource] = {}
    for name in _names(model):
        try:
            if name in SECRETS:
                text, sources[name] = secret_text(name, environment, vault)
            else:
                text = environment.get(name)
            if text is not None and not text.strip():
                raise ValueError("is set but blank; give it a value or unset it")
        except (ValueError, ConfigurationError) as error:
            faults.append(f"{name}: {error}")
        else:
            values |= {} if text is None else {name: text}
    flags, wrong = _flags(environment)
    read = {name: source for name, source in sources.items() if name in values}
    own = {"secret_sources": read} if issubclass(model, Settings) else {}
    return values | own | {"DVO_CAPABILITY_*": flags}, faults + wrong


def _flags(environment: Mapping[str, str]) -> tuple[dict[str, bool], list[str]]:
    found = {name: environment[name].lower() for name in _FLAGS if name in environment}
    wrong = [f"{name}: is neither true nor false" for name, text in found.items() if text not in ("true", "false")]
    return {_FLAGS[name]: text == "true" for name, text in found.items()}, wrong


def _unknown(environment: Mapping[str, str]) -> Iterator[str]:
    known = [*_names(Settings), *(f"{name}_FILE" for name in sorted(SECRETS)), *_FLAGS]
    for name in sorted(environment):
        if name.removesuffix("_FILE") in _RETIRED:
            yield f"{name}: {_RETIRED[name.removesuffix('_FILE')]}"
        elif name.startswith("DVO_") and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            yield f"{name[:80]}: is no setting" + (f"; did you mean {close[0]}?" if close else "")


def _cross_faults(environment: Mapping[str, str]) -> Iterator[str]:
    given = {name for name in _names(Settings) if name in environment or f"{name}_FILE" in environment}
    yield from faults_between(given, environment)
    if "OPA_BIN" not in given and _installed_opa(environment) is None:
        yield "OPA_BIN: is missing, and there is no opa beside the project or on the PATH; `make opa` obtains it"


def _with_defaults(
    values: Mapping[str, object], environment: Mapping[str, str], faults: list[str]
) -> Mapping[str, object]:
    """Return `values` with the defaults that depend on the machine."""
    own = environment.get("HOME")
    if "DVO_HOME" not in values and not own:
        faults.append("DVO_HOME: is missing, and there is no HOME to fall back to")
        return values
    home = values.get("DVO_HOME", f"{own}/.dvo")
    opa = _installed_opa(environment)
    return {"DVO_HOME": home, "DVO_LEDGER": f"{home}/ledger"} | ({"OPA_BIN": opa} if opa else {}) | dict(values)


def _installed_opa(environment: Mapping[str, str]) -> str | None:
    """Return the policy engine that the project's own tooling put beside it, else the one on the PATH."""
    beside = (folder / ".tools" / "opa" for folder in Path(__file__).resolve().parents)
    own = next((file for file in beside if file.is_file()), None)
    return str(own) if own is not None else shutil.which("opa", path=environment.get("PATH", ""))


def _told(place: tuple[int | str, ...], kind: str, message: str) -> str:
    return f"{place[0]}: " + ("is missing" if kind == "missing" else message.removeprefix("Value error, "))


def _names(model: type[LocalSettings]) -> tuple[str, ...]:
    return tuple(field.alias for field in model.model_fields.values() if field.alias and not field.alias.endswith("*"))
