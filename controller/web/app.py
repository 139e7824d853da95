"""The HTTP application, made of finished collaborators.

Routes answer with and without a trailing slash, without a redirect that a webhook would not
follow. Strangers reach health and the webhook, and nothing describes itself to them.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse

from controller.ports.clock import Clock
from controller.ports.journal import Journal, WorkQueue
from controller.web.api import Api, api_routes
from controller.web.body import Room
from controller.web.client_address import AddressOf, address_behind
from controller.web.github_events import Governed
from controller.web.health import Health, Probe
from controller.web.metrics import Metrics
from controller.web.policy_routes import PolicyDoor, policy_routes
from controller.web.refusal import RefusalJournal
from controller.web.scraping import Scraping
from controller.web.sign_in_routes import SignInDoor, sign_in_routes
from controller.web.traffic import Traffic
from controller.web.webhook import GitHubWebhook, Terms

_BODIES = 32
"""So many deliveries of the largest size may be held at once."""


def _nothing() -> None:
    """Stand for work that an application does not have at its start or end."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything the application is made of."""

    webhook_secret: bytes = field(repr=False)
    repository: str
    """The one that is governed, as owner/name."""
    queue: WorkQueue
    journal: Journal
    clock: Clock
    new_id: Callable[[], str]
    probes: Mapping[str, Probe]
    """By component: what `/health` asks; each ends by itself when nobody answers it."""
    version: str
    metrics: Metrics
    """Counts what happens at the doors; shown at `/metrics`."""
    start: Callable[[], None] = _nothing
    """Called once before the first request is taken, on a thread of its own."""
    stop: Callable[[], None] = _nothing
    """Called once after the last one was answered."""
    vital: frozenset[str] = frozenset({"database"})
    """The components without which no delivery can be kept."""
    branch: str = "main"
    app_id: int | None = None
    """Of our own App: only its checks may ask to be made again; None: any."""
    address_of: AddressOf = address_behind(())
    """Where a delivery comes from; by default nobody is believed about that."""
    api: Api | None = None
    """None: there is no `/v1`, since nobody could be known at it."""
    policies: PolicyDoor | None = None
    """The rules, and what they would say; without `api` nobody is let in."""
    sign_in: SignInDoor | None = None
    """None: people come with tokens only."""
    body_limit: int = 5 * 1024 * 1024
    """Bytes; GitHub itself sends up to 25 MiB, and what is refused here the sweep finds."""


def create_app(doors: Doors) -> FastAPI:
    """Return the application that answers at `doors`."""
    threads = ThreadPoolExecutor(max_workers=max(1, len(doors.probes)), thread_name_prefix="health")
    app = FastAPI(
        title="DVO",
        version=doors.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(doors, threads),
    )
    app.include_router(_health_routes(Health(doors.probes, doors.vital, doors.version, threads)))
    app.include_router(_webhook_routes(doors))
    app.include_router(_metrics_routes(doors.metrics))
    if doors.api is not None:
        app.include_router(api_routes(doors.api))
    if doors.policies is not None:
        app.include_router(policy_routes(doors.policies, None if doors.api is None else doors.api.authentication))
    if doors.sign_in is not None:
        app.include_router(sign_in_routes(doors.sign_in))
    app.add_middleware(Traffic, new_id=doors.new_id, metrics=doors.metrics)
    return app


def _lifespan(doors: Doors, threads: ThreadPoolExecutor) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(doors.start)
        try:
            yield
        finally:
            # Whoever still waits for a slow probe gets no answer any more.
            threads.shutdown(wait=False, cancel_futures=True)
            await to_thread.run_sync(doors.stop)

    return lifespan


def _health_routes(health: Health) -> APIRouter:
    router = APIRouter()
    for path, answer in (("/health", health.whole), ("/health/live", health.live), ("/health/ready", health.ready)):
        for spelling in (path, f"{path}/"):
            router.add_api_route(spelling, answer, methods=["GET"], response_model=None)
    return router


def _metrics_routes(metrics: Metrics) -> APIRouter:
    router, scraping = APIRouter(), Scraping(metrics)
    for spelling in ("/metrics", "/metrics/"):
        router.add_api_route(spelling, scraping.show, methods=["GET"], response_model=None)
    return router


def _webhook_routes(doors: Doors) -> APIRouter:
    webhook = GitHubWebhook(
        Terms(
            doors.webhook_secret,
            doors.repository,
            doors.body_limit,
            Room(doors.body_limit * _BODIES),
            Governed(doors.branch, doors.app_id),
        ),
        doors.queue,
        RefusalJournal(doors.journal, doors.clock, doors.new_id, "webhook/github"),
        doors.metrics.delivered,
        doors.address_of,
    )

    async def receive(request: Request) -> JSONResponse:
        return await webhook.receive(request)

    router = APIRouter()
    for spelling in ("/webhooks/github", "/webhooks/github/"):
        router.add_api_route(spelling, receive, methods=["POST"], response_model=None)
    return router
