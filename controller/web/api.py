"""`/v1`: what programs and our own pages ask, everything of it behind the authentication.

Who asks is known before a parameter is read; what they may do is decided by the one
authorization function. Routes answer with and without a trailing slash.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from controller.errors import ControllerError
from controller.identity.principal import Principal, PrincipalKind
from controller.policy.authorization import Permission, Standing
from controller.web.authentication import REFUSALS, Authentication, Caller
from controller.web.pages import Page, html

_BOTH = {"Vary": "Accept", "Cache-Control": "no-store"}
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes are made of."""

    authentication: Authentication
    standing_of: Callable[[Principal], Standing]
    """Raises a `ControllerError` when the policies do not say."""


class Role(BaseModel):
    """A role somebody has, and why."""

    role: str
    because_of: list[str] = Field(description="The groups that give it.")


class Me(BaseModel):
    """Who asks, as every decision sees them."""

    principal: str = Field(description="The id under which the ledger names them.")
    kind: PrincipalKind
    login: str
    mfa: bool | None = Field(description="Whether a second factor is known of; null is unknown, which counts as no.")
    groups: list[str] = Field(description="Of the groups the policies know.")
    roles: list[Role]
    permissions: list[Permission]
    csrf: str | None = Field(description="What a page sends along in `X-CSRF-Token`; null without a session.")


def api_routes(api: Api) -> APIRouter:
    """Return the routes below `/v1`."""
    router = APIRouter(prefix="/v1")

    def me(request: Request, caller: Annotated[Caller, Depends(api.authentication)]) -> Me | Response:
        """Say who asks, which roles and permissions they have, and why."""
        told = _me(caller, _standing(api, caller.principal))
        # A sign-in ends here, and whoever signed in reads no JSON.
        return html(_page(told), headers=_BOTH) if "text/html" in request.headers.get("accept", "") else told

    def described(request: Request, _: Annotated[Caller, Depends(api.authentication)]) -> JSONResponse:
        """Describe every route below `/v1`, as OpenAPI."""
        return JSONResponse(request.app.openapi())

    for slash in ("", "/"):
        add, shown = router.add_api_route, not slash
        add(
            f"/auth/me{slash}",
            me,
            methods=["GET"],
            response_model=Me,
            responses=REFUSALS,
            tags=["auth"],
            include_in_schema=shown,
        )
        add(f"/openapi.json{slash}", described, methods=["GET"], include_in_schema=False, response_model=None)
    return router


def _page(me: Me) -> Page:
    factor = {True: "yes", False: "no", None: "unknown, which counts as no"}[me.mfa]
    roles = [f"{one.role.replace('_', ' ')}, because of {', '.join(one.because_of)}" for one in me.roles]
    facts = [
        ("Your roles", "; ".join(roles) or "none: no group of yours gives one"),
        ("You may", ", ".join(one.value.replace("_", " ") for one in me.permissions) or "nothing"),
        ("A second factor is known of", factor),
        ("The ledger names you", me.principal),
    ]
    leave = None if me.csrf is None else ("/auth/logout", "Sign out")
    return Page(f"You are {me.login}", "You are signed in to DVO. This window can be closed.", leave, facts=facts)


def _standing(api: Api, principal: Principal) -> Standing:
    try:
        return api.standing_of(principal)
    except ControllerError as error:
        _LOG.warning("the policies do not say what somebody may do", error=str(error))
        raise HTTPException(503, "The policies do not say what you may do; try again soon.") from error


def _me(caller: Caller, standing: Standing) -> Me:
    who = caller.principal
    return Me(
        principal=who.id,
        kind=who.kind,
        login=who.login,
        mfa=who.mfa,
        groups=sorted(who.groups),
        roles=[Role(role=role, because_of=list(groups)) for role, groups in standing.roles.items()],
        permissions=[permission for permission in Permission if permission in standing.permissions],
        csrf=None if caller.session is None else caller.session.csrf,
    )
