"""The web application: REST below `/api/v3`, git at `/owner/name.git`, controls at `/_sandbox`, pages elsewhere."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from controller.sandbox.faults import Faults
from controller.sandbox.git_transport import git_routes
from controller.sandbox.refusal import not_found
from controller.sandbox.rest.door import answer_refusal, rest_routes
from controller.sandbox.urls import API_PREFIX
from controller.sandbox.world import World


def web_application(world: World, faults: Faults, *more: BaseRoute) -> Starlette:
    """Return the application of one sandbox."""
    routes: list[BaseRoute] = [*rest_routes(world, faults), *git_routes(world), *more]
    return Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})


async def _unknown(request: Request, error: Exception) -> Response:
    # GitHub answers a wrong method like an unknown address.
    if request.url.path.startswith(API_PREFIX):
        return answer_refusal(not_found())
    status = error.status_code if isinstance(error, HTTPException) else 404
    return Response("Not Found", status, media_type="text/plain")
