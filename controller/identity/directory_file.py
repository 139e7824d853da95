"""The people of a directory file: who they are where there is no Entra ID.

A list of people, each with a login, GitHub's numeric id and at least one address; groups, MFA
and kind are optional, and what is not said is unknown or none. The id is the person: a login
can be re-used and is for display and for CODEOWNERS only. Beside Entra ID the file says who of
the tenant somebody is, and nothing of groups or MFA, which come from there. Every fault is told
at once; a file with one names nobody. Reading it from disk, and again when it changes, is the
adapter's part.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from controller.change.facts import Account
from controller.change.names import RepoPath
from controller.desired_state.composing import Path, dotted
from controller.desired_state.document import Document, Limits, read_document
from controller.desired_state.problem import Problem
from controller.errors import ConfigurationError
from controller.identity.principal import People, Principal, PrincipalId, PrincipalKind
from controller.identity.tenant import object_id

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
_REMEDY = "Correct the directory file; a person has login, github_id, emails, and may have groups, mfa, kind, entra_id."


def _object_id(text: str) -> str:
    known = object_id(text)
    if known is None:
        raise ValueError("not an object id of Entra ID")
    return known


class _Person(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    login: _Login
    github_id: Annotated[int, Field(gt=0)]
    emails: Annotated[list[_Address], Field(min_length=1)]
    groups: list[_Group] = Field(default_factory=list)
    mfa: bool | None = None
    kind: Literal["person", "bot", "service"] = "person"
    entra_id: Annotated[str, AfterValidator(_object_id)] | None = None
    """The object id in the tenant."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    people: list[_Person]


@dataclass(frozen=True)
class DirectoryFile:
    """Everyone a directory file names."""

    by_id: Mapping[int, Principal]
    """Keyed by GitHub's numeric account id."""
    by_email: Mapping[str, Principal]
    """Keyed by the lower-cased address."""
    by_login: Mapping[str, Principal]
    """Keyed by the lower-cased login."""
    tenant_ids: Mapping[PrincipalId, str] = field(default_factory=dict)
    """The object ids of those whom the file leads to somebody in the tenant."""
    digest: str = ""
    """Another one for other content."""

    @cached_property
    def machines(self) -> Mapping[str, Principal]:
        """Bots and services, by principal id."""
        return {one.id: one for one in self.by_id.values() if one.kind is not PrincipalKind.PERSON}

    @cached_property
    def tenant_logins(self) -> Mapping[str, str]:
        """The logins of people of the tenant, by object id; for display only."""
        return {self.tenant_ids[one.id]: one.login for one in self.by_id.values() if one.id in self.tenant_ids}

    def people(self, accounts: Iterable[Account], emails: Iterable[str], logins: Iterable[str] = frozenset()) -> People:
        """Return who stands behind each of `accounts`, `emails` and `logins`; None for strangers."""
        return People(
            {account.id: self.by_id.get(account.id) for account in accounts},
            {address.lower(): self.by_email.get(address.lower()) for address in emails},
            {name.lower(): self.by_login.get(name.lower()) for name in logins},
        )


LIMITS = Limits(bytes=2 * 1024 * 1024, nodes=200_000)
"""Enough for ten thousand people; the operator writes this file, so it is not held to what anybody may propose."""

NOBODY = DirectoryFile({}, {}, {})
"""A file that names nobody."""


def open_document(path: str, content: bytes) -> Document:
    """Return what a directory file holds, whoever it names, with every fault of its form."""
    return read_document(RepoPath(path), content, LIMITS)


def read_directory(path: str, content: bytes) -> DirectoryFile:
    """Return the people that `content` names.

    Raises `ConfigurationError` with every fault, one per line, as ``path:line:column: what is wrong``.
    """
    document = open_document(path, content)
    return _directory(document, content, ())


def read_links(path: str, content: bytes) -> DirectoryFile:
    """Return who of the tenant the people are that `content` names, and the bots and services it names itself.

    Raises as `read_directory`, also for a person without `entra_id`, or with what Entra ID says itself.
    """
    document = open_document(path, content)
    return _directory(document, content, _beside_tenant(document))


def _directory(document: Document, content: bytes, more: Iterable[Problem]) -> DirectoryFile:
    file, faults = _shaped(document)
    problems = {*document.problems, *faults, *_doubles(document), *more}
    if file is None or problems:
        told = "\n".join(str(problem) for problem in sorted(problems))
        raise ConfigurationError(f"the directory file is faulty, so it names nobody:\n{told}")
    people = [(person, _principal(person)) for person in file.people]
    return DirectoryFile(
        {person.github_id: principal for person, principal in people},
        {address.lower(): principal for person, principal in people for address in person.emails},
        {person.login.lower(): principal for person, principal in people},
        {principal.id: person.entra_id for person, principal in people if person.entra_id is not None},
        hashlib.sha256(content).hexdigest(),
    )


def _beside_tenant(document: Document) -> Iterator[Problem]:
    """Yield what a person beside Entra ID lacks, or says that is not believed."""
    for at, person in _items(document.value, (), "people"):
        if not isinstance(person, dict):
            continue
        is_person = person.get("kind", "person") == "person"
        if is_person and "entra_id" not in person:
            yield _problem(document, at, "expected entra_id, the object id in the tenant: people come from Entra ID")
        if not is_person and "entra_id" in person:
            yield _problem(document, (*at, "entra_id"), "only people of the tenant have one; a machine is itself")
        for key in ("groups", "mfa"):
            if is_person and key in person:
                yield _problem(document, (*at, key), "comes from Entra ID, so the file must not say it")


def _shaped(document: Document) -> tuple[_File | None, list[Problem]]:
    if document.value is None:
        return None, []
    try:
        return _File.model_validate(document.value), []
    except ValidationError as error:
        found = [
            (fault["loc"], _SAID.get(fault["type"], fault["msg"].removeprefix("Value error, ")))
            for fault in error.errors(include_url=False)
        ]
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
            if isinstance(person.get("entra_id"), str):
                yield (*at, "entra_id"), "entra_id", person["entra_id"].lower()
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
