"""CODEOWNERS files from text, and a second matcher that shares nothing with the first."""

from collections.abc import Callable

import pytest

from controller.change.names import RepoPath
from controller.ownership.codeowners import CodeOwners, parse_codeowners

FILE = RepoPath(".github/CODEOWNERS")


@pytest.fixture
def read() -> Callable[[str], CodeOwners]:
    return lambda text: parse_codeowners(FILE, text.encode())
