"""What the tests of desired state share."""

import pytest

from tests.core.desired_state.making import World


@pytest.fixture
def world() -> World:
    return World()
