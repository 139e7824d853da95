"""The directory in memory keeps the contract."""

import pytest

from controller.identity.principal import Principal
from controller.ports.directory import Directory
from tests.contracts.directory import DANA, ROBO, DirectoryContract
from tests.fakes.directory import InMemoryDirectory, Person


class CompanyInMemory:
    def __init__(self) -> None:
        self._memory = InMemoryDirectory()
        self.directory: Directory = self._memory

    def list(self, *people: Person) -> None:
        self._memory.people, self._memory.broken = list(people), None

    def break_down(self) -> None:
        self._memory.broken = "the directory does not answer"

    def principal(self, person: Person) -> Principal:
        return person.principal


class TestInMemoryDirectory(DirectoryContract):
    """See the fixture."""

    @pytest.fixture
    def company(self) -> CompanyInMemory:
        made = CompanyInMemory()
        made.list(DANA, ROBO)
        return made
