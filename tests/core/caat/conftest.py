"""A small agent whose every file a test may change."""

from collections.abc import Callable, Mapping

import pytest

AGENT = """\
apiVersion: dvo/v1
kind: Agent
code: TST
name: Tester
description: Tells the tide and the time.
version: 1.2.3
domain: harbour
capabilities:
  - name: tell_tide
    description: Says when the water is high.
    keywords: [tide, high water]
    inputs:
      place: {type: text, description: "The harbour", required: true}
    outputs:
      time: {type: text, description: "When it is", required: true}
  - name: find_pilot
    description: Finds who may steer a ship in.
    keywords: [pilot]
    inputs: {}
    outputs:
      pilot: {type: agent, description: "Who it is", required: true}
knowledge: [kb/tides.md, kb/pilots.md]
instructions: instructions/tester.md
routing_keywords: [tide, pilot]
hand_offs:
  - {to: SEA, when: "The ship has left the harbour.", keywords: [open sea, storm]}
"""

TESTS = """\
apiVersion: dvo/v1
kind: CapabilityTests
tests:
  - {id: TST-1, input: When is high water?, capability: tell_tide}
  - {id: TST-2, input: A storm on the open sea, capability: find_pilot, hand_off: SEA}
"""

TIDES = """\
The moon makes the tides.

# High water

High water comes twice a day, some fifty minutes later each day.

## Low water ##

Low water lies between two high waters.

# Empty
"""


@pytest.fixture
def files() -> Mapping[str, bytes]:
    return {
        "agent.yaml": AGENT.encode(),
        "tests/capabilities.yaml": TESTS.encode(),
        "kb/tides.md": TIDES.encode(),
        "kb/pilots.md": b"# Pilots\n\nPilots know the harbour and steer ships in.\n",
        "instructions/tester.md": b"# The tester\n\nSay the time first.\n",
    }


@pytest.fixture
def changed(files: Mapping[str, bytes]) -> Callable[[str, str, str], Mapping[str, bytes]]:
    """Return the files with one text in one of them replaced."""

    def change(path: str, old: str, new: str) -> Mapping[str, bytes]:
        assert old in files[path].decode()
        return {**files, path: files[path].replace(old.encode(), new.encode(), 1)}

    return change
