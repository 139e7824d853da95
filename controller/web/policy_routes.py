"""`GET /v1/policies` and `POST /v1/policies/evaluate`: the rules, and what they would say.

Who asks is known before a byte of the body is read; without anything to know people by, nobody
gets in. What they may do is decided by the one authorization function. Routes answer with and
without a trailing slash.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

import structlog
from anyio import to_thread
from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from controller.desired_state.names import AGENT_CODE, ENVIRONMENT_NAME
from controller.errors import ControllerError
from controller.identity.principal import Principal
from controller.policy.bundle import PolicyBundle
from controller.policy.rule_note import RuleNote, note_document
from controller.web.authentication import REFUSALS, Authentication, Caller
from controller.web.body import BODY_SECONDS, BodyFault, body_of
from controller.web.evaluation import Faults, evaluation_document, faults_of, read_body
from controller.web.limiting import Allowance
from controller.workflow.authorizing import Denied
from controller.workflow.simulating import Simulating, Simulation

SCHEMA = "dvo.policy-list/1"
_BODY_LIMIT = 256 * 1024
_SENTENCES = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "array", "items": {"type": "string"}}},
}
_EVALUATION: dict[int | str, dict[str, object]] = {
    400: {"description": "The body ended early."},
    408: {"description": f"The body takes longer than {BODY_SECONDS} seconds."},
    413: {"description": f"The body is larger than {_BODY_LIMIT} bytes."},
    422: {
        "description": "The body has faults: a sentence of each, which names the field.",
        "content": {"application/json": {"schema": _SENTENCES}},
    },
}
_BODY = {
    "type": "object",
    "required": ["agent_id", "environment", "deployment_config"],
    "additionalProperties": False,
    "properties": {
        "agent_id": {"type": "string", "pattern": AGENT_CODE, "examples": ["ANL"]},
        "environment": {"type": "string", "pattern": ENVIRONMENT_NAME, "examples": ["production"]},
        "deployment_config": {
            "type": "object",
            "description": "The keys of a manifest but apiVersion, kind and agent: schemas/agent-deployment.json.",
        },
        "as": {"type": ["string", "null"], "description": "The login of who would propose it; null: who asks."},
        "at": {"type": ["string", "null"], "format": "date-time", "description": "When; null: now."},
    },
}
Found = TypeVar("Found")
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class PolicyDoor:
    """What the routes are made of."""

    simulating: Simulating
    notes_of: Callable[[PolicyBundle], tuple[RuleNote, ...]]
    """What the rules of a bundle say of themselves; raises `ControllerError` when nobody can tell."""


def nobody(_: Request) -> Caller:
    """Refuse everybody: there is nothing to know people by."""
    raise HTTPException(401, "Nobody can sign in here.", {"WWW-Authenticate": "Bearer"})


def policy_routes(door: PolicyDoor, authentication: Authentication | None) -> APIRouter:
    """Return the routes below `/v1/policies`, behind `authentication`; None lets nobody in."""
    router = APIRouter(prefix="/v1", tags=["policies"])
    count = nobody if authentication is None else authentication.counted(Allowance.AUDIT_QUERIES)
    counted = Annotated[Caller, Depends(count)]
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}}

    def policies(caller: counted) -> JSONResponse:
        """List the rules of main's policies with what each is about."""
        return _listed(door, caller.principal)

    async def evaluate(request: Request, caller: counted) -> JSONResponse:
        """Say what main's policies would say of a deployment; a simulation, from which nothing follows."""
        body = await _body(request)
        return await to_thread.run_sync(_evaluated, door, caller.principal, body)

    for slash in ("", "/"):
        add, shown = router.add_api_route, not slash
        add(f"/policies{slash}", policies, methods=["GET"], responses=REFUSALS, include_in_schema=shown)
        add(
            f"/policies/evaluate{slash}",
            evaluate,
            methods=["POST"],
            responses=REFUSALS | _EVALUATION,
            include_in_schema=shown,
            openapi_extra=body,
        )
    return router


def _listed(door: PolicyDoor, principal: Principal) -> JSONResponse:
    def listed() -> Mapping[str, object] | Denied:
        bundle = door.simulating.policies(principal)
        if isinstance(bundle, Denied):
            return bundle
        rules = [note_document(note) for note in door.notes_of(bundle)]
        return {"schema": SCHEMA, "policy_revision": bundle.digest, "rules": rules}

    found = _asked(listed)
    return _refused(found) if isinstance(found, Denied) else JSONResponse(found)


def _evaluated(door: PolicyDoor, principal: Principal, body: bytes) -> JSONResponse:
    supposed = read_body(body)
    if isinstance(supposed, Faults):
        return _unfit(supposed)
    match _asked(lambda: door.simulating.simulate(principal, supposed)):
        case Denied() as denied:
            return _refused(denied)
        case Simulation() as simulation:
            return JSONResponse(evaluation_document(supposed, simulation))
        case problems:
            return _unfit(faults_of(problems))


def _asked(ask: Callable[[], Found]) -> Found:
    try:
        return ask()
    except ControllerError as error:
        _LOG.warning("the policies do not answer", error=str(error))
        raise HTTPException(503, "The policies do not answer; try again soon.") from error


def _refused(denied: Denied) -> JSONResponse:
    return JSONResponse({"detail": f"You may not: {denied.reason}."}, 403)


def _unfit(faults: Faults) -> JSONResponse:
    return JSONResponse({"detail": list(faults.sentences)}, 422)


async def _body(request: Request) -> bytes:
    """Return the raw body, never holding more of it than the limit."""
    body = await body_of(request, _BODY_LIMIT)
    if isinstance(body, BodyFault):
        # Closing is what ends a body that nobody reads any more.
        raise HTTPException(body.value, str(_EVALUATION[body.value]["description"]), {"Connection": "close"})
    return body
