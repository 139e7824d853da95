"""What a remedy does to the question; whether it helps, a real OPA says in tests/workflow/test_remedies.py."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.desired_state.environment import Tier
from controller.policy.answer import Action, Finding
from controller.policy.remedies import PROPOSER, remedied, steps_of
from controller.policy.remedy import (
    CloseReview,
    Edit,
    Nothing,
    Promote,
    Propose,
    Repair,
    Split,
    Step,
    Subject,
    Unlabel,
    Wait,
    Withdraw,
)
from controller.policy.situation import ORDINARY

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FILES = [{"path": "agents/anl/agent.yaml", "kind": "agent"}, {"path": "CODEOWNERS", "kind": "governance"}]


def finding(*steps: Step, where: str | None = "production", until: datetime | None = None) -> Finding:
    agent = None if where is None else "ANL"
    return Finding("acme", Action.DENY, "No.", "Do it.", where, agent, None, None, until, None, remedy=steps)


def question(**changes: object) -> dict[str, Any]:
    return {**copy.deepcopy(ORDINARY), **changes}


def after(*steps: Step, asked: Mapping[str, object] | None = None, where: str | None = "production") -> dict[str, Any]:
    changed = remedied(asked or question(), [finding(*steps, where=where)])
    assert len(changed) == 1
    return dict(changed[0])


def edit(field: str, value: str | None, subject: Subject = Subject.DEPLOYMENT) -> Edit:
    return Edit(subject, field, value)


def plan(document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["deployments"][0]["after"]
    return found


def test_a_finding_that_ends_by_itself_waits_unless_its_rule_knows_better() -> None:
    assert steps_of(finding(until=MONDAY)) == (Wait(MONDAY),)
    assert steps_of(finding(Unlabel(), until=MONDAY)) == (Unlabel(),)
    assert steps_of(finding()) == ()


def test_the_question_itself_stays_and_the_other_is_marked_as_a_simulation() -> None:
    asked = question()
    changed = after(edit("replicas", "3"), asked=asked)
    assert asked == ORDINARY
    assert (changed["purpose"], plan(changed)["replicas"]) == ("simulation", 3)


@pytest.mark.parametrize(
    ("step", "field", "value"),
    [
        (edit("autoscaling", '{"max": 3, "min": 1}'), "replicas", {"min": 1, "max": 3}),
        (edit("model.name", '"gpt-5"'), "model", {"provider": "azure_openai", "name": "gpt-5", "temperature": 0.1}),
        (edit("variables.LOG_LEVEL", None), "variables", {}),
        (edit("variables.NEW", '"x"'), "variables", {"LOG_LEVEL": "INFO", "NEW": "x"}),
        (edit("variables.NONE", None), "variables", {"LOG_LEVEL": "INFO"}),
        (edit("no.such.place", "1"), "regions", ["westeurope"]),
    ],
    ids=lambda given: str(given)[:40],
)
def test_a_field_of_the_manifest_is_written(step: Edit, field: str, value: object) -> None:
    assert plan(after(step))[field] == value


def test_a_digest_pins_the_release_and_without_one_it_floats() -> None:
    pinned = plan(after(edit("digest", '"sha256:c"')))
    assert (pinned["pinned"], pinned["release"]) == (True, "sha256:c")
    floating = plan(after(edit("digest", None)))
    assert (floating["pinned"], floating["release"]) == (False, "sha256:" + "a" * 64)


def test_another_version_is_yet_to_be_published() -> None:
    changed = after(edit("version", '"0.9.0"'))
    assert plan(changed)["release"] == "sha256:" + "0" * 64
    assert changed["deployments"][0]["kinds"] == ["downgraded"]
    assert after(edit("version", '"1.2.0"'))["deployments"][0]["kinds"] == ["upgraded"]
    assert after(edit("version", '"latest"'))["deployments"][0]["kinds"] == ["reconfigured"]
    assert plan(after(edit("version", None)))["version"] is None


def test_the_version_of_before_brings_back_what_it_was() -> None:
    asked = question()
    asked["deployments"][0]["abilities"]["after"] = None
    plan(asked)["replicas"] = 5
    changed = after(edit("version", '"1.0.0"'), asked=asked)
    assert plan(changed)["release"] == "sha256:" + "b" * 64
    assert changed["deployments"][0]["kinds"] == ["reconfigured"]
    assert changed["deployments"][0]["abilities"]["after"] == changed["deployments"][0]["abilities"]["before"]


def test_a_version_is_written_before_its_digest() -> None:
    changed = after(edit("digest", '"sha256:c"'), edit("version", '"2.0.0"'))
    assert (plan(changed)["version"], plan(changed)["release"]) == ("2.0.0", "sha256:c")


def test_a_deployment_that_is_as_before_changes_no_more() -> None:
    assert after(edit("version", '"1.0.0"'))["deployments"] == []


def test_an_environment_is_changed_on_main_and_in_the_change() -> None:
    stated = after(edit("platforms.fastapi", '"process"', Subject.ENVIRONMENT))["environments"]["production"]
    assert stated["before"]["platforms"] == stated["after"]["platforms"] == {"fastapi": "process"}
    new = question()
    new["environments"]["production"]["before"] = None
    stated = after(edit("drift", '"heal"', Subject.ENVIRONMENT), asked=new)["environments"]["production"]
    assert (stated["before"], stated["after"]["drift"]) == (None, "heal")


def test_somebody_else_proposes_and_the_strongest_role_wins() -> None:
    changed = after(Propose("admin", ("A", "B")), Propose("developer", ("C",)))
    assert changed["change"] == {"author": PROPOSER, "requester": None}
    assert changed["people"][PROPOSER] == {"kind": "person", "groups": ["A"], "mfa": True}


def test_a_release_that_ran_elsewhere_is_evidence() -> None:
    told = after(Promote(Tier.STAGING), asked=question(evidence=[]))["evidence"]
    release = {"agent": "ANL", "release": "sha256:" + "a" * 64, "completed_at": "2026-11-18T11:00:00Z"}
    assert told == [{"environment": "staging", "tier": "staging", **release}]
    lonely = after(Promote(Tier.STAGING), asked=question(evidence=[], environments={}))["evidence"]
    assert lonely[0]["environment"] == "staging"


def test_reviews_of_the_agent_are_closed() -> None:
    reviews = [{"agent": "ANL"}, {"agent": "GHA"}]
    assert after(CloseReview(), asked=question(reviews=reviews))["reviews"] == [{"agent": "GHA"}]
    assert after(CloseReview(), asked=question(reviews=reviews), where=None)["reviews"] == []


def test_time_passes_for_break_glass_too() -> None:
    moment = "2026-11-23T08:00:00Z"
    assert after(Wait(MONDAY))["now"] == moment
    assert after(Wait(MONDAY), asked=question(break_glass={"as_of": "x"}))["break_glass"] == {"as_of": moment}
    assert after(Unlabel(), asked=question(break_glass={"as_of": "x"}))["break_glass"] is None


def test_the_latest_time_is_waited_for() -> None:
    sooner = MONDAY.replace(hour=7)
    assert after(Wait(MONDAY), Wait(sooner))["now"] == "2026-11-23T08:00:00Z"


def test_what_a_finding_is_about_can_be_left_out() -> None:
    other = question(files=FILES)
    other["deployments"].append({**other["deployments"][0], "agent": "GHA"})
    left = after(Withdraw(), asked=other)
    assert [one["agent"] for one in left["deployments"]] == ["GHA"]
    assert left["files"] == FILES
    nothing = after(Withdraw(), asked=other, where=None)
    assert (nothing["deployments"], nothing["files"]) == ([], [])


@pytest.mark.parametrize("step", [Repair(), Nothing()])
def test_where_nothing_in_the_change_helps_nothing_is_changed(step: Step) -> None:
    assert after(step) == question(purpose="simulation")


def many(*tiers: str) -> dict[str, Any]:
    one = question()["deployments"][0]
    deployments = [{**one, "tier": tier, "agent": f"AG{number // 2}"} for number, tier in enumerate(tiers)]
    return question(deployments=deployments, files=FILES, break_glass={"as_of": "x"})


@pytest.mark.parametrize(
    ("splits", "sizes"),
    [
        ([Split(2, None, None)], [2, 2, 1, 0]),
        ([Split(None, 1, None)], [3, 1, 1, 0]),
        ([Split(None, None, 1)], [2, 2, 1, 0]),
        ([Split(2, None, None), Split(None, 1, 9)], [2, 2, 1, 0]),
        ([Split(9, 9, 9)], [5, 0]),
    ],
)
def test_a_split_makes_parts_that_are_small_enough(splits: list[Step], sizes: list[int]) -> None:
    asked = many("staging", "production", "staging", "production", "production")
    parts = remedied(asked, [finding(*splits, where=None)])
    assert [len(part["deployments"]) for part in parts] == sizes  # type: ignore[arg-type] # a list
    assert [part["files"] for part in parts] == [[FILES[0]], *[[] for _ in sizes[2:]], [FILES[1]]]
    assert parts[-1]["break_glass"] is None


def test_files_alone_are_split_from_what_governs() -> None:
    parts = remedied(question(deployments=[], files=FILES), [finding(Split(1, None, None), where=None)])
    assert [part["files"] for part in parts] == [[FILES[0]], [FILES[1]]]
    governing = remedied(question(deployments=[], files=FILES[1:]), [finding(Split(1, None, None), where=None)])
    assert [part["files"] for part in governing] == [[FILES[1]]]
    assert len(remedied(question(files=[]), [finding(Split(1, None, None), where=None)])) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"deployments": None, "people": [], "change": None, "environments": 1, "evidence": {}, "reviews": ""},
        {"deployments": [None, {"environment": "production", "agent": "ANL", "kinds": None, "after": None}]},
    ],
    ids=["empty", "other types", "no plan"],
)
def test_a_malformed_question_breaks_no_remedy(broken: dict[str, object]) -> None:
    steps = [edit("version", '"1.0.0"'), edit("platforms.x", "1", Subject.ENVIRONMENT), edit("digest", "1")]
    every: list[Step] = [
        *steps,
        Propose("admin", ("A",)),
        Promote(Tier.STAGING),
        CloseReview(),
        Withdraw(),
        Split(1, 1, 1),
    ]
    assert isinstance(remedied(broken, [finding(*every)]), tuple)
