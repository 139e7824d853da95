"""`dvo doctor --fill`: GitHub's numeric ids, written into the directory file where they are missing."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import account_of
from controller.change.app_setup import PERMISSIONS
from controller.change.facts import AccountKind
from controller.compose.seen import Seen
from controller.errors import ConfigurationError, InputError
from controller.identity.directory_file import read_directory, read_links
from controller.identity.directory_filling import filled, logins_without_id
from controller.settings import Settings

_KINDS = (AccountKind.USER, AccountKind.BOT)
_CAVEAT = "a login is whoever holds it now: look whether these are the people you mean"


def fill(settings: Settings) -> Seen | str:
    """Complete the directory file, whole or not at all, and say what was found.

    Raises `ConfigurationError` for a file that would name nobody afterwards either, or a login that
    GitHub does not know, `UnavailableError` when GitHub does not answer.
    """
    path = settings.directory_file
    if path is None:
        raise ConfigurationError("DVO_DIRECTORY_FILE: is missing; there is no directory file to complete")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the directory file cannot be read: {error}") from error
    lines = logins_without_id(str(path), content)
    if not lines:
        return f"{path}: everyone with a login has a numeric id"
    ids = _asked(settings, path, lines)
    changed = filled(str(path), content, ids)
    (read_directory if settings.azure_tenant_id is None else read_links)(str(path), changed)
    _replace(path, changed)
    return Seen(f"{path}: {', '.join(f'{login} is {id_}' for login, id_ in ids.items())}", _CAVEAT)


def _asked(settings: Settings, path: Path, lines: Mapping[str, int]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    unknown: list[str] = []
    key = settings.github_app_private_key.get_secret_value()
    with closing(
        GitHubApp(settings.github_api_url, settings.github_app_id, key, settings.repository, permissions=PERMISSIONS)
    ) as app:
        for login, line in lines.items():
            try:
                account = account_of(app.get(f"/users/{quote(login, safe='')}"))
            except InputError:
                account = None
            if account is None or account.kind not in _KINDS or account.login.lower() != login.lower():
                unknown.append(f"{path}:{line}: GitHub knows no person and no bot called {login[:100]!a}")
            else:
                found[login] = account.id
    if unknown:
        raise ConfigurationError("\n".join(["nothing was written:", *unknown]))
    return found


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, never half of it, with the rights it had."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(mode)
        Path(draft.name).replace(target)
    except OSError as error:
        raise ConfigurationError(f"the directory file cannot be written: {error}") from error
