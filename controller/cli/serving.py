"""`dvo serve`: settings, logs, and then the server, until it is told to stop."""

import signal
import sys
from pathlib import Path

from controller.cli.logs import set_up_logs
from controller.compose.secrets import server_settings
from controller.settings import process_environment


def run(host: str, port: int, home: Path | None) -> None:
    """Serve until told to stop. Raises `ConfigurationError` for settings that do not hold, `UnavailableError`."""
    environment = dict(process_environment())
    if home is not None:
        environment["DVO_HOME"] = str(home)
    settings = server_settings(environment)
    set_up_logs(settings.log_level)
    # Left to itself, SIGTERM would end the process before everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    # Everything a server is made of takes a second to import; wrong settings need not wait for it.
    from controller.compose.production import serve

    serve(settings, host, port)
