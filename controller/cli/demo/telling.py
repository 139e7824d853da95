"""Tell a story on a terminal or into a log: chapters, sentences, and what people see.

On a terminal slow steps show that something goes on; in a log each is one line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, MarkdownElement, TableElement
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

_COLOURS = {"success": "green", "failure": "red", "action_required": "yellow", None: "blue"}
_SIGNS = {"success": "✓", "failure": "✗", "action_required": "⏸", None: "…"}


class Teller:
    """Tells what happens."""

    def __init__(self, console: Console) -> None:
        """Tell on `console`."""
        self._console = console

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._console.print()
        self._console.print(Rule(escape(title), align="left"))

    def say(self, sentence: str) -> None:
        """Say one sentence."""
        self._line(escape(sentence))

    def copyable(self, sentence: str, *texts: str) -> None:
        """Say a sentence, if there is one, and below it what is to be copied, each whole on one line."""
        if sentence:
            self.say(sentence)
        for text in texts:
            self._console.print(Text(f"    {text}"), soft_wrap=True)

    def result(self, sentence: str) -> None:
        """Say what has come true."""
        self._line(f"[green]✓[/green] {escape(sentence)}")

    def check(self, check: dict[str, object], *, in_full: bool = False) -> None:
        """Show a check run as its receiver sees it: one line, or with its whole summary."""
        conclusion = check["conclusion"]
        colour = _COLOURS[conclusion if isinstance(conclusion, str) else None]
        sign = _SIGNS[conclusion if isinstance(conclusion, str) else None]
        output = check["output"]
        title = output["title"] if isinstance(output, dict) else ""
        summary = output["summary"] if isinstance(output, dict) else ""
        line = f"[{colour}]{sign} {escape(str(check['name']))}[/{colour}]  {escape(str(title))}"
        if not in_full:
            self._line(line)
            return
        self._console.print(Panel(_Summary(str(summary)), title=line, title_align="left", border_style=colour))

    def note(self, annotation: dict[str, object]) -> None:
        """Show an annotation at its line."""
        place = f"{annotation['path']}:{annotation['start_line']}"
        message = str(annotation["message"]).replace("\n", " ")
        self._line(f"[bold]{escape(place)}[/bold] {escape(message)}", indent=4)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show that `what` is going on while the block lasts."""
        if self._console.is_terminal:
            with self._console.status(escape(what)):
                yield
        else:
            self._line(f"… {escape(what)}")
            yield

    def _line(self, markup: str, *, indent: int = 2) -> None:
        """Print one paragraph, indented also where it wraps."""
        self._console.print(Padding(markup, (0, 0, 0, indent), expand=False), highlight=False)


class _WholeTable(TableElement):
    """A table of Markdown that folds what is too long for a cell, so that nothing of it is missing."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
            yield table


class _Summary(Markdown):
    """The summary of a check."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "table_open": _WholeTable}
