"""`dvo check`: policy's verdict on a local branch, as a report or as JSON."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from controller.adapters.system_clock import SystemClock
from controller.cli.check_document import check_document
from controller.cli.failure import OK, REFUSED, UNREACHABLE
from controller.compose.local import CheckParts, check_branch
from controller.decision.verdict import Cause, Refused, Unanswered
from controller.errors import ConfigurationError, InputError
from controller.settings import LocalSettings, load_local_settings, process_environment
from controller.workflow.local_check import LocalCheck, Wanted

PEOPLE = "people.yaml"
"""Who people are, where `dvo init` writes it."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's options, as given."""

    repo: Path
    base: str
    head: str
    login: str | None
    at: str | None
    directory: Path | None
    ledger: Path | None
    allowed_signers: Path | None


def run(asked: Asked, *, as_json: bool) -> int:
    """Check, tell the outcome, and return the exit code."""
    outcome = outcome_of(asked)
    if as_json:
        typer.echo(json.dumps(check_document(outcome), indent=2))
    else:
        from controller.cli.check_report import print_report

        print_report(outcome)
    return exit_code_of(outcome)


def outcome_of(asked: Asked) -> LocalCheck:
    """Return what policy would say of the branch. Raises as `check_branch` does, and `InputError` for no time."""
    settings = load_local_settings(process_environment())
    at = SystemClock().now() if asked.at is None else _instant(asked.at)
    pretends = asked.login is not None or asked.at is not None
    return check_branch(_parts(asked, settings), Wanted(asked.base, asked.head, asked.login, at, pretends))


def exit_code_of(outcome: LocalCheck) -> int:
    """Return the exit code of a verdict: 0 for one that lets the change pass, now or approved or later."""
    if not isinstance(outcome.judgement.verdict, Refused):
        return OK
    match outcome.judgement.answer:
        case Unanswered(Cause.POLICY_UNAVAILABLE | Cause.DIRECTORY_UNAVAILABLE):
            return UNREACHABLE
        case _:
            return REFUSED


def _parts(asked: Asked, settings: LocalSettings) -> CheckParts:
    ledger = None
    if asked.ledger is not None:
        if asked.allowed_signers is None:
            raise ConfigurationError("--allowed-signers: is missing beside --ledger; a ledger cannot vouch for itself")
        ledger = (asked.ledger, asked.allowed_signers)
    own = asked.repo / PEOPLE
    people = asked.directory or settings.directory_file or (own if own.is_file() else None)
    if people is None:
        raise ConfigurationError(
            f"--directory: expected a file of people, got none; there is no {own} either, "
            "and Entra ID is not asked from here"
        )
    return CheckParts(asked.repo, people, settings.opa_bin, ledger)


def _instant(text: str) -> datetime:
    if _INSTANT.fullmatch(text) is not None:
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError as error:
            raise InputError(f"--at: expected a time that exists, got {text}") from error
    raise InputError(f"--at: expected an RFC 3339 time such as 2026-11-23T09:00:00+01:00, got {text[:80]!a}")
