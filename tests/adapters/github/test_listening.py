"""What an answer says beside its content: heard for every call, and the budget of the installation only."""

import pytest

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.listening import Budget, Heard, budget_in, budget_of
from controller.errors import ControllerError, InputError, UnavailableError
from controller.sandbox.faults import Fault, FaultKind
from tests.adapters.github.conftest import PATIENT, REPOSITORY, SandboxStage

TOLD = {"X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1800000000"}


@pytest.mark.parametrize(
    ("headers", "budget"),
    [
        (TOLD, Budget(4999, 1800000000)),
        ({**TOLD, "X-RateLimit-Resource": "core"}, Budget(4999, 1800000000)),
        ({**TOLD, "X-RateLimit-Limit": "12500"}, Budget(4999, 1800000000, 12500)),
        ({**TOLD, "X-RateLimit-Limit": "unlimited"}, Budget(4999, 1800000000)),
        ({name.lower(): value for name, value in TOLD.items()}, Budget(4999, 1800000000)),
        ({**TOLD, "X-RateLimit-Resource": "search"}, None),
        ({}, None),
        ({**TOLD, "X-RateLimit-Remaining": "-1"}, None),
        ({**TOLD, "X-RateLimit-Remaining": "many"}, None),
        ({**TOLD, "X-RateLimit-Remaining": "²"}, None),
        ({**TOLD, "X-RateLimit-Reset": "9" * 400}, None),
        ({"X-RateLimit-Remaining": "4999"}, None),
    ],
)
def test_headers_tell_the_budget_or_nothing(headers: dict[str, str], budget: Budget | None) -> None:
    assert budget_in(headers) == budget


def test_every_call_is_heard_and_only_the_installations_budget_counts(stage: SandboxStage) -> None:
    heard, app = listening_app(stage)
    app.get(app.path("/branches/main"))
    assert [(one.verb, one.status) for one in heard] == [("GET", 200), ("POST", 201), ("GET", 200)]
    assert heard[0].budget is heard[1].budget is None
    assert heard[2].budget is not None
    left = budget_of(app.get("/rate_limit"))
    assert heard[2].budget == heard[3].budget == left
    with pytest.raises(InputError):
        app.get(app.path("/branches/none"))
    assert heard[-1].status == 404
    assert heard[-1].budget == Budget(left.remaining - 1, left.resets_at, left.limit)
    app.close()


def test_a_call_without_an_answer_is_heard_as_such(stage: SandboxStage) -> None:
    heard, app = listening_app(stage)
    app.get(app.path("/branches/main"))
    heard.clear()
    stage.sandbox.faults.plan(Fault(FaultKind.RESET, times=9))
    with pytest.raises(UnavailableError):
        app.get(app.path("/branches/main"))
    assert heard == [Heard("GET", None, None)]
    app.close()


def listening_app(stage: SandboxStage) -> tuple[list[Heard], GitHubApp]:
    heard: list[Heard] = []
    known = stage.credentials
    app = GitHubApp(
        stage.sandbox.api_url, known.app_id, known.private_key, REPOSITORY, patience=PATIENT, listener=heard.append
    )
    return heard, app


@pytest.mark.parametrize("answer", [{}, {"resources": {"core": {"remaining": "9", "reset": 1}}}, None, []])
def test_a_rate_limit_that_makes_no_sense_is_none(answer: object) -> None:
    with pytest.raises(ControllerError):
        budget_of(answer)
