"""The controller as it runs: every adapter built from the settings, wired, started and stopped.

What must hold before the first webhook is taken is done here, in this order: the database is
there and migrated, the ledger extends what the journal knows, the journal is brought up to
the ledger. Only then the worker looks at anything.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from controller.adapters.agent_http import HttpAgentClient
from controller.adapters.git_ledger import GitLedger, SigningKey, ensure_key, key_of
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.conversation import GitHubConversation
from controller.adapters.github.issues import GitHubIssues
from controller.adapters.github.merge_queue import GitHubMergeQueue
from controller.adapters.github.proposing import GitHubProposer
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.adapters.opa import OpaServers, OpaUrl, OpaUrlFirst
from controller.adapters.postgres.database import Database
from controller.adapters.postgres.embedded import embedded_postgres
from controller.adapters.postgres.index import PostgresIndex
from controller.adapters.postgres.journal import PostgresJournal
from controller.adapters.postgres.migrating import migrate
from controller.adapters.postgres.queue import PostgresWorkQueue
from controller.adapters.postgres.tending import Pace
from controller.adapters.postgres.worker import Worker
from controller.adapters.process.deployer import ProcessDeployer
from controller.adapters.system_clock import SystemClock
from controller.compose.counting_journal import CountingJournal
from controller.compose.entrance import Opening, Shared, entrance, shared
from controller.compose.measuring import budget_probe, listening, measured, sparing
from controller.compose.of_itself import new_id, reporting, starting
from controller.compose.people import directory_word, open_directory
from controller.compose.policies import notes_of
from controller.compose.wiring import Parts, wire
from controller.errors import ConfigurationError
from controller.ports.clock import Clock
from controller.settings import Settings
from controller.web.app import Doors, create_app
from controller.web.client_address import address_behind
from controller.web.http_protocol import BoundedHttp
from controller.web.metrics import Metrics
from controller.web.policy_routes import PolicyDoor

_THREADS = 24


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller that is ready to be served: its application and where its evidence lies."""

    app: FastAPI
    ledger: Path
    allowed_signers: Path


@dataclass(frozen=True, slots=True)
class Adapters:
    """Every adapter of one controller, finished, and what of them is used beside the workflows."""

    parts: Parts
    database: Database
    github: GitHubApp
    engine: OpaServers | OpaUrlFirst
    key: SigningKey
    metrics: Metrics
    waiting: Callable[[], int]
    """How many keys want looking at."""
    between: Shared
    closing: ExitStack
    """Closes what is put on it when the adapters are closed."""
    azure_ad: Callable[[], str]
    """The probe of Entra ID."""


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop, by SIGTERM or Ctrl-C, and then leave nothing behind but agents.

    Raises `ConfigurationError` for what the operator must mend, `UnavailableError` for a part
    that does not start, and `LedgerIntegrityError` for a ledger that does not hold.
    """
    signal.signal(signal.SIGTERM, _leave)
    with controller(settings, SystemClock()) as built:
        uvicorn.Server(server_config(built.app, host, port)).run()


def server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """Return how the application is served: its own logs, bounds of its own, and no word about the software."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedHttp,
        ws="none",
        log_config=None,
        server_header=False,
        access_log=False,
        # Left on, whoever asks through loopback would be believed about where they come from, without a setting.
        proxy_headers=False,
    )


@contextmanager
def controller(settings: Settings, clock: Clock, opening: Opening = entrance) -> Iterator[Controller]:
    """Give a controller, and take it apart afterwards; its application starts and stops the work."""
    with finished(settings, clock) as adapters:
        yield assembled(settings, adapters, opening=opening)


@contextmanager
def finished(settings: Settings, clock: Clock) -> Iterator[Adapters]:
    """Give every adapter, built from `settings`, and close them afterwards. Raises as `serve` does."""
    _refuse_what_nothing_heeds(settings)
    with ExitStack() as stack:
        settings.home.mkdir(parents=True, exist_ok=True)
        database = _database(settings, stack)
        key = _signing_key(settings)
        metrics = Metrics(version("dvo"))
        github = _github(settings, metrics)
        queue = PostgresWorkQueue(database)
        stack.callback(github.close)
        pool = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="judge"))
        engine = _engine(settings, stack)
        directory = open_directory(settings, stack)
        parts = Parts(
            reader=GitHubReader(github, settings.home / "blobs"),
            merge_queue=GitHubMergeQueue(github),
            conversation=GitHubConversation(github),
            proposer=GitHubProposer(github),
            writer=GitHubWriter(github, PostgresIndex(database)),
            issues=GitHubIssues(github),
            directory=directory,
            engine=engine,
            deployers={"process": ProcessDeployer(settings.home)},
            agents=HttpAgentClient(),
            journal=CountingJournal(PostgresJournal(database), metrics),
            queue=queue,
            index=PostgresIndex(database),
            ledger=GitLedger(settings.ledger, key),
            clock=clock,
            new_id=new_id,
            pool=pool,
        )
        yield Adapters(
            parts=parts,
            database=database,
            github=github,
            engine=engine,
            key=key,
            metrics=metrics,
            waiting=queue.waiting,
            azure_ad=directory_word(directory),
            between=shared(settings, parts.clock, stack),
            closing=stack,
        )


def assembled(
    settings: Settings, adapters: Adapters, pace: Pace | None = None, opening: Opening = entrance
) -> Controller:
    """Return a controller made of `adapters`, its journal brought up to its ledger; it works at `pace`.

    Raises `LedgerIntegrityError` for a ledger that does not hold, `UnavailableError` for one that cannot be read.
    """
    parts, metrics = adapters.parts, adapters.metrics
    workflows = wire(parts)
    workflows.sealer.restore()
    metrics.watch(lambda: workflows.sealer.sealed_at, adapters.waiting)
    metrics.watch_green_checks(workflows.green_checks.oldest_age_seconds)
    budget = adapters.github.pace
    metrics.watch_budget(budget.points, budget.creations)
    look_at = measured(sparing(workflows.look_at, budget.spare), metrics)
    worker = Worker(adapters.database, look_at, reporting(parts.journal, parts.clock), parts.clock, pace)
    probes = {
        "database": _saying("connected", adapters.database.ping),
        "redis": adapters.between.word,
        "azure_ad": adapters.azure_ad,
        "opa": _saying("ready", adapters.engine.ping),
        "github": budget_probe(adapters.github, metrics),
        "ledger": _saying("verified", parts.ledger.head),
        "worker": _saying("working", worker.ping),
    }
    opened = opening(settings, parts, workflows.authorizing, adapters.between, adapters.closing)
    doors = Doors(
        webhook_secret=settings.github_webhook_secret.get_secret_value().encode(),
        repository=settings.repository,
        queue=parts.queue,
        journal=parts.journal,
        clock=parts.clock,
        new_id=parts.new_id,
        probes=probes,
        version=version("dvo"),
        metrics=metrics,
        app_id=settings.github_app_id,
        address_of=address_behind(settings.trusted_proxies),
        policies=PolicyDoor(workflows.simulating, notes_of(settings.opa_bin)),
        start=starting(worker, parts.journal, parts.clock, settings.secret_sources),
        stop=worker.stop,
        api=opened.api,
        sign_in=opened.sign_in,
    )
    return Controller(create_app(doors), settings.ledger, _trusted_signers(settings, adapters.key))


def _leave(_: int, __: FrameType | None) -> None:
    # The server ends first and then raises the signal again, which by default would end us before the rest is closed.
    sys.exit(0)


def _database(settings: Settings, stack: ExitStack) -> Database:
    if settings.database_url is None:
        url = stack.enter_context(embedded_postgres(settings.home))
    else:
        url = settings.database_url.get_secret_value()
    database = Database(url)
    stack.callback(database.close)
    migrate(database)
    return database


def _signing_key(settings: Settings) -> SigningKey:
    if settings.signing_key is not None:
        return key_of(settings.signing_key.get_secret_value())
    return ensure_key(settings.home / "signing_key")


def _trusted_signers(settings: Settings, key: SigningKey) -> Path:
    """Write down, outside the ledger, who may sign it; an auditor takes a copy of this file."""
    path = settings.home / "allowed_signers"
    path.write_text(key.allowed_signers.text, "ascii")
    return path


def _github(settings: Settings, metrics: Metrics) -> GitHubApp:
    key = settings.github_app_private_key.get_secret_value()
    return GitHubApp(
        settings.github_api_url,
        settings.github_app_id,
        key,
        settings.repository,
        listener=listening(metrics),
        put_off=metrics.put_off,
    )


def _refuse_what_nothing_heeds(settings: Settings) -> None:
    """Raise `ConfigurationError` for a setting that would be believed to work and does not yet."""
    unheeded = {
        "SPLUNK_*": settings.splunk_hec_url,
        "SENTINEL_*": settings.sentinel_endpoint,
        "SYSLOG_URL": settings.syslog_url,
        "DVO_LEDGER_REMOTE": settings.ledger_remote,
        "DVO_MODEL": settings.model,
        "DVO_CAPABILITY_*": settings.capabilities or None,
        "DVO_CAPABILITIES_FILE": settings.capabilities_file if settings.capabilities_file.exists() else None,
    }
    given = [name for name, value in unheeded.items() if value is not None]
    if given:
        raise ConfigurationError(f"{', '.join(given)}: not supported by this version; nothing would heed it")


def _engine(settings: Settings, stack: ExitStack) -> OpaServers | OpaUrlFirst:
    if settings.opa_bin is None:
        raise ConfigurationError("OPA_BIN: is missing; beside OPA_URL too, policies that are only proposed need it")
    if settings.opa_url is None:
        return stack.enter_context(OpaServers(settings.opa_bin))
    token = None if settings.opa_token is None else settings.opa_token.get_secret_value()
    external = OpaUrl(settings.opa_url, token=token, ca_file=settings.opa_ca_file)
    return stack.enter_context(OpaUrlFirst(external, OpaServers(settings.opa_bin)))


def _saying(word: str, ask: Callable[[], object]) -> Callable[[], str]:
    def probe() -> str:
        ask()
        return word

    return probe
