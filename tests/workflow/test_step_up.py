"""A second factor used at a step-up stands for what the directory does not say, for some hours."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.ledger.event import EventType
from controller.workflow.chronicle import Chronicle
from controller.workflow.step_up import STEP_UP_COUNTS, SteppedUp
from tests.workflow.world import World

STEP_UP = {"mfa": True, "step_up": True}


def mfa_of_dana(world: World, told: Mapping[str, object], ago: timedelta, *, known: bool | None = None) -> bool | None:
    """Return whether she has a second factor, when she signed in so long `ago` and the event `told` this."""
    world.directory.people = [
        replace(one, mfa=known) if one.login == "dana-dev" else one for one in world.directory.people
    ]
    chronicle = Chronicle(world.journal, world.workflows.sealer, world.clock, lambda: str(uuid.uuid4()))
    event = chronicle.event(EventType.AUTH_LOGIN, "github:1001", told, actor="github:1001")
    chronicle.record((replace(event, at=world.clock.now() - ago),))
    found = SteppedUp(world.directory, chronicle).look_up(frozenset(), frozenset(), frozenset({"dana-dev"}))
    dana = found.by_login["dana-dev"]
    assert dana is not None
    return dana.mfa


def test_a_step_up_with_a_second_factor_counts(world: World) -> None:
    assert mfa_of_dana(world, STEP_UP, timedelta(minutes=1)) is True


@pytest.mark.parametrize(
    ("told", "ago"),
    [
        pytest.param({"mfa": True, "step_up": False}, timedelta(), id="another sign-in, which may rest on an old one"),
        pytest.param({"mfa": True}, timedelta(), id="an event that says nothing of it"),
        pytest.param({"mfa": None, "step_up": True}, timedelta(), id="no second factor"),
        pytest.param({"mfa": "true", "step_up": "true"}, timedelta(), id="words"),
        pytest.param(STEP_UP, STEP_UP_COUNTS, id="too long ago"),
        pytest.param(STEP_UP, -timedelta(minutes=1), id="in the future"),
    ],
)
def test_no_other_sign_in_does(world: World, told: Mapping[str, object], ago: timedelta) -> None:
    assert mfa_of_dana(world, told, ago) is None


def test_what_the_directory_denies_a_step_up_mends(world: World) -> None:
    assert mfa_of_dana(world, STEP_UP, timedelta(), known=False) is True
