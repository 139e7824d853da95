"""Empties the queue with Procrastinate, in a thread of its own, until it is told to stop.

A worker that loses the database begins again when it is back; nothing marked is lost meanwhile.
Two workers never look at one key at once; after a death a key may be looked at twice.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from procrastinate.job_context import JobContext
from procrastinate.jobs import DeleteJobCondition
from procrastinate.worker import Worker as JobWorker

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.looking import Looker, Trouble
from controller.adapters.postgres.queue import LOOK, QUEUE, WAKE
from controller.adapters.postgres.spacing import Spacing
from controller.adapters.postgres.tending import LeftJob, Pace, Tender
from controller.errors import UnavailableError
from controller.ports.clock import Clock

_DATABASE_ERRORS = (ProcrastinateException, psycopg.Error, UnavailableError)


class Worker:
    """Looks at marked keys: `start` it once, `stop` it once."""

    def __init__(
        self,
        database: Database,
        look_at: Callable[[str], None],
        report: Callable[[Trouble], None],
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        """Look at each marked key with `look_at`; `report` is told of every look that failed."""
        self._database = database
        self._pace = pace or Pace()
        self._looker = Looker(database, look_at, report, clock, self._pace.patience)
        self._spacing = Spacing(self._pace.apart_seconds)
        self._tender = Tender(database, self._looker, clock, self._pace)
        self._stopping = threading.Event()
        self._is_halted = False
        self._is_connected = False
        self._inner: JobWorker | None = None
        self._running: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin to look at marked keys; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more keys, wait for the looks that run, and end."""
        self._stopping.set()
        self._stop_fetching()
        if self._thread.is_alive():
            self._thread.join(self._pace.stop_seconds + 10)

    def ping(self) -> None:
        """Return when keys are being looked at; raises `UnavailableError` when they are not, and why."""
        if self._is_halted:
            raise UnavailableError("the work is halted: the ledger does not hold", component="worker")
        if not (self._thread.is_alive() and self._is_connected):
            raise UnavailableError("no worker is connected to the queue", component="worker")

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.get_loop().set_default_executor(ThreadPoolExecutor(self._pace.concurrency + 2))
            runner.run(self._work())

    async def _work(self) -> None:
        while not (self._stopping.is_set() or self._is_halted):
            try:
                async with self._app().open_async() as app:
                    await self._work_connected(app)
            except _DATABASE_ERRORS:
                # Health tells of it; the queue keeps every mark until the database is back.
                await asyncio.to_thread(self._stopping.wait, self._pace.tick_seconds)
            finally:
                self._is_connected = False

    async def _work_connected(self, app: App) -> None:
        inner = self._inner = JobWorker(
            app,
            queues=None,
            concurrency=self._pace.concurrency,
            fetch_job_polling_interval=self._pace.tick_seconds,
            shutdown_graceful_timeout=self._pace.stop_seconds,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            install_signal_handlers=False,
            update_heartbeat_interval=self._pace.heartbeat_seconds,
            stalled_worker_timeout=self._pace.stalled_seconds,
        )
        tending = [asyncio.create_task(part) for part in (self._tend(app, inner), self._wake(inner))]
        try:
            await inner.run()  # type: ignore[no-untyped-call]  # the library annotates only arguments
        finally:
            for task in tending:
                task.cancel()
            await asyncio.gather(*tending, return_exceptions=True)

    def _app(self) -> App:
        app = App(
            connector=PsycopgConnector(
                conninfo=self._database.conninfo, min_size=1, max_size=4, kwargs={"application_name": "dvo worker"}
            )
        )
        app.task(name=LOOK, queue=QUEUE, pass_context=True)(self._look)
        app.task(name=WAKE, queue=QUEUE, pass_context=True)(self._wake_key)
        return app

    def _look(self, context: JobContext, key: str) -> None:
        with _Running(self._running, context):
            wait = self._spacing.wait(key)
            if wait > 0:
                self._looker.put_back(key, wait)
                return
            if not self._looker.look(key):
                self._is_halted = True
                self._stop_fetching()
            self._spacing.looked(key)

    def _wake_key(self, context: JobContext, key: str, not_before: str | None) -> None:
        with _Running(self._running, context):
            self._looker.wake(key, not_before)

    def _stop_fetching(self) -> None:
        if self._inner is not None:
            self._inner.stop()  # type: ignore[no-untyped-call]  # as above

    async def _wake(self, inner: JobWorker) -> None:
        while True:
            # A stop that came before the inner worker ran was forgotten by it.
            if self._stopping.is_set():
                self._stop_fetching()
            try:
                await asyncio.to_thread(self._tender.wake_and_sweep)
                self._is_connected = inner.worker_id is not None
            except UnavailableError:
                self._is_connected = False
            await asyncio.sleep(self._pace.tick_seconds)

    async def _tend(self, app: App, inner: JobWorker) -> None:
        while True:
            await asyncio.sleep(self._pace.tend_seconds)
            try:
                jobs = await app.job_manager.get_stalled_jobs(
                    queue=QUEUE, seconds_since_heartbeat=self._pace.stalled_seconds
                )
                stalled = [LeftJob(job.id or 0, job.task_name, str(job.task_kwargs["key"])) for job in jobs]
                await asyncio.to_thread(self._tender.take_over, stalled, inner.worker_id, self._running.__contains__)
            except _DATABASE_ERRORS:
                self._is_connected = False


class _Running:
    """While within, the job is known to run here."""

    def __init__(self, running: set[int], context: JobContext) -> None:
        self._running = running
        self._job = context.job.id or 0

    def __enter__(self) -> None:
        self._running.add(self._job)

    def __exit__(self, *_: object) -> None:
        self._running.discard(self._job)
