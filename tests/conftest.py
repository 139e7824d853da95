"""What holds for every test: no deadline for properties, and no call to GitHub but as GitHub describes it.

A property test without a deadline cannot fail on a slow machine.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from controller.sandbox.witness import WITNESSES
from tests.sandbox.contract import broken, hold

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _witness() -> Iterator[None]:
    WITNESSES.append(hold)
    yield
    WITNESSES.remove(hold)
    assert broken() == []


@pytest.fixture(autouse=True)
def _as_described(_witness: None) -> Iterator[None]:
    yield
    assert broken() == []
