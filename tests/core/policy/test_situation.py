"""Fixtures are read strictly, each fault at its place, and say exactly what they expect."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.change.names import RepoPath
from controller.policy.answer import Action, Finding
from controller.policy.situation import ORDINARY, Situation, json_schemas, read_situations, rules_by_action

PATH = RepoPath("policies/tests/x.yaml")
HEAD = "apiVersion: dvo/v1\nkind: PolicyTests\nsituations:\n"


def problems(text: str) -> list[str]:
    reading = read_situations(PATH, text.encode())
    assert reading.accepted is None
    return [str(problem) for problem in reading.problems]


def only(given: str) -> Situation:
    reading = read_situations(PATH, f"{HEAD}  - name: x\n    {given}\n    expect: {{deny: [mc-x]}}\n".encode())
    assert reading.accepted is not None, reading.problems
    (situation,) = reading.accepted
    return situation


def finding(rule: str, action: Action) -> Finding:
    until = datetime(2027, 1, 1, tzinfo=UTC) if action is Action.DENY else None
    return Finding(rule, action, "Why.", "How.", None, None, None, None, until, None)


def test_the_ordinary_situation_is_a_question_as_published(schema_file: Path) -> None:
    schema = json.loads(schema_file.read_text())
    Draft202012Validator(schema).validate(ORDINARY)


def test_the_published_schema_is_that_of_what_is_read_and_takes_the_projects_own(schema_file: Path) -> None:
    ((name, content),) = json_schemas().items()
    assert schema_file.with_name(name).read_bytes() == content, "run tools/schemas.py"
    schema = json.loads(content)
    for file in sorted((schema_file.parents[1] / "policies" / "tests").iterdir()):
        Draft202012Validator(schema).validate(yaml.safe_load(file.read_text()))
        assert file.read_text().startswith(f"# yaml-language-server: $schema=../../schemas/{name}\n")
    assert not Draft202012Validator(schema).is_valid({"apiVersion": "dvo/v1", "kind": "PolicyTests", "situations": []})


def test_values_are_put_where_they_are_named() -> None:
    asked = cast(
        dict[str, Any], only("given: {/change/author: admin, /people/x: {kind: bot}, /files/0: {a: 1}}").document
    )
    assert (asked["change"]["author"], asked["people"]["x"], asked["files"]) == ("admin", {"kind": "bot"}, [{"a": 1}])
    assert only("given: {/environments/a~1b~0c: null}").document["environments"] != ORDINARY["environments"]
    assert cast(dict[str, Any], ORDINARY["change"])["author"] == "operator"


def test_what_is_there_can_be_replaced_and_taken_away() -> None:
    asked = cast(dict[str, Any], only("given: {/deployments/0/kinds/0: moved}").document)
    assert asked["deployments"][0]["kinds"] == ["moved"]
    assert "evidence" not in only("without: [/evidence]").document
    assert only("without: [/evidence/0]").document["evidence"] == []


def test_what_a_file_gives_holds_for_all_its_situations_and_each_goes_on_from_there() -> None:
    text = f"{HEAD}  - {{name: x, expect: {{}}}}\n  - {{name: z, given: {{/change/author: admin}}, expect: {{}}}}\n"
    reading = read_situations(
        PATH, f"{text}given: {{/now: later, /change/author: developer}}\nwithout: [/files]\n".encode()
    )
    assert reading.accepted is not None, reading.problems
    asked = [cast(dict[str, Any], situation.document) for situation in reading.accepted]
    assert [(each["now"], each["change"]["author"]) for each in asked] == [("later", "developer"), ("later", "admin")]
    assert all("files" not in each for each in asked)
    assert "files" in ORDINARY


def test_a_place_that_is_not_there_for_all_is_told_once() -> None:
    text = f"{HEAD}  - {{name: x, expect: {{}}}}\n  - {{name: z, expect: {{}}}}\ngiven:\n  /nowhere/x: 1\n"
    assert problems(text) == [f"{PATH}:7:3: `given`: the question has no place '/nowhere/x'"]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("given: {/nowhere/x: 1}", "given"),
        ("given: {/deployments/7/tier: 1}", "given"),
        ("given: {/deployments/x/tier: 1}", "given"),
        ("given: {/deployments/2: 1}", "given"),
        ("given: {/deployments/-: 1}", "given"),
        ("given: {/now/x: 1}", "given"),
        ("without: [/nowhere]", "without"),
        ("without: [/evidence/1]", "without"),
    ],
)
def test_a_place_that_is_not_there_is_a_fault(given: str, place: str) -> None:
    (told,) = problems(f"{HEAD}  - name: x\n    {given}\n    expect: {{}}\n")
    assert told.startswith(f"{PATH}:5:")
    assert f"`{place}`: the question has no place" in told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "situations: []\n",
        f"{HEAD}  []\n",
        f"{HEAD}  - name: x\n",
        f"{HEAD}  - {{name: '', expect: {{}}}}\n",
        f"{HEAD}  - {{name: x, expect: {{denies: []}}}}\n",
        f"{HEAD}  - {{name: x, expect: {{deny: [MC-X]}}}}\n",
        f"{HEAD}  - {{name: x, expect: {{deny: mc-x}}}}\n",
        f"{HEAD}  - {{name: x, expects: {{}}}}\n",
        f"{HEAD}  - {{name: x, given: {{now: x}}, expect: {{}}}}\n",
        f"{HEAD}  - {{name: x, given: {{/now: a, /now: b}}, expect: {{}}}}\n",
        f"{HEAD}  - {{name: x, expect: &a {{}}}}\n",
    ],
)
def test_whatever_is_no_fixture_is_refused_with_file_and_line(text: str) -> None:
    assert all(told.startswith(f"{PATH}:") for told in problems(text))


def test_two_situations_have_two_names() -> None:
    (told,) = problems(f"{HEAD}  - {{name: x, expect: {{}}}}\n  - {{name: x, expect: {{}}}}\n")
    assert told.startswith(f"{PATH}:5:")


def test_the_answer_must_be_the_expected_one_and_no_other() -> None:
    situation = only("given: {}")
    deny = finding("mc-x", Action.DENY)
    audited = rules_by_action([deny, deny, finding("mc-a", Action.AUDIT_ONLY)])
    assert audited == {Action.DENY: {"mc-x"}, Action.REQUIRE_APPROVAL: set(), Action.WARN: set()}
    assert situation.differences(audited) == ()
    assert situation.differences(rules_by_action([])) == ("deny: expected mc-x, got none",)
    more = rules_by_action([deny, finding("mc-y", Action.DENY), finding("mc-w", Action.WARN)])
    assert situation.differences(more) == (
        "deny: expected mc-x, got mc-x, mc-y",
        "warn: expected none, got mc-w",
    )
