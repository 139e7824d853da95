"""Worlds: one shared by the tests that leave it as it was, and new ones for those that do not."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.world import World, world


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that stays on a Tuesday; whoever makes trouble in it ends the trouble."""
    with world(tmp_path_factory.mktemp("company")) as made:
        yield made
