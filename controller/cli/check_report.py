"""A local check as a report for a terminal, in the manner of a compiler: place, reason, remedy.

Colour only underlines what the words say. Text from outside is shown and never obeyed: no
markup is read in it and nothing in it reaches the terminal as a command.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from controller.cli.printable import printable
from controller.decision.verdict import Admitted, Judgement, Reason, Refused, Waiting
from controller.decision.wording import counted, either, local_time, roles
from controller.desired_state.difference import Difference
from controller.desired_state.manifest import Autoscaling
from controller.desired_state.plan import Plan
from controller.workflow.local_check import Asked, LocalCheck

_SHORT = 12


def print_report(outcome: LocalCheck) -> None:
    """Print the report of `outcome` on standard output."""
    console = Console(highlight=False, markup=False, emoji=False)
    judgement = outcome.judgement
    print_premises(console, outcome)
    _print_changes(console, judgement)
    console.print()
    refusals = judgement.verdict.reasons if isinstance(judgement.verdict, Refused) else ()
    _print_reasons(console, "refused", "red", refusals)
    _print_reasons(console, "held", "yellow", [hold.reason for hold in judgement.holds])
    _print_reasons(console, "warning", "yellow", judgement.warnings)
    _print_approvals(console, outcome.asked)
    _print_unknown(console, outcome)
    console.print(verdict_line(judgement))


def _print_changes(console: Console, judgement: Judgement) -> None:
    proposal = judgement.proposal
    if proposal.effect.is_empty:
        console.print("No change to anything that runs or is governed.", end="")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("What", "From", "To", "Change"):
        table.add_column(heading, overflow="fold")
    for difference in proposal.differences:
        table.add_row(*map(_text, _row(difference)))
    for file in proposal.effect.files:
        kind = "added" if file.before is None else "removed" if file.after is None else "changed"
        table.add_row(*map(_text, (file.path, _digest(file.before), _digest(file.after), kind)))
    console.print(table)


def _row(difference: Difference) -> tuple[str, str, str, str]:
    kinds = ", ".join(kind.value for kind in difference.kinds)
    return str(difference.key), _plan(difference.before), _plan(difference.after), kinds


def _plan(plan: Plan | None) -> str:
    if plan is None:
        return "absent"
    replicas = plan.replicas
    count = f"{replicas.min}-{replicas.max}" if isinstance(replicas, Autoscaling) else str(replicas)
    return f"{plan.manifest.version} x {count} on {plan.platform.value}"


def _digest(digest: str | None) -> str:
    return "absent" if digest is None else digest.removeprefix("sha256:")[:_SHORT]


def _print_reasons(console: Console, kind: str, colour: str, reasons: Iterable[Reason]) -> None:
    for reason in reasons:
        line = Text()
        line.append(f"{_place(reason)}: ", style="bold")
        line.append(f"{kind}: ", style=f"bold {colour}")
        line.append(printable(reason.message))
        if reason.rule:
            line.append(f" [{printable(reason.rule)}]", style="dim")
        console.print(line)
        _print_list(console, [reason.remedy], sign="→")


def _place(reason: Reason) -> str:
    if reason.path is None:
        return printable(reason.deployment or "the whole change")
    return printable(f"{reason.path}:{reason.line}" if reason.line else reason.path)


def _print_approvals(console: Console, asked: Iterable[Asked]) -> None:
    lines = list(_approvals(asked))
    if lines:
        console.print(Text("\nApprovals it would need (whether there are any is unknown here):", style="bold"))
        _print_list(console, lines)


def _approvals(asked: Iterable[Asked]) -> Iterator[str]:
    for one in asked:
        requirement = one.requirement
        holding = f", who is {roles(requirement.roles)}" if requirement.roles else ""
        owners = either([str(owner) for owner in one.owners]) or "nobody: no owner is named"
        young = f", not older than {requirement.expiry_hours} h" if requirement.expiry_hours else ""
        paths = f" for {', '.join(requirement.paths)}" if requirement.paths else ""
        yield f"{counted(requirement.minimum, 'approval')} by {owners}{holding}{young}{paths} [{requirement.reason}]"


def _print_unknown(console: Console, outcome: LocalCheck) -> None:
    console.print(Text("\nUnknown here, so the verdict does not rest on it:", style="bold"))
    _print_list(console, outcome.unknown)
    console.print()


def _print_list(console: Console, items: Iterable[str], *, sign: str = "-") -> None:
    """Print `items` one below another, their further lines below the first."""
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=3, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for item in items:
        grid.add_row(sign, _text(item))
    console.print(grid)


def print_premises(console: Console, outcome: LocalCheck) -> None:
    """Say that `outcome` is about nobody known, or about another person or time, where it is."""
    if outcome.author is None:
        said = f"The directory knows nobody by {outcome.sought}; name who would open it with --as."
        console.print(Text(printable(said), style="bold magenta"))
    if outcome.is_simulation:
        who = outcome.author.login if outcome.author else "somebody the directory does not know"
        said = f"A simulation: as if {who} proposed it on {outcome.at.isoformat(sep=' ', timespec='minutes')}."
        console.print(Text(printable(said), style="bold magenta"))


def verdict_line(judgement: Judgement) -> Text:
    """Return the verdict as one line."""
    match judgement.verdict:
        case Refused(reasons):
            return Text(f"✗ Refused, for {counted(len(reasons), 'reason')}.", style="bold red")
        case Admitted():
            said = "Policy lets it pass, and it needs no approval"
        case Waiting():
            said = "Policy lets it pass, once it is approved"
    if judgement.held_until is not None:
        moment = local_time(judgement.held_until, judgement.proposal)
        return Text(f"⏸ {said}; it would be held until {moment}.", style="bold yellow")
    return Text(f"✓ {said}.", style="bold green")


def _text(said: str) -> Text:
    return Text(printable(said))
