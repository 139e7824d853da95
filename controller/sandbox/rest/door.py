"""Where REST requests come in: identify, check, run the operation, write the answer.

In this order: planned trouble and latency, API version, caller, rate limit, permission, body, operation, paging, ETag.
Operations run in a thread under the world's lock. Every answer carries a request id and rate headers; unknown
addresses get GitHub's 404.
"""

import asyncio
import hashlib
import json
import socket
import uuid
from collections.abc import Mapping
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from controller.sandbox.faults import Fault, FaultKind, Faults
from controller.sandbox.merge_queue import tend
from controller.sandbox.refusal import Refusal, not_found, unprocessable
from controller.sandbox.rest import (
    accounts,
    activity,
    apps,
    checks,
    commits,
    deployments,
    git_database,
    issues,
    meta,
    pulls,
    reviews,
)
from controller.sandbox.rest import repositories as repository_routes
from controller.sandbox.rest.paging import page_of
from controller.sandbox.rest.routing import Body, Call, Reply, Route
from controller.sandbox.tokens import NOBODY, allow, identify
from controller.sandbox.urls import API_PREFIX, Endpoint
from controller.sandbox.witness import WITNESSES, Seen
from controller.sandbox.world import World

_OPEN = ("/meta", "/rate_limit", "/versions")
_LARGEST_BODY = 40 * 1024 * 1024

ROUTES: list[Route] = [
    *apps.ROUTES,
    *accounts.ROUTES,
    *pulls.ROUTES,
    *reviews.ROUTES,
    *checks.ROUTES,
    *git_database.ROUTES,
    *commits.ROUTES,
    *activity.ROUTES,
    *issues.ROUTES,
    *deployments.ROUTES,
    *repository_routes.ROUTES,
    *meta.ROUTES,
]


class BrokenAnswer(Response):
    """An answer that promises more than it sends, then loses the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the body."""
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await asyncio.sleep(0)
        cut_connection(scope)


class NoAnswer(Response):
    """No answer at all: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection."""
        cut_connection(scope)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def rest_routes(world: World, faults: Faults) -> list[StarletteRoute]:
    """Return the routes of the REST API for the web server."""
    return [
        StarletteRoute(API_PREFIX + route.path, _endpoint(world, faults, route), methods=[route.method])
        for route in ROUTES
    ]


def cut_connection(scope: Scope) -> None:
    """Cut the connection a request came by."""
    transport = scope["state"]["transport"]
    connected = transport.get_extra_info("socket")
    if connected is not None:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    transport.abort()


def answer_refusal(refusal: Refusal) -> Response:
    """Return a refusal as an answer."""
    return _respond(refusal.status, refusal.body(), refusal.headers)


def _endpoint(world: World, faults: Faults, route: Route) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        path = request.url.path.removeprefix(API_PREFIX)
        faults.count(route.method, route.template)
        fault = faults.take(route.method, path)
        if faults.latency_ms:
            await asyncio.sleep(faults.latency_ms / 1000)
        if fault is not None and fault.keeps_from_happening:
            return _troubled(fault, None)
        with faults.call():
            raw = await request.body()
            if fault is not None and not fault.after:
                await asyncio.sleep(fault.delay_ms / 1000)
            answer = await run_in_threadpool(_answer, world, faults, route, request, raw)
            _show(request, raw, answer)
            if fault is not None and fault.after:
                await asyncio.sleep(fault.delay_ms / 1000)
        question = f"{request.url.path}?{request.url.query} {request.headers.get('accept')}"
        if fault is not None and fault.kind is FaultKind.STALE:
            return faults.older(question, answer)
        if route.method == "GET":
            faults.keep(question, answer)
        return answer if fault is None else _troubled(fault, answer)

    return endpoint


def _show(request: Request, raw: bytes, answer: Response) -> None:
    if WITNESSES:
        path, query = request.url.path.removeprefix(API_PREFIX), dict(request.query_params)
        seen = Seen(request.method, path, query, dict(request.headers), raw, answer.status_code, bytes(answer.body))
        for witness in WITNESSES:
            witness(seen)


def _troubled(fault: Fault, answer: Response | None) -> Response:
    if fault.kind is FaultKind.DELAY and answer is not None:
        return answer
    if fault.kind is FaultKind.RESET:
        return NoAnswer()
    if fault.kind is FaultKind.GARBAGE:
        return Response(b'{"nonsense": [1, 2', 200, media_type="application/json")
    if fault.kind is FaultKind.TRUNCATE:
        content = b'{"padding": "' + b"x" * 400 + b'"}' if answer is None else bytes(answer.body)
        return BrokenAnswer(content, 200, media_type="application/json")
    return Response(fault.body, fault.status, dict(fault.headers), media_type="application/json")


def _answer(world: World, faults: Faults, route: Route, request: Request, raw: bytes) -> Response:
    token = ""
    with world.lock:
        try:
            _check_version(request)
            caller = identify(world, request.headers.get("authorization", ""))
            token = caller.token
            query, accept = dict(request.query_params), request.headers.get("accept", "")
            call = Call(world, caller, request.path_params, query, _body(raw), accept)
            _check_rate(world, token, route)
            _check_permission(call, route)
            reply = route.operation(call)
            if route.method != "GET" and "repo" in call.path:
                tend(world, call.repository)
            return _written(world, faults, request, call, reply)
        except Refusal as refusal:
            rates = world.rates.allowance(token, world.token_clock()).headers()
            return _respond(refusal.status, refusal.body(), {**rates, **refusal.headers})


def _check_version(request: Request) -> None:
    version = request.headers.get("x-github-api-version")
    if version is not None and version not in meta.API_VERSIONS:
        raise Refusal(400, "Unsupported API version")


def _check_rate(world: World, token: str, route: Route) -> None:
    if route.path == "/rate_limit":
        return
    now = world.token_clock()
    if world.rates.allowance(token, now).remaining == 0:
        raise Refusal(403, "API rate limit exceeded")
    world.rates.spend(token, now)


def _check_permission(call: Call, route: Route) -> None:
    if call.caller == NOBODY and route.path not in _OPEN and not route.on_repository:
        raise Refusal(401, "Requires authentication")
    if route.on_repository and route not in apps.ROUTES:
        if call.caller == NOBODY and (call.repository.private or route.method != "GET"):
            raise not_found() if call.repository.private else Refusal(401, "Requires authentication")
        allow(call.world, call.caller, call.repository, app=route.app, person=route.person)


def _body(raw: bytes) -> Body:
    if not raw:
        return Body()
    if len(raw) > _LARGEST_BODY:
        raise unprocessable("Body is too large")
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise Refusal(400, "Problems parsing JSON") from error
    if not isinstance(content, dict):
        raise Refusal(400, "Body should be a JSON object")
    return Body(content)


def _written(world: World, faults: Faults, request: Request, call: Call, reply: Reply) -> Response:
    headers = {**reply.headers, **world.rates.allowance(call.caller.token, world.token_clock()).headers()}
    content = reply.content
    if reply.items is not None:
        page = page_of(call.query, reply.items, default=reply.default_page, largest=reply.largest_page)
        link = page.link_header(world.urls.root + quote(request.url.path), call.query)
        headers |= {"Link": link} if link else {}
        content = list(page.items)
        if reply.wrap is not None:
            content = {"total_count": len(reply.items), reply.wrap: content}
    if reply.status == 204:
        return Response(status_code=204, headers={**headers, **_request_id()})
    content = meta.told_in(request.headers.get("x-github-api-version"), content)
    raw = json.dumps(content, separators=(",", ":")).encode()
    if request.method == "GET" and reply.status == 200:
        tag = f'W/"{hashlib.sha256(raw).hexdigest()}"'
        headers |= {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        if request.headers.get("if-none-match") in (tag, tag.removeprefix("W/")):
            faults.count_not_modified()
            world.rates.give_back(call.caller.token, world.token_clock())
            headers |= world.rates.allowance(call.caller.token, world.token_clock()).headers()
            return Response(status_code=304, headers={**headers, **_request_id()})
    return _respond(reply.status, raw, headers)


def _respond(status: int, content: object, headers: Mapping[str, str]) -> Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(
        raw,
        status,
        {
            **headers,
            **_request_id(),
            "Content-Type": "application/json; charset=utf-8",
            "X-GitHub-Media-Type": "github.v3; format=json",
        },
    )


def _request_id() -> dict[str, str]:
    return {"X-GitHub-Request-Id": uuid.uuid4().hex[:24].upper()}
