"""The auditor's part: the ledger holds, and a copy with one byte flipped does not."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from controller.cli.demo.stage import World
from controller.errors import LedgerIntegrityError


def verified(world: World) -> int:
    """Return how many entries the ledger has; `LedgerIntegrityError` when it does not hold."""
    entries, fault = world.verify(world.ledger)
    if fault is not None:
        raise LedgerIntegrityError(fault)
    return entries


def fault_of_flipped_copy(world: World) -> str:
    """Flip one byte of one segment in a copy of the ledger and return what verification says."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.git"
        shutil.copytree(world.ledger, copy)
        _flip_a_byte(_segment_in_the_middle(copy))
        _, fault = world.verify(copy)
    if fault is None:
        raise LedgerIntegrityError("expected a flipped byte to be found, but the copy verifies")
    return fault


def _segment_in_the_middle(ledger: Path) -> Path:
    listed = subprocess.run(
        ["git", "--git-dir", str(ledger), "ls-tree", "-r", "main", "--", "ledger"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    blob = listed[len(listed) // 2].split()[2]
    return ledger / "objects" / blob[:2] / blob[2:]


def _flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(content)
