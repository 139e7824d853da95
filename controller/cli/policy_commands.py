"""The group `dvo policy`: names, options and help; each command's work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

policy = typer.Typer(
    name="policy", help="Read, test and understand the policies.", no_args_is_help=True, rich_markup_mode=None
)

Json = Annotated[bool, typer.Option("--json", help="Tell it as one JSON object on standard output.")]
Repo = Annotated[Path, typer.Option(help="The governed repository, or a clone of it.")]


@policy.command("list")
def policy_list(*, repo: Repo = Path(), json: Json = False) -> None:
    """List the rules with what each of them is about."""
    from controller.cli.policy_listing import run

    raise typer.Exit(run(repo, as_json=json))
