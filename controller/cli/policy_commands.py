"""The group `dvo policy`: names, options and help; each command's work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from controller.cli.options import At, Base, CopySigners, Directory, Json, LedgerCopy, Login

policy = typer.Typer(
    name="policy", help="Read, test and understand the policies.", no_args_is_help=True, rich_markup_mode=None
)

Repo = Annotated[Path, typer.Option(help="The governed repository, or a clone of it.")]


@policy.command("list", short_help="List the rules.")
def policy_list(*, repo: Repo = Path(), json: Json = False) -> None:
    """List the rules with what each of them is about."""
    from controller.cli.policy_listing import run

    raise typer.Exit(run(repo, as_json=json))


@policy.command("explain", short_help="Tell why, and what turns it green.")
def policy_explain(  # noqa: PLR0913 - each option of a command is a parameter to Typer
    rule: Annotated[str | None, typer.Argument(help="A rule's id, to be told what it is about.")] = None,
    *,
    repo: Repo = Path(),
    base: Base = "main",
    head: Annotated[str, typer.Option(help="The branch or commit to explain.")] = "HEAD",
    login: Login = None,
    at: At = None,
    directory: Directory = None,
    ledger: LedgerCopy = None,
    allowed_signers: CopySigners = None,
    json: Json = False,
) -> None:
    """Tell why policy says what it says of a local branch, and what turns it green, proven; or what a rule is about."""
    from controller.cli.checking import Asked
    from controller.cli.policy_explaining import explain, explain_rule

    if rule is not None and (login is not None or at is not None):
        raise typer.BadParameter("what a rule is about depends on nobody and no time; leave out --as and --at")
    if rule is not None:
        raise typer.Exit(explain_rule(repo, rule, as_json=json))
    raise typer.Exit(explain(Asked(repo, base, head, login, at, directory, ledger, allowed_signers), as_json=json))


Ledger = Annotated[Path | None, typer.Option(help="A ledger, or a copy of it; default: DVO_LEDGER.")]
Signers = Annotated[Path | None, typer.Option(help="Who may sign that ledger; default: the controller's own.")]
Newest = Annotated[int | None, typer.Option(min=1, help="Only so many of the newest decisions; default: all.")]


@policy.command("replay", short_help="Ask every recorded decision again.")
def policy_replay(  # noqa: PLR0913 - each option of a command is a parameter to Typer
    *,
    ledger: Ledger = None,
    allowed_signers: Signers = None,
    repo: Repo = Path(),
    base: Annotated[str, typer.Option(help="The branch whose policies took the decisions.")] = "main",
    policies: Annotated[Path | None, typer.Option(help="Replay on the policies of this folder instead.")] = None,
    commit: Annotated[str | None, typer.Option(help="Replay on the policies of this commit instead.")] = None,
    newest: Newest = None,
    json: Json = False,
) -> None:
    """Ask every recorded decision again: of the policies that took it, or of others to see what would flip."""
    from controller.cli.policy_replaying import Asked, run

    raise typer.Exit(run(Asked(ledger, allowed_signers, repo, base, policies, commit, newest), as_json=json))


@policy.command("decisions", short_help="Print decisions as OPA's decision log.")
def policy_decisions(*, ledger: Ledger = None, allowed_signers: Signers = None, newest: Newest = None) -> None:
    """Print the recorded decisions as lines of OPA's own decision log."""
    from controller.cli.policy_replaying import Asked, export

    raise typer.Exit(export(Asked(ledger, allowed_signers, Path(), "main", None, None, newest)))


@policy.command("test", short_help="Run Rego tests and situations.")
def policy_test(*, repo: Repo = Path(), json: Json = False) -> None:
    """Run the Rego tests, and the situations in policies/tests."""
    from controller.cli.policy_testing import run

    raise typer.Exit(run(repo, as_json=json))
