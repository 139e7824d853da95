"""Every operation, asked in generated ways by everybody there is, and by nobody: it refuses or answers as described."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from controller.adapters.opa import OpaServers
from controller.compose.policies import notes_of
from controller.ledger.event import EventType
from controller.web.api import Api
from controller.web.app import create_app
from controller.web.policy_routes import PolicyDoor
from tests.opa import opa_binary
from tests.web.conftest import build_house
from tests.web.test_policy_routes import authentication
from tests.workflow.world import World

Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
ROLES = ("ada-admin", "rita-release", "omar-ops", "dana-dev", "vera-view")
NOBODY = {
    "no token": {},
    "no such person": {"Authorization": "Bearer somebody-else"},
    "another scheme": {"Authorization": "Basic YWRhLWFkbWluOg=="},
    "a session of nobody": {"Cookie": "__Host-dvo-session=" + "A" * 43},
}
PERMITTED = {
    ("GET", "/v1/auth/me"): frozenset(ROLES),
    ("GET", "/v1/policies"): frozenset(ROLES),
    ("POST", "/v1/policies/evaluate"): frozenset(ROLES) - {"vera-view"},
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with OpaServers(opa_binary()) as engine, ThreadPoolExecutor(8) as pool:
        made = World(engine, pool)
        made.look("main")
        yield made


@pytest.fixture(scope="module")
def app(world: World) -> FastAPI:
    api = Api(authentication(world), world.workflows.authorizing.standing)
    door = PolicyDoor(world.workflows.simulating, notes_of(opa_binary()))
    return create_app(replace(build_house().doors, api=api, policies=door))


@pytest.fixture(scope="module")
def described(app: FastAPI) -> schemathesis.BaseSchema:
    headers = {"Authorization": "Bearer ada-admin"}
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers=headers)


def operations(described: schemathesis.BaseSchema) -> dict[tuple[str, str], Operation]:
    found = [result.ok() for result in described.get_all_operations() if isinstance(result, Ok)]
    return {(operation.method.upper(), operation.path): operation for operation in found}


def test_every_operation_is_known_here(described: schemathesis.BaseSchema) -> None:
    versioned = {place for place in operations(described) if place[1].startswith("/v1/")}
    assert versioned == PERMITTED.keys()


@pytest.mark.parametrize("place", PERMITTED, ids=" ".join)
@pytest.mark.parametrize("login", ROLES)
def test_an_operation_answers_a_role_as_it_is_described(
    described: schemathesis.BaseSchema, place: tuple[str, str], login: str
) -> None:
    is_permitted = login in PERMITTED[place]

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operations(described)[place].as_strategy())
    def asked(case: Case) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {login}"})
        # What a manifest may hold is more than its schema can say, so a request of the right form may have faults.
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])
        assert answer.status_code in ({200, 422} if is_permitted else {403, 422})

    asked()


@settings(max_examples=60, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(body=st.binary(max_size=400))
def test_no_body_whatsoever_breaks_the_door(body: bytes, described: schemathesis.BaseSchema) -> None:
    operation = operations(described)[("POST", "/v1/policies/evaluate")]
    answer = operation.Case(body=None).call(
        headers={"Authorization": "Bearer omar-ops", "Content-Type": "application/json"}, data=body
    )
    assert answer.status_code == 422


def test_nothing_generated_was_recorded_as_a_decision(world: World) -> None:
    assert world.events(EventType.POLICY_EVALUATED) == ()


@pytest.mark.parametrize("place", PERMITTED, ids=" ".join)
@pytest.mark.parametrize("who", NOBODY)
def test_nobody_is_answered_anything_but_no(
    described: schemathesis.BaseSchema, place: tuple[str, str], who: str
) -> None:
    """The last: so many failures lock out whoever sends them."""

    @settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operations(described)[place].as_strategy())
    def asked(case: Case) -> None:
        answer = case.call(headers=NOBODY[who])
        assert answer.status_code in (401, 429)
        assert set(answer.json()) == {"detail"}

    asked()
