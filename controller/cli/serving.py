"""`dvo serve`: settings, logs, and then the server."""

from pathlib import Path

from controller.cli.logs import set_up_logs
from controller.settings import load_settings, process_environment


def run(host: str, port: int, home: Path | None) -> None:
    """Serve until told to stop. Raises `ConfigurationError` for settings that do not hold."""
    environment = dict(process_environment())
    if home is not None:
        environment["DVO_HOME"] = str(home)
    settings = load_settings(environment)
    set_up_logs(settings.log_level)
    # Everything a server is made of takes a second to import; wrong settings need not wait for it.
    from controller.compose.production import serve

    serve(settings, host, port)
