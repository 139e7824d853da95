"""The types of settings: each checks the text of a variable, and no message repeats it."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from controller.errors import ConfigurationError
from controller.identity.tenant import wanted_groups

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


class LogLevel(StrEnum):
    """From which level on the server logs."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def matching(pattern: str, expected: str) -> Callable[[str], str]:
    """Return a check that takes what matches `pattern` whole."""

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


def _networks(text: str) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for item in text.split(","):
        try:
            network = ipaddress.ip_network(item.strip())
        except ValueError:
            raise ValueError("holds something else than addresses and networks, separated by commas") from None
        if network.prefixlen == 0:
            raise ValueError("trusts everybody, so anybody could say to come from anywhere; name your own proxies")
        yield network


def _contexts(text: str) -> Iterator[str]:
    for item in text.split(","):
        if re.fullmatch(r"c[1-9][0-9]?", item.strip(), re.ASCII) is None:
            raise ValueError("holds something else than authentication contexts (c1 to c99), separated by commas")
        yield item.strip()


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


def secret_address(*schemes: str) -> Callable[[str], SecretStr]:
    """Return a check that takes an address, possibly with a password, of one of `schemes`."""

    def check(text: str) -> SecretStr:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return SecretStr(text)

    return check


def _groups(text: str) -> str:
    try:
        wanted_groups(text)
    except ConfigurationError as error:
        raise ValueError(str(error).partition(": ")[2]) from None
    return text


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return text.lower() == "true"


Number = Annotated[int, BeforeValidator(_number)]
FilePath = Annotated[Path, BeforeValidator(_path)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
PrivateKey = Annotated[SecretStr, BeforeValidator(_private_key)]
Repository = Annotated[
    str,
    BeforeValidator(
        matching(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", "a repository as owner/name")
    ),
]
RemoteAddress = Annotated[
    str, BeforeValidator(matching(r"(https|ssh|file)://[!-~]+|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[!-~]+", "a Git remote"))
]
SyslogAddress = Annotated[str, BeforeValidator(matching(r"tls://[A-Za-z0-9.\[\]:-]+", "tls://host:port"))]


BearerToken = Annotated[SecretStr, BeforeValidator(_bearer_token)]
WebhookSecret = Annotated[SecretStr, BeforeValidator(_webhook_secret)]
Level = Annotated[LogLevel, BeforeValidator(_level)]
Truth = Annotated[bool, BeforeValidator(_truth)]
ObjectId = Annotated[
    str,
    BeforeValidator(matching(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "an id such as Entra ID shows")),
    AfterValidator(str.lower),
]
DirectoryAttribute = Annotated[
    str,
    BeforeValidator(
        matching(
            r"extensionAttribute(?:[1-9]|1[0-5])|extension_[0-9a-f]{32}_[A-Za-z0-9_]{1,100}",
            "extensionAttribute1 to 15, or a directory extension's full name (extension_<application>_<name>)",
        )
    ),
]
Networks = Annotated[
    tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], BeforeValidator(lambda text: tuple(_networks(text)))
]
Contexts = Annotated[tuple[str, ...], BeforeValidator(lambda text: tuple(_contexts(text)))]
GroupNames = Annotated[str, BeforeValidator(_groups)]
DnsSuffix = Annotated[str, BeforeValidator(matching(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", "a domain name"))]
