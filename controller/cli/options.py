"""Options that several commands have, said in one place."""

from pathlib import Path
from typing import Annotated

from typer import Option

Json = Annotated[bool, Option("--json", help="Tell it as one JSON object on standard output.")]
Base = Annotated[str, Option(help="The branch it would be merged into.")]
Login = Annotated[str | None, Option("--as", help="Who would open it; default: git's user.email.")]
At = Annotated[str | None, Option(help="Judge as of this RFC 3339 time; default: now.")]
Directory = Annotated[
    Path | None, Option(help="The people; default: DVO_DIRECTORY_FILE, else people.yaml of the clone.")
]
LedgerCopy = Annotated[Path | None, Option(help="A copy of the ledger, for what was deployed.")]
CopySigners = Annotated[Path | None, Option(help="Who may sign that ledger.")]
