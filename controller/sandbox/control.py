"""The tests' controls over HTTP, below `/_sandbox` and behind a token of their own.

For a sandbox that runs as a process; inside one process use `Sandbox.faults` and `Sandbox.outbox` directly.
"""

import hmac
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controller.sandbox.faults import Fault, FaultKind, Faults
from controller.sandbox.urls import Endpoint
from controller.sandbox.world import World

Json = dict[str, object]


class Controls:
    """What the control addresses do."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def counts(self, _: Json) -> Json:
        """Tell how often each route was called."""
        counts = self._faults.counts()
        return {
            "routes": dict(counts.by_route),
            "reads": counts.reads,
            "writes": counts.writes,
            "not_modified": counts.not_modified,
        }

    def reset(self, _: Json) -> Json:
        """Start counting anew and forget planned trouble."""
        self._faults.reset_counts()
        self._faults.clear()
        return {}

    def latency(self, body: Json) -> Json:
        """Add milliseconds to every REST call."""
        self._faults.latency_ms = float(str(body["milliseconds"]))
        return {}

    def fault(self, body: Json) -> Json:
        """Plan trouble."""
        headers = body.get("headers")
        self._faults.plan(
            Fault(
                kind=FaultKind(str(body["kind"])),
                method=str(body.get("method", "*")),
                path=str(body.get("path", "*")),
                times=int(str(body.get("times", 1))),
                status=int(str(body.get("status", 500))),
                headers={str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {},
                after=bool(body.get("after", False)),
                skip=int(str(body.get("skip", 0))),
                delay_ms=float(str(body.get("delay_ms", 0))),
            )
        )
        return {}

    def webhooks(self, body: Json) -> Json:
        """Hold, release, shuffle, lose or repeat deliveries."""
        outbox = self._world.outbox
        if "lose" in body:
            outbox.lose(int(str(body["lose"])))
        if "copies" in body:
            outbox.repeat(int(str(body["copies"])))
        if body.get("hold") is True:
            outbox.hold()
        if body.get("hold") is False:
            outbox.release(shuffled=bool(body.get("shuffled", False)))
        return {}

    def deliveries(self, _: Json) -> Json:
        """List deliveries."""
        return {
            "deliveries": [
                {
                    "id": delivery.id,
                    "guid": delivery.guid,
                    "event": delivery.event,
                    "action": delivery.action,
                    "status": delivery.status,
                    "status_code": delivery.status_code,
                }
                for delivery in self._world.outbox.log
            ]
        }

    def redeliver(self, body: Json) -> Json:
        """Send a delivery again."""
        wanted = int(str(body["id"]))
        found = next(delivery for delivery in self._world.outbox.log if delivery.id == wanted)
        return {"id": self._world.outbox.redeliver(found, self._world.next_id()).id}


def control_routes(world: World, faults: Faults, expected: str) -> list[Route]:
    """Return the control routes; `expected` is the token they ask for."""
    controls = Controls(world, faults)
    reads = {"counts": controls.counts, "deliveries": controls.deliveries}
    writes = {
        "reset": controls.reset,
        "latency": controls.latency,
        "faults": controls.fault,
        "webhooks": controls.webhooks,
        "redeliver": controls.redeliver,
    }
    return [
        *(Route(f"/_sandbox/{name}", _endpoint(control, expected), methods=["GET"]) for name, control in reads.items()),
        *(
            Route(f"/_sandbox/{name}", _endpoint(control, expected), methods=["POST"])
            for name, control in writes.items()
        ),
    ]


def _endpoint(control: Callable[[Json], Json], expected: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            return JSONResponse({"message": "the control token is missing or wrong"}, 403)
        body = await request.json() if request.method == "POST" and await request.body() else {}
        try:
            return JSONResponse(await run_in_threadpool(control, body))
        except (KeyError, ValueError, StopIteration) as error:
            return JSONResponse({"message": f"cannot do that: {error!r}"}, 422)

    return endpoint
