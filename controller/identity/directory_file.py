"""The people of a directory file: who they are where there is no Entra ID.

A list of people, each with a login, GitHub's numeric id and at least one address; groups, MFA
and kind are optional, and what is not said is unknown or none. The id is the person: a login
can be re-used and is for display and for CODEOWNERS only. Every fault is told at once; a file
with one names nobody. Reading it from disk, and again when it changes, is the adapter's part.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controller.change.facts import Account
from controller.change.names import RepoPath
from controller.desired_state.composing import Path, dotted
from controller.desired_state.document import Document, read_document
from controller.desired_state.problem import Problem
from controller.errors import ConfigurationError
from controller.identity.principal import People, Principal, PrincipalId, PrincipalKind

_Login = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?\z")]
_Address = Annotated[str, Field(pattern=r"\A[^\s@]{1,64}@[^\s@]{1,255}\z")]
_SAID = {
    "extra_forbidden": "unknown key",
    "missing": "missing",
    "model_type": "expected a mapping of keys",
    "string_pattern_mismatch": "not a GitHub login or an e-mail address",
    "too_short": "expected at least one",
}
_Group = Annotated[str, Field(min_length=1, max_length=256)]
_REMEDY = "Correct the directory file; a person has login, github_id, emails, and may have groups, mfa, kind."


class _Person(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    login: _Login
    github_id: Annotated[int, Field(gt=0)]
    emails: Annotated[list[_Address], Field(min_length=1)]
    groups: list[_Group] = Field(default_factory=list)
    mfa: bool | None = None
    kind: Literal["person", "bot", "service"] = "person"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    people: list[_Person]


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    """Everyone a directory file names."""

    by_id: Mapping[int, Principal]
    """Keyed by GitHub's numeric account id."""
    by_email: Mapping[str, Principal]
    """Keyed by the lower-cased address."""
    by_login: Mapping[str, Principal]
    """Keyed by the lower-cased login."""

    def people(self, accounts: Iterable[Account], emails: Iterable[str], logins: Iterable[str] = frozenset()) -> People:
        """Return who stands behind each of `accounts`, `emails` and `logins`; None for strangers."""
        return People(
            {account.id: self.by_id.get(account.id) for account in accounts},
            {address.lower(): self.by_email.get(address.lower()) for address in emails},
            {name.lower(): self.by_login.get(name.lower()) for name in logins},
        )


def read_directory(path: str, content: bytes) -> DirectoryFile:
    """Return the people that `content` names.

    Raises `ConfigurationError` with every fault, one per line, as ``path:line:column: what is wrong``.
    """
    document = read_document(RepoPath(path), content)
    file, faults = _shaped(document)
    problems = {*document.problems, *faults, *_doubles(document)}
    if file is None or problems:
        told = "\n".join(str(problem) for problem in sorted(problems))
        raise ConfigurationError(f"the directory file is faulty, so it names nobody:\n{told}")
    people = [(person, _principal(person)) for person in file.people]
    return DirectoryFile(
        {person.github_id: principal for person, principal in people},
        {address.lower(): principal for person, principal in people for address in person.emails},
        {person.login.lower(): principal for person, principal in people},
    )


def _shaped(document: Document) -> tuple[_File | None, list[Problem]]:
    if document.value is None:
        return None, []
    try:
        return _File.model_validate(document.value), []
    except ValidationError as error:
        found = [(fault["loc"], _SAID.get(fault["type"], fault["msg"])) for fault in error.errors(include_url=False)]
    return None, [_problem(document, at, message) for at, message in found if not document.is_faulty(at)]


def _doubles(document: Document) -> Iterator[Problem]:
    """Yield a fault for every id, login or address that was taken by somebody above."""
    taken: dict[tuple[str, object], Path] = {}
    for at, kind, value in _identifiers(document.value):
        first = taken.setdefault((kind, value), at)
        if first != at:
            line, _ = document.place(first)
            yield _problem(document, at, f"the same {kind} stands on line {line}; nobody shares one")


def _identifiers(value: object) -> Iterator[tuple[Path, str, object]]:
    """Yield what identifies somebody, from whatever of the file has the right form."""
    for at, person in _items(value, (), "people"):
        if isinstance(person, dict):
            if type(person.get("github_id")) is int:
                yield (*at, "github_id"), "github_id", person["github_id"]
            if isinstance(person.get("login"), str):
                yield (*at, "login"), "login", person["login"].lower()
            for place, address in _items(person, at, "emails"):
                if isinstance(address, str):
                    yield place, "address", address.lower()


def _items(value: object, at: Path, key: str) -> Iterator[tuple[Path, object]]:
    items = value.get(key) if isinstance(value, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        yield (*at, key, index), item


def _problem(document: Document, at: Path, message: str) -> Problem:
    return Problem(document.path, *document.place(at), f"{dotted(at)}: {message}", _REMEDY)


def _principal(person: _Person) -> Principal:
    return Principal(
        PrincipalId(f"github:{person.github_id}"),
        PrincipalKind(person.kind),
        person.login,
        frozenset(person.groups),
        person.mfa,
    )
