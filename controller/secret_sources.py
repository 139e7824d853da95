"""Where a secret is read: its variable, the file of `<NAME>_FILE`, or the key vault its variable refers to.

A reference is `keyvault://vault/name`; it is no secret and may stand in any environment. Where
each secret came from is told, its value never.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_FILE_LIMIT = 65_536
_SCHEME = "keyvault:"
"""What begins so, in whatever case and after whatever blanks, was meant as a reference: it is no secret to anybody."""
_REFERENCE = re.compile(r"keyvault://([A-Za-z](?:[A-Za-z0-9-]{1,22})[A-Za-z0-9])/([A-Za-z0-9-]{1,127})", re.ASCII)


class SecretSource(StrEnum):
    """Where a secret was read."""

    ENVIRONMENT = "environment"
    FILE = "file"
    KEY_VAULT = "key vault"


@dataclass(frozen=True, slots=True)
class VaultReference:
    """A secret in a key vault; Key Vault's own rules for names hold."""

    vault: str
    name: str


VaultReader = Callable[[VaultReference], str]
"""Reads a secret. Raises `ConfigurationError` for what the operator must mend, `UnavailableError`."""


def NO_VAULT(reference: VaultReference) -> str:  # it stands for a value
    """Refuse every reference."""
    raise ValueError(f"refers to the key vault {reference.vault}, which cannot be read here")


def secret_text(name: str, environment: Mapping[str, str], vault: VaultReader) -> tuple[str | None, SecretSource]:
    """Return a secret, or None when it is not set, and where it was read.

    Raises `ValueError` for a fault of the setting itself, and as `vault` does.
    """
    text, file = environment.get(name), environment.get(f"{name}_FILE")
    if text is not None and file is not None:
        raise ValueError(f"is given twice, also by {name}_FILE; unset one of them")
    if file is not None:
        content = _content(Path(file))
        if _means_reference(content):
            raise ValueError(f"its file holds a reference to a key vault; put that into {name} itself")
        return content, SecretSource.FILE
    if text is None or not _means_reference(text):
        return text, SecretSource.ENVIRONMENT
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise ValueError("is not a reference of the form keyvault://vault/name")
    return vault(VaultReference(found[1].lower(), found[2])), SecretSource.KEY_VAULT


def _means_reference(text: str) -> bool:
    return text.strip().lower().startswith(_SCHEME)


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
