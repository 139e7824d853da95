"""The explanation of a verdict for a terminal: finding by finding, then all remedies together.

Every paragraph is readable at any width and without colour. Text from outside is shown and
never obeyed.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from controller.cli.check_report import print_premises, verdict_line
from controller.cli.policy_explaining import asked_of, ways_of
from controller.cli.printable import printable
from controller.decision.facts import facts_of
from controller.decision.remedy_words import all_together, to_do, worth
from controller.decision.verdict import Cause, Refused
from controller.policy.answer import Action, Finding
from controller.policy.green_path import Proof, Way
from controller.workflow.local_check import LocalCheck

_COLOUR = {Action.DENY: "red", Action.REQUIRE_APPROVAL: "yellow", Action.WARN: "yellow"}
_VERB = {Action.DENY: "denies", Action.REQUIRE_APPROVAL: "asks for approval of", Action.WARN: "warns of"}
_SIGN = {Proof.PROVEN: "✓", Proof.FAILS: "✗"}


def print_explanation(outcome: LocalCheck) -> None:
    """Print the explanation of `outcome` on standard output."""
    console = Console(highlight=False, markup=False, emoji=False)
    print_premises(console, outcome)
    console.print(verdict_line(outcome.judgement))
    path = ways_of(outcome)
    for way in path.ways:
        _print_way(console, outcome, way)
    _print_others(console, outcome)
    together = all_together(path)
    if together:
        console.print(Text(f"\n{printable(together)}", style="bold"))
    if not path.ways and not isinstance(outcome.judgement.verdict, Refused):
        console.print("No rule found anything that stops it or is worth a warning.")


def _print_way(console: Console, outcome: LocalCheck, way: Way) -> None:
    finding = way.finding
    verb = "holds" if finding.until is not None else _VERB[finding.action]
    line = Text(f"\n{printable(finding.rule)} ", style="bold")
    line.append(verb, style=f"bold {_COLOUR[finding.action]}")
    line.append(f" {printable(_place(finding))}: {printable(finding.message)}", style="not bold")
    console.print(line)
    rows = [("because", fact) for fact in facts_of(outcome.judgement, finding)]
    rows += [("to do", told) for told in to_do(way, asked_of(outcome, way))]
    _print_rows(console, [*rows, (f"proof {_SIGN.get(way.proof, '·')}", worth(way))])


def _print_rows(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=9, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for heading, told in _once(rows):
        grid.add_row(Text(heading, style="dim"), Text(printable(told)))
    console.print(grid)


def _once(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield rows with a heading only where it is another than the one above."""
    before = ""
    for heading, told in rows:
        yield ("" if heading == before else heading), told
        before = heading


def _print_others(console: Console, outcome: LocalCheck) -> None:
    """Print what refuses the change and is no rule's finding: faults, people nobody knows, a silent policy."""
    verdict = outcome.judgement.verdict
    reasons = verdict.reasons if isinstance(verdict, Refused) else ()
    for reason in reasons:
        if reason.cause is not Cause.POLICY_FINDING:
            place = f"{reason.path}:{reason.line}: " if reason.path and reason.line else ""
            console.print(Text(f"\n{printable(place + reason.message)}", style="red"))
            _print_rows(console, [("to do", reason.remedy)])


def _place(finding: Finding) -> str:
    if finding.environment and finding.agent:
        return f"{finding.environment}/{finding.agent}"
    return "the whole change"
