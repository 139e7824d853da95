"""The directory on a file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.adapters.directory_file import FileDirectory
from controller.errors import ConfigurationError, UnavailableError
from controller.identity.principal import Principal
from controller.ports.directory import Directory
from tests.contracts.directory import DANA, OTTO, ROBO, DirectoryContract, account
from tests.fakes.directory import Person


class CompanyOnFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory: Directory = FileDirectory(path)

    def list(self, *people: Person) -> None:
        self.path.write_text(_file(*people))

    def break_down(self) -> None:
        self.path.write_text("people: [\n")

    def principal(self, person: Person) -> Principal:
        return person.principal


class TestFileDirectory(DirectoryContract):
    """See the fixture."""

    @pytest.fixture
    def company(self, tmp_path: Path) -> CompanyOnFile:
        made = CompanyOnFile(tmp_path / "people.yaml")
        made.list(DANA, ROBO)
        return made


def test_the_same_content_has_the_same_revision(tmp_path: Path) -> None:
    company = CompanyOnFile(tmp_path / "people.yaml")
    company.list(DANA)
    first = company.directory.revision()
    company.list(ROBO)
    company.list(DANA)
    assert company.directory.revision() == first


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
