"""`dvo policy explain`: why a branch gets the verdict it gets and what turns it green, or what a rule is about."""

import difflib
import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from controller.cli.check_document import check_document
from controller.cli.checking import Asked, exit_code_of, outcome_of
from controller.cli.failure import OK
from controller.cli.printable import printable
from controller.compose.policies import rule_notes
from controller.decision.path_document import NO_PATH, path_document
from controller.decision.wording import counted, roles
from controller.errors import InputError
from controller.policy.green_path import GreenPath, Way
from controller.policy.rule_note import RuleNote, note_document
from controller.settings import load_local_settings, process_environment
from controller.workflow.local_check import LocalCheck

SCHEMA = "dvo.policy-explain/1"
RULE_SCHEMA = "dvo.policy-rule/1"
_WIDEST = 100


def explain(asked: Asked, *, as_json: bool) -> int:
    """Explain the verdict on a branch, and return the exit code of that verdict."""
    outcome = outcome_of(asked)
    if as_json:
        typer.echo(json.dumps(_document(outcome), indent=2))
    else:
        from controller.cli.explain_report import print_explanation

        print_explanation(outcome)
    return exit_code_of(outcome)


def explain_rule(repository: Path, rule: str, *, as_json: bool) -> int:
    """Tell what a rule says of itself. Raises `InputError` for a rule there is none of."""
    notes = rule_notes(repository, load_local_settings(process_environment()).opa_bin)
    note = next((note for note in notes if note.id == rule), None)
    if note is None:
        close = difflib.get_close_matches(rule, [note.id for note in notes], n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise InputError(f"expected the id of a rule, as `dvo policy list` tells them, got {rule[:80]!a}{hint}")
    if as_json:
        typer.echo(json.dumps({"schema": RULE_SCHEMA, **note_document(note)}, indent=2))
    else:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        typer.echo(printable("\n".join(_about(note, width))))
    return OK


def ways_of(outcome: LocalCheck) -> GreenPath:
    """Return the path to green of a local branch; empty where policy gave no answer."""
    return outcome.judgement.path or NO_PATH


def asked_of(outcome: LocalCheck, way: Way) -> Iterator[str]:
    """Yield whom to ask for the approvals a finding takes: here only CODEOWNERS is known."""
    for one in outcome.asked:
        if way.finding.terms is not None and one.requirement.reason == way.finding.rule:
            owners = " or ".join(str(owner) for owner in one.owners) or "nobody, for no owner is named"
            wanted = counted(one.requirement.minimum, "approval")
            yield f"ask for {wanted} by {owners}, who is {roles(one.requirement.roles)}"


def _about(note: RuleNote, width: int) -> Iterator[str]:
    whose = "company, " if note.is_company else ""
    yield from textwrap.wrap(f"{note.id}: {note.title}.", width)
    yield ""
    yield from textwrap.wrap(note.description, width)
    yield ""
    yield from textwrap.wrap(f"→ {note.remedy}", width, subsequent_indent="  ")
    yield ""
    yield from textwrap.wrap(f"{whose}severity {note.severity.value}; answered for by {note.owner}", width)
    yield f"{note.path}:{note.line}"


def _document(outcome: LocalCheck) -> Mapping[str, object]:
    told = path_document(outcome.judgement, lambda way: asked_of(outcome, way))
    return {**check_document(outcome), "schema": SCHEMA, **told}
