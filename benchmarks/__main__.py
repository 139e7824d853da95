"""Run every benchmark, or those named, and print a table; exit 1 when a claimed bound does not hold.

python -m benchmarks [owners webhooks ...]
"""

import logging
import sys
from collections.abc import Sequence
from itertools import chain

import structlog
from rich.console import Console
from rich.table import Table

from benchmarks import budget, commands, decisions, entra, fifty, judging, owners, past, proving, tokens, webhooks
from benchmarks.figure import Figure

_ALL = {
    each.__name__.rpartition(".")[2]: each
    for each in (commands, owners, webhooks, tokens, decisions, judging, budget, fifty, entra, past, proving)
}


def main(names: Sequence[str]) -> int:
    """Measure what is named, or everything; print, and tell whether every bound holds."""
    if unknown := set(names) - _ALL.keys():
        sys.stderr.write(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(_ALL)}\n")
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    table = Table("Figure", "Measured", "Claimed", title="DVO benchmarks")
    failed = 0
    for figure in chain.from_iterable(_ALL[name].figures() for name in names or _ALL):
        holds = figure.bound is None or figure.value <= figure.bound
        failed += not holds
        table.add_row(figure.name, _shown(figure), _claim(figure), style=None if holds else "red")
    Console().print(table)
    return 1 if failed else 0


def _shown(figure: Figure) -> str:
    return f"{figure.value:.1f} {figure.unit}" if figure.value % 1 else f"{figure.value:.0f} {figure.unit}"


def _claim(figure: Figure) -> str:
    return "" if figure.bound is None else f"at most {figure.bound:g} {figure.unit}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
