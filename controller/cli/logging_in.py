"""`dvo login` and `dvo logout`: who one is to a controller, from a terminal."""

import json
from collections.abc import Mapping

import typer

from controller.cli.failure import OK
from controller.cli.printable import printable
from controller.compose.login import Terminal, terminal
from controller.settings import load_login_settings, process_environment

SCHEMA = "dvo.login/1"


def sign_in(*, as_json: bool) -> int:
    """Sign in, unless somebody is, and tell who one is."""
    with terminal(load_login_settings(process_environment())) as at:
        token = at.sign_in.token() or _typed(at)
        standing = at.standing(token)
    if as_json:
        typer.echo(json.dumps({"schema": SCHEMA, "standing": standing}, indent=2))
    else:
        _tell(standing)
    return OK


def sign_out() -> int:
    """Forget who is signed in."""
    with terminal(load_login_settings(process_environment())) as at:
        typer.echo("You are signed out." if at.sign_in.forget() else "Nobody was signed in.")
    return OK


def _typed(at: Terminal) -> str:
    code = at.sign_in.begin()
    typer.echo(printable(code.message), err=True)
    return at.sign_in.complete(code)


def _tell(standing: object) -> None:
    if not isinstance(standing, Mapping):
        typer.echo("You are signed in. With DVO_PUBLIC_URL, the controller is asked who you are to it.")
        return
    typer.echo(printable(f"You are signed in as {standing['login']} ({standing['principal']})."))
    for role in standing["roles"]:
        typer.echo(printable(f"  {role['role']}: because of {', '.join(role['because_of'])}"))
    permissions = ", ".join(standing["permissions"]) or "nothing; no group of yours gives a role"
    typer.echo(printable(f"You may: {permissions}."))
