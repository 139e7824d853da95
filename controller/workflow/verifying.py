"""Whether a running agent does what its own capability tests say."""

import json
from collections.abc import Iterator

from controller.caat.bundle import Bundle
from controller.ports.agent import AgentClient

_TESTS = "tests.json"


def failed_tests(client: AgentClient, endpoint: str, bundle: Bundle) -> tuple[str, ...]:
    """Return one sentence for each capability test of `bundle` that the agent at `endpoint` fails.

    Raises `UnavailableError` when the agent does not answer.
    """
    return tuple(_failures(client, endpoint, json.loads(bundle.files[_TESTS])))


def _failures(client: AgentClient, endpoint: str, tests: list[dict[str, str]]) -> Iterator[str]:
    for test in tests:
        reply = client.invoke(endpoint, test["input"])
        expected, got = (test["capability"], test["hand_off"]), (reply.capability, reply.hand_off)
        if got != expected:
            yield f"{test['id']}: expected {_told(*expected)}, got {_told(*got)}"


def _told(capability: str | None, hand_off: str | None) -> str:
    return f"{capability or 'no capability'}{f' handing off to {hand_off}' if hand_off else ''}"
