"""`dvo policy test`: what the Rego tests and the situations say of the policies."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from controller.cli.failure import OK, REFUSED
from controller.cli.printable import printable
from controller.compose.policies import SITUATIONS, PolicyTests, policy_tests
from controller.decision.wording import counted
from controller.errors import PolicyError
from controller.policy.answer import Action
from controller.policy.situation import Situation
from controller.settings import load_local_settings, process_environment

SCHEMA = "dvo.policy-test/1"


def run(repository: Path, *, as_json: bool) -> int:
    """Run every test, tell the outcome and return the exit code."""
    tests = policy_tests(repository, load_local_settings(process_environment()).opa_bin)
    typer.echo(json.dumps(_document(tests), indent=2) if as_json else printable("\n".join(_lines(tests))))
    return OK if tests.have_passed else REFUSED


def _lines(tests: PolicyTests) -> Iterator[str]:
    for fault in tests.faults:
        yield f"{fault}"
        if fault.remedy != PolicyError.advice:
            yield f"  → {fault.remedy}"
    for test in tests.rego:
        if not test.has_passed:
            yield f"{test.path}:{test.line}: failed: {test.name}: {test.reason}"
            yield from (f"    {line}" for line in test.shown)
    yield from _at_fault(tests)
    told: set[str] = set()
    for played in tests.situations:
        if played.found is not None and played.differences:
            yield f"{played.situation.path}:{played.situation.line}: failed: {played.situation.name}"
            yield from (f"    {difference}" for difference in played.differences)
            new = {one.rule: one.message for one in played.unexpected if one.rule not in told}
            told |= new.keys()
            yield from (f"    {rule} says: {message}" for rule, message in sorted(new.items()))
            yield f"  → If that is meant, write: expect: {_expectation(played.found)}"
    if tests.faults:
        yield f"✗ {counted(len(tests.faults), 'fault')}; nothing was tested."
    else:
        yield from _counts(tests)


def _at_fault(tests: PolicyTests) -> Iterator[str]:
    """Tell once what is wrong with the policies themselves, for it mostly is the same everywhere."""
    silent: dict[tuple[str, ...], list[Situation]] = {}
    for played in tests.situations:
        if played.found is None:
            silent.setdefault(played.differences, []).append(played.situation)
    for told, situations in silent.items():
        first = situations[0]
        yield f"{first.path}:{first.line}: failed: {first.name}"
        yield from (f"    {one}" for one in told)
        if len(situations) > 1:
            yield f"    and so it is in {counted(len(situations) - 1, 'more situation')}"
    if tests.to_blame is not None:
        blamed = tests.to_blame
        yield f"{blamed.path}:{blamed.line}: without this rule, {blamed.id}, there is an answer"


def _counts(tests: PolicyTests) -> Iterator[str]:
    rego = [test.has_passed for test in tests.rego]
    situations = [not played.differences for played in tests.situations]
    whose = "Rego tests of company/" if tests.is_library_as_it_came else "Rego tests"
    for what, outcomes in (whose, rego), (f"situations in {SITUATIONS}", situations):
        sign = "✓" if outcomes and all(outcomes) else "✗" if outcomes else "-"
        yield f"{sign} {sum(outcomes)} of {len(outcomes)} {what} hold"
    if tests.is_library_as_it_came:
        yield "- DVO's own rules are as they came: their tests are not run until you change one."


def _expectation(found: Mapping[Action, frozenset[str]]) -> str:
    told = (f"{action.value}: [{', '.join(sorted(rules))}]" for action, rules in found.items() if rules)
    return "{" + ", ".join(told) + "}"


def _document(tests: PolicyTests) -> Mapping[str, object]:
    return {
        "schema": SCHEMA,
        "passed": tests.have_passed,
        "library_as_it_came": tests.is_library_as_it_came,
        "faults": [
            {"path": fault.path, "line": fault.line, "column": fault.column, "message": fault.message}
            for fault in tests.faults
        ],
        "to_blame": None
        if tests.to_blame is None
        else {"rule": tests.to_blame.id, "path": tests.to_blame.path, "line": tests.to_blame.line},
        "rego": [
            {
                "name": test.name,
                "path": test.path,
                "line": test.line,
                "passed": test.has_passed,
                "reason": test.reason,
                "shown": list(test.shown),
            }
            for test in tests.rego
        ],
        "situations": [
            {
                "name": played.situation.name,
                "path": played.situation.path,
                "line": played.situation.line,
                "passed": not played.differences,
                "differences": list(played.differences),
                "found": None
                if played.found is None
                else {action.value: sorted(rules) for action, rules in played.found.items()},
            }
            for played in tests.situations
        ],
    }
