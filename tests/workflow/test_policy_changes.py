"""A merge that changes policies leaves an event for each file; so does a push, louder."""

from collections.abc import Mapping

import pytest

from controller.change.names import digest_of
from controller.ledger.event import Event, EventType, Severity
from tests.workflow.steps import DEVELOPMENT, edited
from tests.workflow.world import World

KINDS = (EventType.POLICY_CREATED, EventType.POLICY_MODIFIED, EventType.POLICY_DELETED)
AUDIT = "policies/rego/rules/mc_audit_all.rego"
SITUATIONS = "policies/tests/elsewhere.yaml"
NEW = "policies/rego/company/notes.rego"
CONTENT = b"package dvo.notes\n"


def told(world: World) -> list[Event]:
    return [event for kind in KINDS for event in world.events(kind)]


def changed(world: World) -> Mapping[str, bytes | str | None]:
    return {NEW: CONTENT, AUDIT: world.file(AUDIT) + b"\n# a remark\n", SITUATIONS: None}


def test_every_policy_file_that_a_merge_changes_is_told_with_who_and_which(world: World) -> None:
    before = {path: digest_of(world.file(path)) for path in (AUDIT, SITUATIONS)}
    number = world.propose("omar-ops", "remark", changed(world))
    world.approve("ada-admin", number)
    assert told(world) == []
    merge = world.merge("rita-release", number)
    events = {event.subject: event for event in told(world)}
    assert {path: event.type for path, event in events.items()} == {
        NEW: EventType.POLICY_CREATED,
        AUDIT: EventType.POLICY_MODIFIED,
        SITUATIONS: EventType.POLICY_DELETED,
    }
    assert {path: (event.details["before"], event.details["after"]) for path, event in events.items()} == {
        NEW: (None, digest_of(CONTENT)),
        AUDIT: (before[AUDIT], digest_of(world.file(AUDIT))),
        SITUATIONS: (before[SITUATIONS], None),
    }
    for event in events.values():
        facts = {name: event.details[name] for name in ("commit", "pull", "author", "merged_by")}
        assert facts == {"commit": merge, "pull": number, "author": "github:1002", "merged_by": "github:1003"}
        assert event.severity is Severity.INFO


def test_it_is_told_once_however_often_anybody_looks(world: World) -> None:
    number = world.propose("omar-ops", "remark", changed(world))
    world.approve("ada-admin", number)
    merge = world.merge("omar-ops", number)
    world.look("main", f"merge/{merge}", f"pull/{number}", "sweep", "main")
    assert len(told(world)) == 3
    world.lose_database()
    world.look("main", f"merge/{merge}", "sweep")
    assert len(told(world)) == 3


def test_it_stands_in_the_sealed_ledger(world: World) -> None:
    number = world.propose("omar-ops", "remark", {NEW: CONTENT})
    world.approve("ada-admin", number)
    world.merge("omar-ops", number)
    sealed = [entry.event for entry in world.ledger.entries() if entry.event.type in KINDS]
    assert [(event.type, event.subject) for event in sealed] == [(EventType.POLICY_CREATED, NEW)]


def test_a_change_that_leaves_the_policies_alone_tells_nothing(world: World) -> None:
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    world.approve("omar-ops", number)
    world.merge("omar-ops", number)
    assert told(world) == []


def test_policies_that_are_pushed_are_told_as_a_warning_and_putting_them_back_is_too(world: World) -> None:
    """ATTACKS 088: what judges has changed, whether or not anybody admitted it."""
    pushed = world.host.push_main({NEW: CONTENT}, by=world.account("ada-admin"))
    push(world)
    back = world.host.push_main({NEW: None}, by=world.account("ada-admin"))
    push(world)
    assert [(event.type, event.details["commit"], event.details["pull"]) for event in told(world)] == [
        (EventType.POLICY_CREATED, pushed, None),
        (EventType.POLICY_DELETED, back, None),
    ]
    assert {event.severity for event in told(world)} == {Severity.WARNING}


def push(world: World) -> None:
    """Look at main until it is certain that no pull request brought what was pushed."""
    world.look("main")
    world.travel(world.clock.moment.replace(minute=(world.clock.moment.minute + 1) % 60))
    world.look("main")


@pytest.mark.parametrize("name", ["policies/rego/company/na me.rego", "policies/rego/company/\udcff.rego"])
def test_an_odd_name_is_told_in_a_form_that_can_be_kept(world: World, name: str) -> None:
    world.host.push_main({name: CONTENT}, by=world.account("ada-admin"))
    push(world)
    assert [event.subject for event in told(world)] == [name.replace(" ", "%20").replace("\udcff", "%FF")]
