"""The command line itself: help, usage, and errors with their published exit codes."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli.app import app
from controller.cli.failure import exit_code, told
from controller.errors import (
    ConfigurationError,
    ControllerError,
    InputError,
    LedgerIntegrityError,
    PolicyError,
    StaleError,
    UnavailableError,
)
from tests.cli.conftest import ROOT, Dvo

COMMANDS = ("serve", "check", "doctor", "demo", "audit", "policy", "init")
HEAVY = ("fastapi", "pydantic", "rich", "sqlalchemy", "github", "requests", "aiohttp", "structlog")


@pytest.mark.parametrize("columns", ["40", "80"])
def test_help_names_every_command_and_fits(dvo: Dvo, columns: str) -> None:
    said = dvo("--help", more={"COLUMNS": columns})
    assert said.code == 0
    assert all(name in said.out for name in COMMANDS)
    assert max(map(len, said.out.splitlines())) <= int(columns)


@pytest.mark.parametrize(
    "command",
    [[name] for name in COMMANDS]
    + [["audit", "verify"], ["policy", "list"], ["policy", "explain"], ["policy", "test"]],
    ids=" ".join,
)
def test_every_command_explains_itself(command: list[str]) -> None:
    said = CliRunner().invoke(app, [*command, "--help"])
    assert said.exit_code == 0
    assert "Usage:" in said.output


@pytest.mark.parametrize("group", [[], ["audit"], ["policy"]], ids=["dvo", "audit", "policy"])
def test_a_list_of_commands_cuts_no_sentence_short(dvo: Dvo, group: list[str]) -> None:
    said = dvo(*group, "--help", more={"COLUMNS": "60"})
    assert "..." not in said.out.partition("Commands:")[2]


def test_it_tells_its_version(dvo: Dvo) -> None:
    said = dvo("--version")
    assert (said.code, said.out) == (0, f"dvo {version('dvo')}\n")


def test_help_waits_for_nothing_heavy() -> None:
    listing = "import sys, controller.cli.app; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())


@pytest.mark.parametrize(
    "arguments", [["frob"], ["check", "--frob"], ["serve", "--port", "99999"], ["check", "stray"]], ids=" ".join
)
def test_wrong_usage_is_told_on_stderr_with_2(dvo_process: Dvo, arguments: list[str]) -> None:
    said = dvo_process(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Usage" in said.err


def test_wrong_settings_are_told_at_once_with_2(dvo_process: Dvo) -> None:
    said = dvo_process("serve", more={"DVO_REPOSITRY": "canary"})
    assert said.code == 2
    assert "DVO_REPOSITRY: is no setting; did you mean DVO_REPOSITORY?" in said.err
    assert "GITHUB_WEBHOOK_SECRET: is missing" in said.err
    assert "canary" not in said.err + said.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), 2),
        (ConfigurationError("x"), 2),
        (PolicyError("x"), 1),
        (LedgerIntegrityError("x"), 1),
        (UnavailableError("x", component="github"), 3),
        (StaleError("x"), 4),
        (ControllerError("x"), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_exit_code(error: ControllerError, code: int) -> None:
    assert exit_code(error) == code


def test_an_error_comes_with_an_advice_and_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(InputError("bad \x1b[2J name\nand more")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["error: bad \\u001b[2J name", "and more", f"  → {InputError.advice}"]


@pytest.mark.parametrize("command", [["--version"], ["policy", "list", "--repo", str(ROOT)]], ids=["short", "long"])
def test_a_full_disk_behind_standard_output_is_told_and_no_success(command: list[str]) -> None:
    dvo = str(Path(sys.executable).parent / "dvo")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([dvo, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("error: the machine refuses: ")
    assert "Traceback" not in done.stderr
