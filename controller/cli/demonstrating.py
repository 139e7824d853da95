"""`dvo demo`: the whole story, told on the terminal; afterwards everything is taken away or kept running."""

import logging
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from controller.cli.demo.joining import write_roles
from controller.cli.demo.stage import Stage
from controller.cli.demo.story import Story
from controller.cli.demo.telling import Teller
from controller.cli.logs import set_up_logs
from controller.compose.demo import DemoWorld, demo_world
from controller.setting_values import LogLevel

_LOG = "controller.log"
_PROJECT = Path(__file__).resolve().parents[2]


def run(*, keep: bool) -> int:
    """Play the story and return the exit code; `keep` goes on running until interrupted."""
    console = Console(highlight=False)
    # Left to themselves, these would end the demo before what it started is stopped.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: sys.exit(0))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dvo-demo-"))
        log = Path(folder) / _LOG
        set_up_logs(LogLevel.INFO, stack.enter_context(log.open("w", encoding="utf-8")))
        # PostgreSQL's library logs once more at the very end, when the file is closed.
        stack.callback(logging.getLogger().handlers.clear)
        teller = Teller(console)
        teller.chapter("DVO demo: a company's week with its agents")
        teller.say("Starting a small GitHub, a PostgreSQL, OPA and the controller ...")
        with demo_world(Path(folder), _PROJECT) as world:
            Story(Stage(world), teller).play()
            _look_around(teller, world, Path(folder), keep=keep)
    return 0


def _look_around(teller: Teller, world: DemoWorld, folder: Path, *, keep: bool) -> None:
    teller.chapter("Where to look")
    if not keep:
        teller.say("Everything ran on this machine and is gone now. `dvo demo --keep` leaves it running to play with.")
        return
    write_roles(map(world.person, world.people), world.home, world.directory_file, folder / "as")
    signers = world.built.allowed_signers
    for sentence, *addresses in (
        (
            "Pull requests, checks and reviews; choose who you are at the top, and change a file below Code:",
            world.pages,
        ),
        ("Who you are to the controller, and how it is:", f"{world.url}/auth/login", f"{world.url}/health"),
        ("Its ledger, to read and to verify:", f"git -C {world.ledger} log main"),
        ("", f"dvo audit verify {world.ledger} --allowed-signers {signers}"),
        ("Its log:", str(folder / _LOG)),
        ("To act as omar-ops, or another, on the command line:", f". {folder}/as/omar-ops && git clone $CLONE"),
    ):
        teller.copyable(sentence, *addresses)
    teller.say(
        "docs/tutorials/first-change.md leads through a first change, docs/how-to/write-a-policy.md to a first rule."
    )
    teller.say("Press Ctrl-C to end it all.")
    try:
        threading.Event().wait()
    finally:
        teller.say("Ended.")
