"""The controller killed between any two steps of a deployment, and what the next one makes of it."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from controller.adapters.process.children import running
from controller.adapters.process.deployer import ProcessDeployer
from controller.caat.bundle import Bundle
from controller.desired_state.manifest import Key
from tests.contracts.deployer import deploy, intent

ROOT = Path(__file__).parents[3]

POINTS = {
    "the key is locked, nothing is done": ("fcntl.flock", "", 0),
    "half of the bundle is unpacked": ("open", "/part/", 2),
    "the bundle is unpacked but not in its place": ("os.rename", ".draft-", 0),
    "the socket is bound, no record tells of it": ("open", ".candidate.json.draft", 0),
    "the record is written but not in its place": ("os.rename", "candidate.json", 0),
    "the record is there, the process is not": ("subprocess.Popen", "", 0),
    "the process is there, its health unknown": ("socket.connect", "127.0.0.1", 0),
    "the candidate is healthy and not current": ("os.rename", "current.json", 0),
    "the candidate is current, the old one runs": ("os.remove", "candidate.json", 0),
    "the old bundle is still there": ("shutil.rmtree", "", 0),
    "the old log is still there": ("os.remove", "logs", 0),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_controller_killed_leaves_what_the_same_intent_completes(
    home: Path, key: Key, bundles: Sequence[Bundle], point: str
) -> None:
    """ATTACKS 028, 030."""
    before = deploy(ProcessDeployer(home), intent(key, bundles[0]), bundles[0])
    event, fragment, skip = POINTS[point]
    arguments = [str(home), event, fragment, str(skip)]
    died = subprocess.run(
        [sys.executable, "-m", "tests.adapters.process.dying_controller", *arguments], cwd=ROOT, check=False
    )
    assert died.returncode == -signal.SIGKILL

    successor = ProcessDeployer(home)
    between = successor.live(key)
    assert between is not None
    assert between.is_healthy
    assert between == before or between.intent == "second"

    live = deploy(successor, intent(key, bundles[1], "second"), bundles[1])
    assert successor.live(key) == live
    assert [child.instance for child in running(home)] == [live.instance]
