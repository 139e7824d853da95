"""`dvo doctor`: every check as one line, with what to do where it failed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from controller.cli.failure import OK, REFUSED, UNREACHABLE, USAGE, exit_code
from controller.cli.printable import printable
from controller.compose.examining import machine_checks, server_checks
from controller.compose.filling import fill
from controller.compose.secrets import server_settings
from controller.compose.seen import Check
from controller.errors import ConfigurationError, ControllerError
from controller.settings import LocalSettings, Settings, load_local_settings, process_environment

SCHEMA = "dvo.doctor/1"
_ONE_ADDRESS = (
    "DVO_TRUSTED_PROXIES names no proxy, so whoever comes through yours has one address with everybody else, and can "
    "use up the attempts of all."
)


@dataclass(frozen=True, slots=True)
class Examined:
    """What one check found; `code` is 0 when all is well, and `advice` then says what to look at all the same."""

    name: str
    code: int
    said: str
    advice: str | None


def run(*, as_json: bool, is_filling: bool = False) -> int:
    """Examine, tell, and return the exit code: settings first, then what is broken, then what is unreachable.

    With `is_filling`, first complete the directory file.
    """
    found: list[Examined] = []
    console = Console(highlight=False, markup=False, emoji=False)
    for examined in _examined(is_filling=is_filling):
        found.append(examined)
        if not as_json:
            _print(console, examined)
    if as_json:
        checks = [asdict(examined) for examined in found]
        typer.echo(
            json.dumps({"schema": SCHEMA, "well": not any(one.code for one in found), "checks": checks}, indent=2)
        )
    codes = {examined.code for examined in found}
    return next((code for code in (USAGE, REFUSED, UNREACHABLE) if code in codes), OK)


def _examined(*, is_filling: bool) -> Iterator[Examined]:
    environment = process_environment()
    server: Settings | None = None
    try:
        server = server_settings(environment)
        said = f"complete, for {server.repository}; the webhook secret is set"
        yield Examined("settings", OK, said, _ONE_ADDRESS if _is_behind_strangers(server) else None)
    except ControllerError as error:
        yield _failed("settings", error)
    if server is not None and is_filling:
        yield from _tried([("fill", partial(fill, server))])
    yield from _tried(machine_checks(server or _local()))
    if server is not None:
        yield from _tried(server_checks(server))


def _is_behind_strangers(settings: Settings) -> bool:
    """Tell whether TLS must end at a proxy, since we speak none, and none is trusted."""
    return (settings.public_url or "").startswith("https:") and not settings.trusted_proxies


def _local() -> LocalSettings | None:
    """Return what holds without the settings of a server, if that much does."""
    try:
        return load_local_settings(process_environment())
    except ConfigurationError:
        # Told already, with everything else that is wrong with the settings.
        return None


def _tried(checks: Iterable[tuple[str, Check]]) -> Iterator[Examined]:
    for name, check in checks:
        try:
            seen = check()
            yield (
                Examined(name, OK, seen, None) if isinstance(seen, str) else Examined(name, OK, seen.said, seen.caveat)
            )
        except ControllerError as error:
            yield _failed(name, error)


def _failed(name: str, error: ControllerError) -> Examined:
    return Examined(name, exit_code(error), str(error), error.advice)


def _print(console: Console, examined: Examined) -> None:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, width=10)
    grid.add_column(overflow="fold")
    first, *others = printable(examined.said).splitlines() or [""]
    grid.add_row(_sign(examined), examined.name, Text(first))
    for other in others:
        grid.add_row(Text("·", _sign(examined).style), "", Text(other.strip()))
    if examined.advice is not None:
        grid.add_row("", "", Text(f"→ {printable(examined.advice)}"))
    console.print(grid)


def _sign(examined: Examined) -> Text:
    if examined.code != OK:
        return Text("✗", "bold red")
    return Text("✓", "green") if examined.advice is None else Text("!", "yellow")
