"""`dvo audit verify`: whether a ledger holds, and where it stops holding."""

import json
from pathlib import Path

import typer

from controller.cli.failure import OK, REFUSED
from controller.cli.printable import printable
from controller.compose.ledger_copy import VerificationReport, verify_ledger
from controller.errors import ConfigurationError
from controller.settings import LocalSettings, load_local_settings, process_environment

SCHEMA = "dvo.audit-verification/1"


def verify(ledger: Path | None, allowed_signers: Path | None, expected_head: str | None, *, as_json: bool) -> int:
    """Verify, tell the outcome, and return the exit code."""
    settings = load_local_settings(process_environment())
    path = ledger or settings.ledger
    report = verify_ledger(path, allowed_signers or _own_signers(settings), expected_head)
    if as_json:
        typer.echo(json.dumps(_document(path, report), indent=2))
    else:
        typer.echo(_sentence(path, report))
    return OK if report.is_intact else REFUSED


def _own_signers(settings: LocalSettings) -> Path:
    path = settings.home / "allowed_signers"
    if not path.is_file():
        raise ConfigurationError(
            f"--allowed-signers: is missing, and there is no {path}; a ledger cannot vouch for itself"
        )
    return path


def _sentence(path: Path, report: VerificationReport) -> str:
    if report.fault is not None:
        return printable(f"✗ {path} does not hold: {report.fault}\n  {report.entries} entries before it hold.")
    return printable(
        f"✓ {path} holds: {report.entries} entries, chain, order and signatures; newest commit {report.commit}"
    )


def _document(path: Path, report: VerificationReport) -> dict[str, object]:
    fault = report.fault
    return {
        "schema": SCHEMA,
        "ledger": str(path),
        "intact": report.is_intact,
        "entries": report.entries,
        "head": report.head and report.head.digest,
        "commit": report.commit,
        "fault": fault
        and {
            "entry": fault.sequence,
            "commit": fault.commit,
            "location": fault.location,
            "expected": fault.expected,
            "found": fault.found,
        },
    }
