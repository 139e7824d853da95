"""Clone, fetch and push over smart HTTP (git documentation, "gitprotocol-http").

Runs `git upload-pack` and `git receive-pack` in stateless mode by fixed argv. Before a push the refs it wants to move
are read from its command list and judged by branch protection; the repository's update hook turns the refused ones
away one by one, as GitHub does. Afterwards every ref that moved has its consequences.
"""

import gzip
import re
from collections.abc import Iterable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controller.sandbox.git_store import NO_OBJECT, Move
from controller.sandbox.merge_queue import tend
from controller.sandbox.pushes import branch_moved, forward_only, push_refused
from controller.sandbox.records import Permission, Repository
from controller.sandbox.refusal import Refusal, not_found
from controller.sandbox.tokens import allow, identify
from controller.sandbox.world import Deed, World

_SERVICES = ("git-upload-pack", "git-receive-pack")
_COMMAND = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]+)")
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="sandbox"'}


def git_routes(world: World) -> list[Route]:
    """Return the routes of the git transport for the web server."""

    async def advertise(request: Request) -> Response:
        return await run_in_threadpool(_guarded, world, request, b"")

    async def serve(request: Request) -> Response:
        return await run_in_threadpool(_guarded, world, request, await request.body())

    one = "/{owner}/{repo}.git"
    return [
        Route(one + "/info/refs", advertise, methods=["GET"]),
        Route(one + "/{service}", serve, methods=["POST"]),
    ]


def _guarded(world: World, request: Request, body: bytes) -> Response:
    with world.lock:
        try:
            service = request.path_params.get("service") or request.query_params.get("service", "")
            if service not in _SERVICES:
                raise not_found()
            deed = _admitted(world, request, service)
            if request.method == "GET":
                return _advertisement(deed.repository, service, request)
            return _exchange(deed, service, _unpacked(request, body), _protocol(request))
        except Refusal as refusal:
            headers = _CHALLENGE if refusal.status == 401 else {}
            return Response(refusal.message, refusal.status, headers)


def _admitted(world: World, request: Request, service: str) -> Deed:
    caller = identify(world, request.headers.get("authorization", ""))
    if caller.account is None:
        raise Refusal(401, "No anonymous access")
    repository = world.repository(request.path_params["owner"], request.path_params["repo"])
    writes = service == "git-receive-pack"
    allow(
        world,
        caller,
        repository,
        app="contents:write" if writes else "contents:read",
        person=Permission.WRITE if writes else Permission.READ,
    )
    return Deed(world, repository, caller.account)


def _advertisement(repository: Repository, service: str, request: Request) -> Response:
    command = service.removeprefix("git-")
    done = repository.store.attempt(command, "--stateless-rpc", "--advertise-refs", ".", environment=_protocol(request))
    banner = f"# service={service}\n".encode()
    content = b"%04x" % (len(banner) + 4) + banner + b"0000" + done.stdout
    return _packed(content, f"application/x-{service}-advertisement")


def _exchange(deed: Deed, service: str, body: bytes, environment: dict[str, str]) -> Response:
    store, command = deed.repository.store, service.removeprefix("git-")
    if command == "upload-pack":
        done = store.attempt(command, "--stateless-rpc", ".", given=body, environment=environment)
        return _packed(done.stdout, f"application/x-{service}-result")
    before = store.refs()
    moves = _commands(body)
    environment["SANDBOX_REFUSED_REFS"] = _spaced(move.ref for move in moves if _is_refused(deed, move))
    environment["SANDBOX_FORWARD_REFS"] = _spaced(
        move.ref for move in moves if not move.creates and forward_only(deed.repository, move.ref)
    )
    done = store.attempt(command, "--stateless-rpc", ".", given=body, environment=environment)
    after = store.refs()
    for ref in [name for name in {**before, **after} if before.get(name) != after.get(name)]:
        branch_moved(deed, Move(ref, before.get(ref, NO_OBJECT), after.get(ref, NO_OBJECT)))
    tend(deed.world, deed.repository)
    return _packed(done.stdout, f"application/x-{service}-result")


def _is_refused(deed: Deed, move: Move) -> bool:
    return move.ref.startswith("refs/pull/") or push_refused(deed, move) is not None


def _spaced(refs: Iterable[str]) -> str:
    return "".join(f" {ref} " for ref in refs)


def _commands(body: bytes) -> list[Move]:
    commands: list[Move] = []
    position = 0
    while (length := int(body[position : position + 4] or b"0", 16)) > 4:
        found = _COMMAND.match(body[position + 4 : position + length])
        if found is not None:
            old, new, name = (part.decode(errors="replace") for part in found.groups())
            commands.append(Move(name.rstrip("\n"), old, new))
        position += length
    return commands


def _unpacked(request: Request, body: bytes) -> bytes:
    return gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body


def _protocol(request: Request) -> dict[str, str]:
    version = request.headers.get("git-protocol", "")
    return {"GIT_PROTOCOL": version} if re.fullmatch(r"version=[0-2]", version) else {}


def _packed(content: bytes, kind: str) -> Response:
    return Response(content, 200, {"Content-Type": kind, "Cache-Control": "no-cache"})
