"""The controller as `dvo serve` runs it, with three things that `serve` has no setting for.

Its clock can be moved (a file beside it says by how much), it looks more often, and it kills
itself at a named point. A point is a moment of a call to one of the parts that the workflows
talk to ("before deployer.start"), and words that the call's arguments hold. Nothing in the
product knows of it: the parts are wrapped here.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from controller.adapters.postgres.setbacks import Patience
from controller.adapters.postgres.tending import Pace
from controller.cli.logs import set_up_logs
from controller.compose.production import assembled, finished, server_config
from controller.compose.secrets import server_settings
from controller.compose.wiring import Parts

QUICK = Pace(
    tick_seconds=0.2,
    tend_seconds=0.5,
    sweep_seconds=3.0,
    heartbeat_seconds=0.5,
    stalled_seconds=3.0,
    patience=Patience(first_seconds=0.2, longest_seconds=1.0),
)
_WATCHED = ("reader", "writer", "journal", "queue", "ledger", "engine")


@dataclass(frozen=True, slots=True)
class Places:
    """The files through which a controller and its test know of each other."""

    log: Path
    clock: Path
    point: Path


@dataclass(frozen=True, slots=True)
class FileClock:
    """A clock that runs like the machine's, from wherever the number of seconds in a file moves it."""

    file: Path

    def now(self) -> datetime:
        ahead = float(self.file.read_text("ascii"))
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + ahead, UTC)

    def move(self, moment: datetime) -> None:
        """Make it `moment` for everybody who reads the file."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(str((moment - datetime.now(UTC)).total_seconds()), "ascii")
        draft.replace(self.file)


@dataclass(frozen=True, slots=True)
class Point:
    """Where to die, as the file says at that moment; nowhere while there is no file."""

    file: Path

    def passed(self, moment: str, arguments: object) -> None:
        """Die here if this is the point."""
        try:
            point = json.loads(self.file.read_text("utf-8"))
        except FileNotFoundError:
            return
        said = repr(arguments)
        is_meant = moment == point["moment"] and all(word in said for word in point["words"])
        # The sweep shows what earlier commits came to again and again; that is not the point.
        if is_meant and not any(commit in said for commit in point["earlier"]):
            self.file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A part whose every call is told before and after it happens."""

    def __init__(self, part: object, name: str, passed: Callable[[str, object], None]) -> None:
        self._part = part
        self._name = name
        self._passed = passed

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._part, method)

        def told(*arguments: object, **named: object) -> object:
            self._passed(f"before {self._name}.{method}", (arguments, named))
            result = call(*arguments, **named)
            self._passed(f"after {self._name}.{method}", (arguments, named))
            return result

        return told


def watched(parts: Parts, point: Point) -> Parts:
    """Return `parts`, each of them watched."""
    made: dict[str, Any] = {field.name: getattr(parts, field.name) for field in fields(parts)}
    made |= {name: Watched(made[name], name, point.passed) for name in _WATCHED}
    made["deployers"] = {name: Watched(one, "deployer", point.passed) for name, one in parts.deployers.items()}
    return Parts(**made)


def run(environment: Mapping[str, str], places: Places) -> None:
    """Serve on a free port until told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log = places.log.open("a", encoding="utf-8")
    for stream in (1, 2):
        os.dup2(log.fileno(), stream)
    point = Point(places.point)

    def sending(event: str, arguments: tuple[object, ...]) -> None:
        if event == "http.client.send":
            point.passed("during http.client.send", arguments[1])

    sys.addaudithook(sending)
    settings = server_settings(environment)
    set_up_logs(settings.log_level, log)
    with finished(settings, FileClock(places.clock)) as adapters:
        made = replace(adapters, parts=watched(adapters.parts, point))
        uvicorn.Server(server_config(assembled(settings, made, QUICK).app, "127.0.0.1", 0)).run()
