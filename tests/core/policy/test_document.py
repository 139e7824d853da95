"""The question becomes one JSON document: complete, in order, and as published."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from controller.change.names import RepoPath
from controller.desired_state.canonical import canonical_json
from controller.desired_state.difference import Difference
from controller.desired_state.effect import Effect, FileEffect
from controller.desired_state.environment import Tier
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import InputError
from controller.policy.document import policy_document
from controller.policy.question import BreakGlassAsked, Evidence, OpenReview, Purpose, Question
from tests.core.policy.conftest import DANA, DIGEST, OTHER_DIGEST, state, with_tiers


def document(question: Question) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(canonical_json(policy_document(question))))


def test_the_document_is_as_published(question: Question, schema_file: Path) -> None:
    schema = json.loads(schema_file.read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document(question))


def test_the_published_form_has_no_room_for_more(question: Question, schema_file: Path) -> None:
    validator = Draft202012Validator(json.loads(schema_file.read_text()))
    assert not validator.is_valid({**document(question), "title": "Urgent!"})


def test_it_says_who_proposes_when_and_why(question: Question) -> None:
    asked = document(question)
    assert asked["schema"] == "dvo.policy-input/1"
    assert asked["now"] == "2026-11-21T10:00:00Z"
    assert asked["purpose"] == "pull_request"
    assert asked["change"] == {"author": "github:1001", "requester": None, "restores": False}
    assert asked["people"] == {"github:1001": {"kind": "person", "groups": ["All", "DVO-Developers"], "mfa": None}}


def test_it_holds_no_login_and_no_name(question: Question) -> None:
    assert b"dana" not in canonical_json(policy_document(question))


def test_deployments_stand_in_order_with_both_plans_and_the_lines_of_the_new_one(question: Question) -> None:
    anl, orc, gha = document(question)["deployments"]
    assert [(each["environment"], each["agent"]) for each in (anl, orc, gha)] == [
        ("production", "ANL"),
        ("production", "ORC"),
        ("staging", "GHA"),
    ]
    assert anl["kinds"] == ["rescaled", "upgraded"]
    assert anl["before"]["version"] == "1.0.0"
    assert anl["after"]["version"] == "1.1.0"
    assert anl["lines"] == {"agent": 4, "model.name": 11, "version": 5}
    assert gha["before"] is None
    assert gha["after"]["replicas"] == {"min": 2, "max": 10}


def test_a_removed_deployment_has_a_path_and_no_lines(question: Question) -> None:
    orc = document(question)["deployments"][1]
    assert orc["path"] == "environments/production/orc.yaml"
    assert orc["lines"] == {}
    assert orc["after"] is None


def test_a_difference_without_plans_is_still_asked_about(question: Question) -> None:
    unplanned = replace(question.proposal.differences[0], before=None, after=None)
    asked = document(replace(question, proposal=replace(question.proposal, differences=(unplanned,))))
    assert asked["deployments"][0]["path"] is None


def test_environments_are_stated_on_both_sides(question: Question) -> None:
    environments = document(question)["environments"]
    assert list(environments) == ["development", "production", "staging"]
    assert environments["development"]["after"] is None
    assert environments["staging"]["before"] is None
    assert environments["production"]["before"] == {
        "tier": "production",
        "time_zone": "Europe/Berlin",
        "platforms": {"fastapi": "process", "langchain": "kubernetes"},
        "freeze_windows": [{"name": "year-end", "start": "2026-12-20T00:00:00Z", "end": "2027-01-03T12:30:00Z"}],
        "drift": "heal",
    }


@pytest.mark.parametrize(
    ("before", "after", "judged"),
    [
        (Tier.PRODUCTION, Tier.DEVELOPMENT, "production"),
        (Tier.DEVELOPMENT, Tier.PRODUCTION, "production"),
        (Tier.STAGING, Tier.DEVELOPMENT, "staging"),
        (Tier.DEVELOPMENT, Tier.STAGING, "staging"),
    ],
)
def test_a_change_of_tier_counts_as_the_stricter(question: Question, before: Tier, after: Tier, judged: str) -> None:
    asked = document(with_tiers(question, before, after))
    assert asked["environments"]["production"]["tier"] == judged
    assert asked["deployments"][0]["tier"] == judged


def test_an_environment_nobody_could_read_is_judged_as_production(question: Question) -> None:
    unread = replace(question, proposal=replace(question.proposal, before=state(), after=state()))
    assert {each["tier"] for each in document(unread)["deployments"]} == {"production"}


def test_files_are_told_apart_and_sorted(question: Question) -> None:
    files = document(question)["files"]
    assert [(file["path"], file["kind"]) for file in files] == [
        ("CODEOWNERS", "governance"),
        ("agents/anl/agent.yaml", "agent"),
    ]
    assert files[0]["before"] is None


def test_a_manifest_without_a_plan_to_compare_is_no_governance(question: Question) -> None:
    faulty = FileEffect(RepoPath("environments/production/anl.yaml"), None, None)
    proposal = replace(question.proposal, effect=Effect((), (faulty,)))
    assert [file["kind"] for file in document(replace(question, proposal=proposal))["files"]] == ["deployment"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("policies/a\nb.rego", r"policies/a\nb.rego"),
        ("policies/\x1b[2J", r"policies/\x1b[2J"),
        ("policies/\u202eger.a", r"policies/\u202eger.a"),
        ("policies/\udcff", r"policies/\xff"),
        ("policies/é", "policies/é"),
    ],
)
def test_a_path_of_any_bytes_can_be_shown(question: Question, path: str, shown: str) -> None:
    effect = Effect((), (FileEffect(RepoPath(path), None, DIGEST),))
    asked = document(replace(question, proposal=replace(question.proposal, effect=effect)))
    assert asked["files"][0]["path"] == shown


def test_evidence_is_sorted(question: Question) -> None:
    assert [each["release"][-1] for each in document(question)["evidence"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("agent", "is_told"),
    [("ANL", True), ("ORC", True), ("GHA", True), ("DOC", True), ("OTH", False), ("AN", False)],
)
def test_evidence_is_about_the_agents_that_change(question: Question, agent: str, is_told: bool) -> None:
    """Wherever it ran: whether it is deployed elsewhere, taken out or only written differently."""
    key = Key(EnvironmentName("development"), AgentCode(agent))
    evidence = Evidence(key, Tier.DEVELOPMENT, DIGEST, question.now)
    written = FileEffect(RepoPath("agents/doc/agent.yaml"), DIGEST, OTHER_DIGEST)
    effect = replace(question.proposal.effect, files=(*question.proposal.effect.files, written))
    proposal = replace(question.proposal, effect=effect)
    asked = document(replace(question, proposal=proposal, evidence=(*question.evidence, evidence)))
    assert [each["agent"] for each in asked["evidence"]] == ([agent] if is_told else []) + ["ANL", "ANL"]


def test_times_are_told_in_utc(question: Question) -> None:
    elsewhere = datetime(2026, 11, 21, 12, 0, 0, 500, tzinfo=timezone(timedelta(hours=2)))
    assert document(replace(question, now=elsewhere))["now"] == "2026-11-21T10:00:00.000500Z"


def test_a_time_without_a_zone_is_refused(question: Question) -> None:
    with pytest.raises(InputError, match="expected a time with a zone"):
        policy_document(replace(question, now=datetime(2026, 11, 21)))  # noqa: DTZ001 - that is the point


def test_a_change_of_nothing_has_empty_lists(question: Question) -> None:
    """ATTACKS 081, 098."""
    nothing = replace(question.proposal, differences=(), effect=Effect((), ()))
    asked = document(replace(question, proposal=nothing, evidence=(), people={}, author=None))
    assert (asked["deployments"], asked["files"], asked["evidence"], asked["people"]) == ([], [], [], {})
    assert asked["change"] == {"author": None, "requester": None, "restores": False}


def test_the_order_of_the_facts_does_not_matter(question: Question) -> None:
    documents = {
        canonical_json(policy_document(replace(question, proposal=replace(question.proposal, differences=order))))
        for order in permutations(question.proposal.differences)
    }
    assert len(documents) == 1


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    now=st.datetimes(timezones=st.timezones(), min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    purpose=st.sampled_from(Purpose),
    differences=st.data(),
)
def test_every_document_is_as_published(
    question: Question, schema_file: Path, now: datetime, purpose: Purpose, differences: st.DataObject
) -> None:
    drawn: list[Difference] = differences.draw(st.lists(st.sampled_from(question.proposal.differences)))
    asked = replace(
        question,
        now=now,
        purpose=purpose,
        requester=DANA,
        proposal=replace(question.proposal, differences=tuple(drawn)),
    )
    told = document(asked)
    Draft202012Validator(json.loads(schema_file.read_text())).validate(told)
    assert datetime.fromisoformat(told["now"]) == now.astimezone(UTC)


def test_break_glass_and_open_reviews_are_told_without_words(question: Question, schema_file: Path) -> None:
    now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    key, other = (
        Key(EnvironmentName("production"), AgentCode("GHA")),
        Key(EnvironmentName("production"), AgentCode("ANL")),
    )
    reviews = (OpenReview(key, now, 7), OpenReview(other, now, None))
    asked = document(replace(question, break_glass=BreakGlassAsked(now, now), reviews=reviews))
    Draft202012Validator(json.loads(schema_file.read_text())).validate(asked)
    effect = question.proposal.effect.digest
    assert asked["break_glass"] == {"effect": effect, "since": "2026-11-21T10:00:00Z", "as_of": "2026-11-21T10:00:00Z"}
    assert [(each["agent"], each["issue"]) for each in asked["reviews"]] == [("ANL", None), ("GHA", 7)]
