"""The webhook's door as `serve` opens it, and beside it a handler that only checks the signature.

A process of its own: it prints its port on one line, and ends when its standard input does. The
queue is a real PostgreSQL, the log is written as `serve` writes it; nobody looks at what is marked.
"""

import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse

from benchmarks.webhook_load import REPOSITORY, SECRET
from controller.adapters.postgres import Database, PostgresJournal, PostgresWorkQueue, embedded_postgres, migrate
from controller.adapters.system_clock import SystemClock
from controller.cli.logs import set_up_logs
from controller.compose.production import server_config
from controller.sandbox.server import bound_socket
from controller.setting_values import LogLevel
from controller.web.app import Doors, create_app
from controller.web.github_events import verify_signature
from controller.web.metrics import Metrics


def main() -> None:
    """Serve until standard input ends."""
    set_up_logs(LogLevel.INFO)
    listener = bound_socket("127.0.0.1", 0)
    with _doors() as doors:
        app = create_app(doors)
        app.add_api_route("/no-op", _only_checked, methods=["POST"], response_model=None)
        app.add_api_route("/processor-seconds", _processor_seconds, methods=["GET"], response_model=None)
        server = uvicorn.Server(server_config(app, "127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        # Until then a connection is refused, and the load begins as soon as it knows the port.
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.should_exit = True
        thread.join()


async def _only_checked(request: Request) -> JSONResponse:
    body = await request.body()
    is_ours = verify_signature(SECRET.encode(), body, request.headers.get("x-hub-signature-256"))
    return JSONResponse({"accepted": is_ours}, 202 if is_ours else 401)


async def _processor_seconds() -> JSONResponse:
    return JSONResponse(time.process_time())


@contextmanager
def _doors() -> Iterator[Doors]:
    with tempfile.TemporaryDirectory(prefix="dvo-bench-") as home, embedded_postgres(Path(home)) as url:
        database = Database(url)
        migrate(database)
        yield Doors(
            webhook_secret=SECRET.encode(),
            repository=REPOSITORY,
            queue=PostgresWorkQueue(database),
            journal=PostgresJournal(database),
            clock=SystemClock(),
            new_id=lambda: str(uuid.uuid4()),
            probes={"database": lambda: "connected"},
            version="bench",
            metrics=Metrics("bench"),
        )
        database.close()


if __name__ == "__main__":
    main()
