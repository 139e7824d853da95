"""The `dvo` command: names, options and help; each command's work is imported when it is called.

This module imports Typer and nothing heavier, so that help is quick. Errors become a message,
an advice and an exit code in one place, here.
"""

import shutil
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.options import At, Base, CopySigners, Directory, Json, LedgerCopy, Login
from controller.cli.policy_commands import policy
from controller.errors import ControllerError

app = typer.Typer(
    name="dvo",
    help="DVO: pull requests for AI agents are judged, approved, deployed and proved.",
    epilog="Exit codes: 0 ok, 1 refused, 2 wrong usage or settings, 3 something outside is unreachable, 4 stale.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
audit = typer.Typer(name="audit", help="Look into the ledger.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit)
app.add_typer(policy)


def _show_version(wanted: object) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dvo {version('dvo')}")
        raise typer.Exit


@app.callback()
def dvo(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Hold what is the same for every command."""


@app.command(short_help="Run the controller.")
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 8080,
    home: Annotated[Path | None, typer.Option(help="Where the controller keeps what is its own (DVO_HOME).")] = None,
) -> None:
    """Run the controller; settings come from the environment."""
    from controller.cli.serving import run

    run(host, port, home)


@app.command(short_help="Judge a local branch, without a server.")
def check(  # noqa: PLR0913 - each option of a command is a parameter to Typer
    *,
    repo: Annotated[Path, typer.Option(help="A clone of the governed repository.")] = Path(),
    base: Base = "main",
    head: Annotated[str, typer.Option(help="The branch or commit to check.")] = "HEAD",
    login: Login = None,
    at: At = None,
    directory: Directory = None,
    ledger: LedgerCopy = None,
    allowed_signers: CopySigners = None,
    json: Json = False,
) -> None:
    """Tell what policy says of a local branch, before any pull request."""
    from controller.cli.checking import Asked, run

    raise typer.Exit(run(Asked(repo, base, head, login, at, directory, ledger, allowed_signers), as_json=json))


@app.command(short_help="Write a governed repository to begin with.")
def init(
    folder: Annotated[Path, typer.Argument(help="Where the governed repository is, or shall be.")] = Path(),
    *,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Propose this DVO's policies, on a new branch.")] = False,
    json: Json = False,
) -> None:
    """Write a governed repository to begin with; nothing that is there is overwritten."""
    from controller.cli.initializing import run

    raise typer.Exit(run(folder, is_upgrade=upgrade, as_json=json))


@app.command(short_help="Examine what the controller needs.")
def doctor(
    *,
    fill: Annotated[
        bool, typer.Option("--fill", help="First write missing GitHub ids into the directory file.")
    ] = False,
    json: Json = False,
) -> None:
    """Examine what the controller needs, and say how to mend what is missing."""
    from controller.cli.doctoring import run

    raise typer.Exit(run(as_json=json, is_filling=fill))


@app.command(short_help="Sign in to a controller.")
def login(*, json: Json = False) -> None:
    """Sign in to a controller with a code that is typed into a browser, and show what one may do there."""
    from controller.cli.logging_in import sign_in

    raise typer.Exit(sign_in(as_json=json))


@app.command(short_help="Forget who is signed in here.")
def logout() -> None:
    """Forget on this machine who is signed in."""
    from controller.cli.logging_in import sign_out

    raise typer.Exit(sign_out())


@app.command(short_help="Play the whole story on this machine.")
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running to play with.")] = False,
) -> None:
    """Play the whole story on this machine, from a pull request to a verified ledger."""
    from controller.cli.demonstrating import run

    raise typer.Exit(run(keep=keep))


@audit.command("verify", short_help="Verify chain, order and signatures.")
def audit_verify(
    ledger: Annotated[Path | None, typer.Argument(help="A ledger, or a copy of it; default: DVO_LEDGER.")] = None,
    allowed_signers: Annotated[Path | None, typer.Option(help="Who may sign it, from outside the copy.")] = None,
    *,
    expected_head: Annotated[str | None, typer.Option(help="The digest of an entry that must be in it.")] = None,
    json: Json = False,
) -> None:
    """Verify a ledger's chain, order and signatures; name the first bad entry."""
    from controller.cli.auditing import verify

    raise typer.Exit(verify(ledger, allowed_signers, expected_head, as_json=json))


def main() -> None:
    """Run the command line; every error of ours ends here, as a message and an exit code."""
    if not sys.warnoptions:
        # What libraries warn their developers of is no message to whoever runs a command; `-W` brings it back.
        warnings.simplefilter("ignore")
    try:
        # Left to itself, help is never narrower than 50 columns.
        app(terminal_width=min(shutil.get_terminal_size().columns, 100) - 2)
    except ControllerError as error:
        from controller.cli.failure import told

        sys.exit(told(error))
    except OSError as error:
        # Whatever the machine refuses is told as such: a full disk behind standard output, for one.
        from controller.cli.failure import UNREACHABLE

        typer.echo(f"error: the machine refuses: {error}", err=True)
        sys.exit(UNREACHABLE)
