"""`dvo demo` as whoever tries DVO meets it: the whole story, and nothing left of it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.process import DVO, ROOT

CHAPTERS = [
    "Before we begin",
    "1. A developer moves ANL to 1.1.0 in development",
    "2. The same developer tries production",
    "3. An operator promotes ANL 1.1.0 to staging",
    "4. The operator proposes production",
    "5. On a Saturday",
    "6. An administrator pushes straight to main",
    "7. The auditor",
    "Where to look",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for temporary files, in which the demo lives."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def played(place: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{DVO.parent}:/usr/bin:/bin",
        "HOME": str(place / "nobody"),
        "TMPDIR": str(place),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
    }
    return subprocess.run(
        [DVO, "demo"],
        env=environment,
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_demo_plays_every_chapter_in_order_and_succeeds(played: subprocess.CompletedProcess[str]) -> None:
    assert (played.returncode, played.stderr) == (0, "")
    found = [played.stdout.find(chapter) for chapter in CHAPTERS]
    assert -1 not in found
    assert found == sorted(found)


def test_the_demo_leaves_no_file_and_no_process(played: subprocess.CompletedProcess[str], place: Path) -> None:
    assert played.returncode == 0
    # The embedded database's library locks one file for the whole machine, and no one may remove a lock others hold.
    assert {path.name for path in place.iterdir()} <= {".lockfile"}
    assert [line for line in _command_lines() if str(place) in line] == []


def _command_lines() -> list[str]:
    lines = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            lines.append(Path(f"/proc/{name}/cmdline").read_text("utf-8", "replace"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return lines
