"""A plan's digest covers everything that reaches a target."""

import json
from dataclasses import fields, replace

import pytest

from controller.desired_state.canonical import canonical_json
from controller.desired_state.manifest import Autoscaling, Manifest
from controller.desired_state.plan import Plan, plan_document
from tests.core.desired_state.making import CHANGED, digest_of_release, release
from tests.core.desired_state.test_difference import plan

CHANGES: dict[str, object] = {
    "key": replace(plan().key, environment="other"),  # type: ignore[arg-type] # any text does here
    "version": "9.9.9",
    "digest": digest_of_release(),
    "model": plan(model="{provider: p, name: m}").manifest.model,
    "variables": {"A": "b"},
    "secrets": {"A": "keyvault://vault/name"},
    "rollout": plan(rollout="{auto_rollback: false}").manifest.rollout,
}
RESOLVED = {"platform", "replicas", "regions"}
NOWHERE = {"path", "lines"}


def test_every_field_of_a_manifest_counts_or_is_known_not_to() -> None:
    assert {field.name for field in fields(Manifest)} == CHANGES.keys() | RESOLVED | NOWHERE


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_field_changes_the_digest(name: str) -> None:
    changed = replace(plan(), manifest=replace(plan().manifest, **{name: CHANGES[name]}))  # type: ignore[arg-type] # by name
    assert changed.digest != plan().digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(plan(), release=release(files=CHANGED)),
        replace(plan(), replicas=2),
        replace(plan(), replicas=Autoscaling(1, 2)),
        replace(plan(), regions=("a",)),
        plan(platform="langchain"),
    ],
    ids=["release", "replicas", "autoscaling", "regions", "platform"],
)
def test_what_is_resolved_counts(changed: Plan) -> None:
    assert changed.digest != plan().digest


def test_what_says_nothing_about_the_target_does_not_count() -> None:
    moved = replace(plan().manifest, lines={}, replicas=9, regions=("x",))
    assert replace(plan(), manifest=moved).digest == plan().digest


def test_the_document_is_plain_json() -> None:
    document = plan_document(plan(model="{provider: p, name: m}"))
    assert json.loads(canonical_json(document)) == document
    assert document["model"] == {"provider": "p", "name": "m", "temperature": 0.0}
    assert document["pinned"] is False
