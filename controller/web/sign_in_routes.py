"""`/auth`: the addresses a browser meets while somebody signs in or out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import structlog
from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from controller.errors import UnavailableError
from controller.web.body import BodyFault, body_of
from controller.web.pages import Page, html
from controller.web.signing_in import CALLBACK, LOGIN, LOGOUT, SIGNED_OUT, SigningIn

_LARGEST_FORM = 64 * 1024
_MOST_FIELDS = 20
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class DemoPage:
    """The page of the demo on which one chooses who to be."""

    place: str
    people: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class SignInDoor:
    """What the routes are made of."""

    signing_in: SigningIn
    own_url: str
    """Under which browsers reach us; `https://` and a host, or loopback."""
    demo: DemoPage | None = None


def sign_in_routes(door: SignInDoor) -> APIRouter:
    """Return the routes below `/auth`."""
    signing_in = door.signing_in

    async def login(request: Request) -> Response:
        return await _on_a_thread(lambda: signing_in.begin(request, door.own_url))

    async def callback(request: Request) -> Response:
        fields = await _fields(request)
        return await _on_a_thread(lambda: signing_in.complete(request, fields))

    async def leave(request: Request) -> Response:
        return await _on_a_thread(lambda: signing_in.leave(request, door.own_url))

    async def logout(request: Request) -> Response:
        csrf = (await _fields(request)).get("csrf", "")
        return await _on_a_thread(lambda: signing_in.end(request, csrf, door.own_url))

    router = APIRouter(include_in_schema=False)
    ways_in = ((LOGIN, login, "GET"), (CALLBACK, callback, "POST"))
    ways_out = ((LOGOUT, leave, "GET"), (LOGOUT, logout, "POST"), (SIGNED_OUT, _signed_out, "GET"))
    for path, endpoint, method in (*ways_in, *ways_out):
        for spelling in (path, f"{path}/"):
            router.add_api_route(spelling, endpoint, methods=[method], response_model=None)
    if door.demo is not None:
        router.add_api_route(door.demo.place, _demo(door.demo), methods=["GET"], response_model=None)
    return router


async def _signed_out() -> Response:
    return html(Page("You are signed out", "Nobody is signed in to DVO in this browser.", (LOGIN, "Sign in")))


def _demo(demo: DemoPage) -> Callable[[Request], Response]:
    def choose(request: Request) -> Response:
        page = Page(
            "Who are you?",
            "People come from the directory file of the demo.",
            warning="Demo sign-in: no password is asked for. Never use it for anything real.",
            choices=demo.people(),
            action=CALLBACK,
            hidden={"state": request.query_params.get("state", "")[:100]},
        )
        return html(page)

    return choose


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form, as far as anyone means them; none of what is no form of ours."""
    body = await body_of(request, _LARGEST_FORM)
    try:
        return {} if isinstance(body, BodyFault) else dict(parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


async def _on_a_thread(work: Callable[[], Response]) -> Response:
    try:
        return await to_thread.run_sync(work)
    except UnavailableError as error:
        _LOG.warning("nobody can be signed in", component=error.component, error=str(error))
        text = "A part of DVO that must be asked does not answer. Nobody is signed in or out meanwhile."
        return html(Page("Try again soon", text, (LOGIN, "Try again")), 503)
