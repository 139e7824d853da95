"""Logs: one JSON object a line, from our code and from libraries, without secrets."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from controller.cli.logs import set_up_logs
from controller.setting_values import LogLevel
set_up_logs(LogLevel.{level})
log = structlog.get_logger("controller.test")
log.debug("quiet")
with structlog.contextvars.bound_contextvars(request_id="r1"):
    log.info("spoke", keys=["pull/7"], note="two\\nlines", token="ghs_{token}")
logging.getLogger("library").warning("said %s", "ghs_{token}")
try:
    raise ValueError("password in postgresql://dvo:canary@db/dvo")
except ValueError:
    log.exception("failed", milliseconds=1.5)
"""


def lines_of(level: str) -> list[dict[str, object]]:
    program = PROGRAM.format(level=level, token="a.b" * 20)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_one_object_with_time_level_and_request() -> None:
    spoke, said, failed = lines_of("INFO")
    assert (spoke["event"], spoke["level"], spoke["request_id"]) == ("spoke", "info", "r1")
    assert spoke["keys"] == ["pull/7"]
    assert str(spoke["timestamp"]).endswith("Z")
    assert (said["logger"], said["level"]) == ("library", "warning")
    assert (failed["level"], failed["milliseconds"]) == ("error", 1.5)
    assert "Traceback" in str(failed["exception"])


@pytest.mark.parametrize("form", ["ghs_", "canary"])
def test_no_secret_is_logged(form: str) -> None:
    """ATTACKS 100."""
    assert form not in json.dumps(lines_of("INFO"))


def test_the_level_is_kept() -> None:
    assert [line["event"] for line in lines_of("ERROR")] == ["failed"]
    assert "quiet" in [line["event"] for line in lines_of("DEBUG")]
