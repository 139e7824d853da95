"""The directory on a file, and the contract every directory keeps."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from controller.adapters.directory_file import FileDirectory
from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from controller.errors import ConfigurationError, UnavailableError
from controller.identity.principal import PrincipalKind
from controller.ports.directory import Directory
from tests.fakes.directory import InMemoryDirectory, Person

DANA = Person("dana-dev", 1001, ("Dana@example.com", "d@x.org"), frozenset({"DVO-Developers"}), mfa=True)
ROBO = Person("robo", 77, ("robo@example.com",), kind=PrincipalKind.BOT)
OTTO = Person("otto", 1003, ("otto@example.com",), frozenset({"DVO-Operators"}), mfa=False)


def account(number: int, name: str = "any") -> Account:
    return Account(number, Login(name), AccountKind.USER)


class Company(Protocol):
    """A directory and the two things that happen to one."""

    directory: Directory

    def list(self, *people: Person) -> None: ...

    def break_down(self) -> None: ...


class CompanyOnFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory: Directory = FileDirectory(path)

    def list(self, *people: Person) -> None:
        self.path.write_text(_file(*people))

    def break_down(self) -> None:
        self.path.write_text("people: [\n")


class CompanyInMemory:
    def __init__(self) -> None:
        self._memory = InMemoryDirectory()
        self.directory: Directory = self._memory

    def list(self, *people: Person) -> None:
        self._memory.people, self._memory.broken = list(people), None

    def break_down(self) -> None:
        self._memory.broken = "the directory does not answer"


@pytest.fixture(params=["file", "memory"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Company:
    made: Company = CompanyOnFile(tmp_path / "people.yaml") if request.param == "file" else CompanyInMemory()
    made.list(DANA, ROBO)
    return made


def test_people_are_found_by_id_address_and_login(company: Company) -> None:
    people = company.directory.look_up(
        frozenset({account(1001, "renamed"), account(77), account(5)}),
        frozenset({"DANA@example.com", "d@x.org", "nobody@example.com"}),
        frozenset({"Dana-Dev", "nobody"}),
    )

    assert people.by_account == {1001: DANA.principal, 77: ROBO.principal, 5: None}
    assert people.by_email == {
        "dana@example.com": DANA.principal,
        "d@x.org": DANA.principal,
        "nobody@example.com": None,
    }
    assert people.by_login == {"dana-dev": DANA.principal, "nobody": None}


def test_a_known_login_says_nothing_about_an_account(company: Company) -> None:
    """ATTACKS 024: a released login can be claimed by anyone."""
    assert company.directory.look_up(frozenset({account(9999, "dana-dev")}), frozenset()).by_account == {9999: None}


def test_who_joins_leaves_or_changes_is_seen_at_the_next_question(company: Company) -> None:
    """ATTACKS 057: groups and MFA are those of now."""
    asked = frozenset({account(1001), account(1003)})
    before = company.directory.look_up(asked, frozenset())
    company.list(OTTO)
    after = company.directory.look_up(asked, frozenset())

    assert before.by_account == {1001: DANA.principal, 1003: None}
    assert after.by_account == {1001: None, 1003: OTTO.principal}


def test_while_it_cannot_be_asked_nobody_is_known(company: Company) -> None:
    """ATTACKS 044: an outage is an error with a name, never an empty or an old answer."""
    company.directory.look_up(frozenset({account(1001)}), frozenset())
    company.break_down()
    with pytest.raises(UnavailableError) as caught:
        company.directory.look_up(frozenset({account(1001)}), frozenset())
    assert caught.value.component == "directory"

    company.list(DANA)
    assert company.directory.look_up(frozenset({account(1001)}), frozenset()).by_account == {1001: DANA.principal}


def test_the_revision_is_another_one_whenever_an_answer_may_be(company: Company) -> None:
    first = company.directory.revision()
    assert first == company.directory.revision()
    company.list(DANA, replace(ROBO, mfa=True))
    assert company.directory.revision() != first
    company.list(DANA, ROBO)
    assert company.directory.revision() == first
    company.break_down()
    with pytest.raises(UnavailableError):
        company.directory.revision()


def test_the_constructor_opens_nothing(tmp_path: Path) -> None:
    FileDirectory(tmp_path / "missing.yaml")


def test_a_good_file_loads_at_start(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(_file(DANA))

    directory = FileDirectory(path)
    directory.load()

    assert directory.look_up(frozenset({account(1001)}), frozenset()).by_account == {1001: DANA.principal}


def _missing(path: Path) -> None:
    assert not path.exists()


def _faulty(path: Path) -> None:
    path.write_text("people:\n  - 7\n")


def _is_pipe(path: Path) -> None:
    os.mkfifo(path)


def _is_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_missing, "No such file"),
        (_faulty, "people.yaml:2:5: `people.0`: expected a mapping"),
        (_is_pipe, "expected a regular file"),
        (_is_folder, "expected a regular file"),
    ],
)
def test_a_file_that_cannot_be_believed_stops_the_start_and_later_names_nobody(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "people.yaml"
    spoil(path)

    with pytest.raises(ConfigurationError, match=said):
        FileDirectory(path).load()
    with pytest.raises(UnavailableError, match=said):
        FileDirectory(path).look_up(frozenset(), frozenset())


def test_a_change_is_seen_even_when_time_and_size_stay_the_same(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(_file(DANA))
    stamp = path.stat()
    directory = FileDirectory(path)
    directory.load()
    path.write_text(_file(DANA).replace("1001", "1002"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    assert directory.look_up(frozenset({account(1001)}), frozenset()).by_account == {1001: None}


def test_a_file_put_in_place_of_the_old_one_is_seen(tmp_path: Path) -> None:
    path, new = tmp_path / "people.yaml", tmp_path / "new.yaml"
    path.write_text(_file(DANA))
    directory = FileDirectory(path)
    directory.load()
    new.write_text(_file(OTTO))
    new.replace(path)

    assert directory.look_up(frozenset({account(1003)}), frozenset()).by_account == {1003: OTTO.principal}


def _file(*people: Person) -> str:
    lines = [
        f"  - {{login: {person.login}, github_id: {person.github_id}, emails: [{', '.join(person.emails)}], "
        f"groups: [{', '.join(sorted(person.groups))}], mfa: {str(person.mfa).lower().replace('none', 'null')}, "
        f"kind: {person.kind}}}\n"
        for person in people
    ]
    return "people:\n" + "".join(lines)
