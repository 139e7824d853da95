"""A company's rule says what it is about, or the change that brings it is told where it does not."""

import pytest

from controller.policy.company import company_rules
from controller.policy.company_note import company_note_problems

NOTE = """\
# METADATA
# title: Own
# description: |
#   Two
#   lines.
# custom:
#   id: acme-own
#   owner: us
#   severity: low
#   remedy: Wait.
"""
RULE = 'package dvo.company.own\n\nid := "acme-own"\n'
PATH = "policies/rego/company/own.rego"


def told(text: str) -> list[str]:
    files = {"company/own.rego": text.encode()}
    return [str(problem) for problem in company_note_problems(files, company_rules(files))]


@pytest.mark.parametrize(
    "text",
    [
        NOTE + RULE,
        "# A licence.\n\n" + NOTE + RULE,
        "# METADATA\n# title: another\n\n" + NOTE + RULE,
        NOTE.replace("\n", "\r\n") + RULE,
        NOTE.replace("# METADATA", "#METADATA") + "\n" + RULE + NOTE.replace("acme-own", "other"),
    ],
    ids=["alone", "below a licence", "the last of two", "with carriage returns", "one below the package is another's"],
)
def test_a_complete_note_is_fine(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text", [RULE, "# title: x\n" + RULE, RULE + NOTE, NOTE.replace("METADATA", "METADATA x") + RULE]
)
def test_a_rule_without_a_note_is_told_at_its_first_line(text: str) -> None:
    assert told(text) == [f"{PATH}:1:1: expected a note (# METADATA) above the package, got none"]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("#   severity: low\n", "", "1:1: expected a string at the note's custom.severity, got null"),
        (
            "low",
            "lowish",
            "1:1: expected one of info, low, medium, high, critical at the note's custom.severity, got 'lowish'",
        ),
        ("id: acme-own", "id: acme-other", "1:1: expected acme-own as id in the note, as line 13 says, got acme-other"),
        ("# title: Own\n", "# title: [\n", "3:15: not valid YAML"),
        ("#   owner: us\n", "#   owner: us\n#   owner: them\n", "9:"),
        ("# title: Own\n", "# title: &a Own\n", "2:"),
    ],
    ids=["a missing part", "an unknown severity", "another id", "no YAML", "a doubled key", "an anchor"],
)
def test_what_is_wrong_with_a_note_is_told_at_its_line(before: str, after: str, problem: str) -> None:
    (found,) = told(NOTE.replace(before, after) + RULE)
    assert found.startswith(f"{PATH}:{problem}")


def test_a_note_of_nothing_is_told() -> None:
    assert told("# METADATA\n" + RULE) == [f"{PATH}:2:1: the document is empty"]
