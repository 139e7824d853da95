"""Every setting, read once from the environment, strictly.

The variables' names are a public contract. Each secret may also come from the file that
`<NAME>_FILE` names. An unknown `DVO_*` variable, a retired one, a blank or malformed value is
an error; all errors are told at once, by variable and never with its value. `LocalSettings`
is what commands on one's own machine need, `Settings` what a server needs in addition.
"""

import difflib
import ipaddress
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from controller.errors import ConfigurationError

SECRETS = frozenset(
    {
        "GITHUB_APP_PRIVATE_KEY",
        "GITHUB_WEBHOOK_SECRET",
        "AZURE_CLIENT_SECRET",
        "OPA_TOKEN",
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
_ENTRA = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_TOGETHER = (
    _ENTRA,
    ("SPLUNK_HEC_URL", "SPLUNK_HEC_TOKEN"),
    ("SENTINEL_ENDPOINT", "SENTINEL_RULE_ID", "SENTINEL_STREAM"),
)
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
_SAMPLES = (
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "password",
    "example",
    "placeholder",
    "your-",
    "xxxx",
    "1234567890",
)
_SHORTEST_SECRET = 16
_FILE_LIMIT = 65_536


class LogLevel(StrEnum):
    """From which level on the server logs."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _matching(pattern: str, expected: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if re.fullmatch(pattern, text, re.ASCII) is None:
            raise ValueError(f"is not {expected}")
        return text

    return check


def _number(text: str) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,17}", text, re.ASCII) is None:
        raise ValueError("is not a whole number from 1 on")
    return int(text)


def _path(text: str) -> Path:
    if "\0" in text:
        raise ValueError("is not a path")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with ~ and the name of nobody here") from None


def _level(text: str) -> LogLevel:
    try:
        return LogLevel(text.lower())
    except ValueError:
        raise ValueError(f"is none of {', '.join(LogLevel)}") from None


def _web_address(text: str) -> str:
    """Accept an https address; http only towards this machine itself."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.scheme not in ("https", "http") or not host or not text.isascii() or not text.isprintable():
        raise ValueError("is not a web address")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment or " " in text:
        raise ValueError("holds more than scheme, host, port and path")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("must be https; plain http is for this machine itself only")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(text: str) -> SecretStr:
    return SecretStr(text)


def _bearer_token(text: str) -> SecretStr:
    if re.fullmatch(r"[!-~]{1,4096}", text, re.ASCII) is None:
        raise ValueError("is no bearer token: expected visible ASCII characters without a blank")
    return SecretStr(text)


def _webhook_secret(text: str) -> SecretStr:
    if len(text) < _SHORTEST_SECRET or len(set(text)) < _SHORTEST_SECRET // 3:
        raise ValueError(
            f"is too weak: expected at least {_SHORTEST_SECRET} random characters (`openssl rand -hex 32`)"
        )
    if text.lower().startswith(_SAMPLES):
        raise ValueError("looks like a sample value: make your own (`openssl rand -hex 32`)")
    return SecretStr(text)


def _private_key(text: str) -> SecretStr:
    if re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n", text.replace("\r\n", "\n")) is None:
        raise ValueError("is not a private key in PEM form; <NAME>_FILE may name the file that holds it")
    return SecretStr(text if text.endswith("\n") else text + "\n")


def _secret_address(*schemes: str) -> Callable[[str], SecretStr]:
    def check(text: str) -> SecretStr:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return SecretStr(text)

    return check


Number = Annotated[int, BeforeValidator(_number)]
FilePath = Annotated[Path, BeforeValidator(_path)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
PrivateKey = Annotated[SecretStr, BeforeValidator(_private_key)]
Repository = Annotated[
    str,
    BeforeValidator(
        _matching(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", "a repository as owner/name")
    ),
]
RemoteAddress = Annotated[
    str, BeforeValidator(_matching(r"(https|ssh|file)://[!-~]+|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[!-~]+", "a Git remote"))
]
SyslogAddress = Annotated[str, BeforeValidator(_matching(r"tls://[A-Za-z0-9.\[\]:-]+", "tls://host:port"))]


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
    log_level: Annotated[LogLevel, BeforeValidator(_level)] = Field(LogLevel.INFO, alias="LOG_LEVEL")


class Settings(LocalSettings):
    """What a server needs: one value, made once, handed out in parts."""

    repository: Repository = Field(alias="DVO_REPOSITORY")
    github_api_url: WebAddress = Field("https://api.github.com", alias="GITHUB_API_URL")
    github_app_id: Number = Field(alias="GITHUB_APP_ID")
    github_app_private_key: PrivateKey = Field(alias="GITHUB_APP_PRIVATE_KEY")
    github_webhook_secret: Annotated[SecretStr, BeforeValidator(_webhook_secret)] = Field(alias="GITHUB_WEBHOOK_SECRET")
    azure_tenant_id: str | None = Field(None, alias="AZURE_TENANT_ID")
    azure_client_id: str | None = Field(None, alias="AZURE_CLIENT_ID")
    azure_client_secret: Secret | None = Field(None, alias="AZURE_CLIENT_SECRET")
    azure_authority: WebAddress = Field("https://login.microsoftonline.com", alias="AZURE_AUTHORITY")
    graph_url: WebAddress = Field("https://graph.microsoft.com", alias="GRAPH_URL")
    opa_url: WebAddress | None = Field(None, alias="OPA_URL")
    opa_token: Annotated[SecretStr, BeforeValidator(_bearer_token)] | None = Field(None, alias="OPA_TOKEN")
    opa_ca_file: FilePath | None = Field(None, alias="OPA_CA_FILE")
    """The authorities that say who the OPA at `opa_url` is; None: those of this machine."""
    database_url: (
        Annotated[SecretStr, BeforeValidator(_secret_address("postgresql", "postgres", "postgresql+psycopg"))] | None
    ) = Field(None, alias="DATABASE_URL")
    """None: an embedded PostgreSQL below the home."""
    redis_url: Annotated[SecretStr, BeforeValidator(_secret_address("redis", "rediss", "unix"))] | None = Field(
        None, alias="REDIS_URL"
    )
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


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of a server; `ConfigurationError` names every variable at fault."""
    return _load(Settings, environment, tuple(_cross_faults(environment)))


def load_local_settings(environment: Mapping[str, str]) -> LocalSettings:
    """Return what local commands need; `ConfigurationError` names every variable at fault."""
    return _load(LocalSettings, environment, ())


def _load(model: type[Model], environment: Mapping[str, str], more: Sequence[str]) -> Model:
    values, faults = _values(model, environment)
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


def _values(model: type[LocalSettings], environment: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    """Return the text of every variable that is set, secrets also from their files, and the faults."""
    values: dict[str, object] = {}
    faults: list[str] = []
    for name in _names(model):
        try:
            text = _text_of(name, environment)
        except ValueError as error:
            faults.append(f"{name}: {error}")
        else:
            values |= {} if text is None else {name: text}
    flags, wrong = _flags(environment)
    return values | {"DVO_CAPABILITY_*": flags}, faults + wrong


def _text_of(name: str, environment: Mapping[str, str]) -> str | None:
    text, file = environment.get(name), environment.get(f"{name}_FILE") if name in SECRETS else None
    if text is not None and file is not None:
        raise ValueError(f"is given twice, also by {name}_FILE; unset one of them")
    if file is not None:
        text = _content(Path(file))
    if text is not None and not text.strip():
        raise ValueError("is set but blank; give it a value or unset it")
    return text


def _content(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_FILE_LIMIT + 1)
        if len(content) > _FILE_LIMIT:
            raise ValueError(f"its file is larger than {_FILE_LIMIT} bytes")
        return content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"its file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError("its file is not UTF-8 text") from None


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
    """Tell what is wrong between settings, of which each may be right for itself."""
    given = {name for name in _names(Settings) if name in environment or f"{name}_FILE" in environment}
    for group in _TOGETHER:
        if given & set(group):
            yield from (
                f"{name}: is missing beside {', '.join(sorted(given & set(group)))}"
                for name in group
                if name not in given
            )
    if given & set(_ENTRA) and "DVO_DIRECTORY_FILE" in given:
        yield "DVO_DIRECTORY_FILE: is given beside Entra ID (AZURE_*); people come from one directory only"
    if not given & {*_ENTRA, "DVO_DIRECTORY_FILE"}:
        yield "DVO_DIRECTORY_FILE: is missing; without it or Entra ID (AZURE_*) nobody is known"
    yield from _opa_faults(given, environment)


def _opa_faults(given: set[str], environment: Mapping[str, str]) -> Iterator[str]:
    if "OPA_URL" not in given:
        yield from (
            f"{name}: is given without OPA_URL; nobody would be asked with it"
            for name in ("OPA_TOKEN", "OPA_CA_FILE")
            if name in given
        )
    elif "OPA_CA_FILE" in given and not environment["OPA_URL"].startswith("https:"):
        yield "OPA_CA_FILE: is given, but OPA_URL is not https; nothing would be checked against it"
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
