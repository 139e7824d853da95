"""Completes a directory file: the numeric id of everyone who has only a login, at its place in the text.

The file stays as people wrote it: order, comments and style. A login is whoever holds it at this
moment, so whoever asks for this looks at what was found before they trust it. A text that would
not read back as the same people with the ids added is not changed at all.
"""

from collections.abc import Mapping

from controller.desired_state.composing import Path
from controller.desired_state.document import Document
from controller.errors import ConfigurationError
from controller.identity.directory_file import open_document


def logins_without_id(path: str, content: bytes) -> Mapping[str, int]:
    """Return the line of everyone who has a login and no numeric id, by login.

    Raises `ConfigurationError` for a file that is no YAML of the form these files have.
    """
    document = _document(path, content)
    return {login: document.place((*at, "login"))[0] for login, at in _lacking(document).items()}


def filled(path: str, content: bytes, ids: Mapping[str, int]) -> bytes:
    """Return `content` with the id of everyone in `ids`, keyed by login, written beside their login.

    Raises as `logins_without_id`, and for a file that cannot be completed without rewriting it.
    """
    document = _document(path, content)
    lines = content.decode("utf-8").split("\n")
    wanted = {at: ids[login] for login, at in _lacking(document).items() if login in ids}
    for at in sorted(wanted, key=document.place, reverse=True):
        _insert(lines, document, at, wanted[at])
    changed = "\n".join(lines).encode()
    if _people(open_document(path, changed)) != _with_ids(document, wanted):
        raise ConfigurationError(f"{path} cannot be completed in place; write `github_id` into it by hand")
    return changed


def _document(path: str, content: bytes) -> Document:
    document = open_document(path, content)
    if document.problems:
        told = "\n".join(map(str, document.problems))
        raise ConfigurationError(f"the directory file cannot be completed before this is mended:\n{told}")
    return document


def _people(document: Document) -> list[object]:
    people = (document.value or {}).get("people")
    return people if isinstance(people, list) else []


def _lacking(document: Document) -> Mapping[str, Path]:
    """Return the place of everyone without an id, by login."""
    found: dict[str, Path] = {}
    for index, person in enumerate(_people(document)):
        login = person.get("login") if isinstance(person, dict) and "github_id" not in person else None
        if isinstance(login, str):
            found.setdefault(login, ("people", index))
    return found


def _insert(lines: list[str], document: Document, at: Path, id_: int) -> None:
    """Write an id before the key that follows the login, or before the login when it is the last."""
    keys = {path: place for path, place in document.keys.items() if len(path) == len(at) + 1 and path[: len(at)] == at}
    login = keys[(*at, "login")]
    line, column = min((place for place in keys.values() if place > login), default=login)
    start_line, start_column = document.place(at)
    is_flow = lines[start_line - 1][start_column - 1] == "{"
    before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
    separator = ", " if is_flow else "\n" + " " * (column - 1)
    lines[line - 1] = f"{before}github_id: {id_}{separator}{after}"


def _with_ids(document: Document, wanted: Mapping[Path, int]) -> list[object]:
    return [
        {**person, "github_id": wanted[at]} if isinstance(person, dict) and at in wanted else person
        for person, at in ((person, ("people", index)) for index, person in enumerate(_people(document)))
    ]
