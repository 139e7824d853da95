"""What every other test rests on: a call of the controller that GitHub does not describe is seen."""

from dataclasses import replace

import pytest

from controller.sandbox.witness import Seen
from tests.sandbox.conftest import ONE, Town
from tests.sandbox.contract import broken, hold
from tests.sandbox.openapi import OLD

NOBODY = b'{"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}'
OURS = {"user-agent": "dvo", "x-github-api-version": OLD}
CALL = Seen("GET", "/repos/acme/agents/issues/1", {}, OURS, b"", 404, NOBODY)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(replace(CALL, query={"colour": "red"}), id="query"),
        pytest.param(replace(CALL, method="PATCH", sent=b'{"state": 3}'), id="body"),
        pytest.param(replace(CALL, method="PATCH", sent=b"{"), id="no JSON"),
        pytest.param(replace(CALL, path="/repos/acme/agents/colours"), id="address"),
        pytest.param(replace(CALL, status=200, answered=b'{"number": "one"}'), id="answer"),
        pytest.param(replace(CALL, answered=b"{}"), id="error"),
        pytest.param(replace(CALL, method="PATCH", sent=b'{"assignee": "dana"}'), id="no longer in the newer version"),
    ],
)
def test_a_call_or_an_answer_that_is_not_described_is_kept_until_somebody_asks(call: Seen) -> None:
    hold(CALL)
    assert broken() == []
    hold(call)
    assert len(broken()) == 1
    assert broken() == []


def test_calls_of_people_are_not_held() -> None:
    hold(replace(CALL, query={"colour": "blue"}, headers={"user-agent": "curl"}))
    assert broken() == []


def test_whatever_the_controller_asks_a_running_sandbox_is_held(town: Town) -> None:
    town.installation().raw("GET", f"{ONE}/issues?colour=red", User_Agent="dvo", X_GitHub_Api_Version=OLD)
    town.installation().raw(
        "POST", f"{ONE}/issues", {"title": "x", "colour": "red"}, User_Agent="dvo", X_GitHub_Api_Version=OLD
    )
    first, second = broken()
    assert "colour" in first
    assert "colour" in second
