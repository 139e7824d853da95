"""What an App lacks, told one by one, and who can mend it."""

from dataclasses import replace

import pytest

from controller.change.app_setup import (
    EVENTS,
    PERMISSIONS,
    QUEUE_EVENTS,
    QUEUE_PERMISSIONS,
    AppSetup,
    Granted,
    queue_shortcomings,
    shortcomings,
)
from controller.sandbox.seeding import APP_EVENTS, APP_PERMISSIONS
from controller.web.github_events import HANDLED

ENOUGH = Granted(PERMISSIONS, frozenset(EVENTS))
WITH_QUEUE = Granted({**PERMISSIONS, **QUEUE_PERMISSIONS}, frozenset({*EVENTS, *QUEUE_EVENTS}))


def without(*names: str) -> Granted:
    """Return enough, but for permissions by name and events by `on:` and their name."""
    permissions = {name: level for name, level in PERMISSIONS.items() if name not in names}
    return Granted(permissions, frozenset(event for event in EVENTS if f"on:{event}" not in names))


def test_enough_is_enough() -> None:
    assert shortcomings(AppSetup("dvo", ENOUGH, ENOUGH)) == ()
    assert queue_shortcomings(AppSetup("dvo", WITH_QUEUE, WITH_QUEUE)) == ()


def test_more_than_enough_is_enough() -> None:
    more = Granted(dict.fromkeys(PERMISSIONS, "admin"), frozenset({*EVENTS, "star"}))
    assert shortcomings(AppSetup("dvo", more, more)) == ()


@pytest.mark.parametrize("name", sorted(PERMISSIONS))
def test_a_permission_nobody_asks_for_is_told(name: str) -> None:
    (said,) = shortcomings(AppSetup("dvo", without(name), without(name)))
    assert f"`{name.replace('_', ' ').capitalize()}: {PERMISSIONS[name]}`" in said
    assert "In the App's settings (dvo)" in said


@pytest.mark.parametrize("level", ["read", "none", ""])
def test_a_level_that_is_too_low_is_told(level: str) -> None:
    low = replace(ENOUGH, permissions={**PERMISSIONS, "checks": level})
    (said,) = shortcomings(AppSetup("dvo", low, low))
    assert "`Checks: write`" in said


def test_what_was_asked_for_and_not_accepted_is_for_the_organizations_owner() -> None:
    said = shortcomings(AppSetup("dvo", ENOUGH, without("checks", "on:push", "on:team")))
    assert [each.partition(".")[2].strip() for each in said] == [
        "An owner accepts it under the organization's Settings > GitHub Apps > Review request."
    ] * 2
    assert "`Checks: write` was not accepted" in said[0]
    assert "`Push`, `Team`" in said[1]


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_nobody_subscribed_to_is_told_with_what_it_costs(name: str) -> None:
    lacking = without(f"on:{name}")
    (said,) = shortcomings(AppSetup("dvo", lacking, lacking))
    assert EVENTS[name] in said


def test_a_merge_queue_needs_one_of_each_more() -> None:
    said = queue_shortcomings(AppSetup("dvo", ENOUGH, ENOUGH))
    assert "`Merge queues: read`" in said[0]
    assert "`Merge group`" in said[1]


def test_what_is_needed_is_what_the_webhook_heeds_and_what_the_sandbox_grants() -> None:
    needed = {*EVENTS, *QUEUE_EVENTS}
    assert needed <= HANDLED
    assert needed == set(APP_EVENTS)
    assert {**PERMISSIONS, **QUEUE_PERMISSIONS}.items() <= APP_PERMISSIONS.items()
