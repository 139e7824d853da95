"""`dvo init`: a governed repository to begin with, and later the library's new versions."""

import json
from collections.abc import Iterator
from pathlib import Path

import typer

from controller.cli.failure import OK
from controller.cli.printable import printable
from controller.compose.scaffolding import ProposedUpgrade, Scaffold, propose_upgrade, scaffold
from controller.decision.wording import counted

SCHEMA = "dvo.init/1"
_SHOWN = 5


def run(folder: Path, *, is_upgrade: bool, as_json: bool) -> int:
    """Write or propose, tell what was done and return the exit code."""
    done = propose_upgrade(folder) if is_upgrade else scaffold(folder)
    if as_json:
        typer.echo(json.dumps(_document(done), indent=2))
    else:
        typer.echo(printable("\n".join(_lines(folder, done))))
    return OK


def _document(done: Scaffold | ProposedUpgrade) -> dict[str, object]:
    if isinstance(done, Scaffold):
        return {"schema": SCHEMA, "written": list(done.written), "kept": list(done.kept)}
    planned = done.upgrade
    return {
        "schema": SCHEMA,
        "version": planned.version,
        "written": sorted(planned.written),
        "removed": list(planned.removed),
        "kept": list(planned.kept),
        "branch": done.branch,
        "commit": done.commit,
    }


def _lines(folder: Path, done: Scaffold | ProposedUpgrade) -> Iterator[str]:
    if isinstance(done, Scaffold):
        yield from (f"kept:    {path} (it was there already)" for path in done.kept[:_SHOWN])
        more = len(done.kept) - _SHOWN
        if more > 0:
            yield f"kept:    {more} more that were there already"
        yield f"✓ {counted(len(done.written), 'file')} written to {folder}"
        if not done.written:
            return
        yield "  → Replace what is marked REPLACE in .github/ and the people in people.yaml; try `dvo policy test`;"
        yield "    commit it to the branch main. policies/rego/company/README.md says how to write a rule of your own."
        return
    yield from (f"changed: {path}" for path in sorted(done.upgrade.written))
    yield from (f"removed: {path}" for path in done.upgrade.removed)
    yield from (f"kept:    {path} (you changed it, and so does the new version)" for path in done.upgrade.kept)
    if done.branch is None:
        yield f"✓ The library is at {done.upgrade.version} already."
    else:
        yield f"✓ Committed as {str(done.commit)[:12]} on the branch {done.branch}; company/ is as it was."
        yield f"  → Look at it with `git diff HEAD...{done.branch}`, push it and open a pull request."
