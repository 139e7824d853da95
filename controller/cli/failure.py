"""An error as the command line tells it: a message and an advice on stderr, and an exit code."""

import typer

from controller.cli.printable import printable
from controller.errors import (
    ControllerError,
    LedgerIntegrityError,
    PolicyError,
    StaleError,
    UnavailableError,
)

OK, REFUSED, USAGE, UNREACHABLE, STALE = range(5)


def exit_code(error: ControllerError) -> int:
    """Return the published exit code of `error`."""
    match error:
        case UnavailableError():
            return UNREACHABLE
        case StaleError():
            return STALE
        case PolicyError() | LedgerIntegrityError():
            return REFUSED
        case _:
            return USAGE


def told(error: ControllerError) -> int:
    """Print `error` with its advice on stderr and return its exit code."""
    first, *more = printable(str(error)).splitlines() or [type(error).__name__]
    typer.echo(f"error: {first}", err=True)
    for line in more:
        typer.echo(line, err=True)
    typer.echo(f"  → {error.advice}", err=True)
    return exit_code(error)
