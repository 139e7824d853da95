"""`dvo policy list`: the rules, as they tell of themselves."""

import json
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from controller.cli.failure import OK
from controller.cli.printable import printable
from controller.compose.policies import rule_notes
from controller.policy.rule_note import RuleNote, note_document
from controller.settings import load_local_settings, process_environment

SCHEMA = "dvo.policy-list/1"
_WIDEST = 100


def run(repository: Path, *, as_json: bool) -> int:
    """List the rules and return the exit code."""
    notes = rule_notes(repository, load_local_settings(process_environment()).opa_bin)
    if as_json:
        typer.echo(json.dumps({"schema": SCHEMA, "rules": [note_document(note) for note in notes]}, indent=2))
    else:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        typer.echo(printable("\n".join(_lines(notes, width))))
    return OK


def _lines(notes: Iterable[RuleNote], width: int) -> Iterator[str]:
    """Yield one short paragraph for each rule, readable at any width."""
    for note in notes:
        whose = "company, " if note.is_company else ""
        yield from textwrap.wrap(f"{note.id} ({whose}{note.severity.value}, {note.owner})", width)
        yield from _indented(f"{note.title}.", width)
        yield from _indented(f"→ {note.remedy}", width)


def _indented(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ")
