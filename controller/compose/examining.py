"""What `dvo doctor` examines: each thing the controller needs, tried for real and left as it was.

A check returns what it saw, with a caveat where a person must look too, or raises one of our
errors; what depends on settings is examined only when they hold.
"""

import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from controller.adapters.git_ledger import GitLedger, ensure_key
from controller.adapters.postgres.database import Database
from controller.adapters.postgres.embedded import embedded_postgres
from controller.adapters.redis_store import RedisSessions
from controller.compose.examining_github import directory, github_checks
from controller.compose.examining_opa import opa_checks
from controller.compose.ledger_copy import verify_ledger
from controller.compose.seen import Check
from controller.errors import ConfigurationError, LedgerIntegrityError, UnavailableError
from controller.ledger.chain import chain
from controller.ledger.event import Event, EventType
from controller.settings import LocalSettings, Settings

_OLDEST_GIT = (2, 34)
_OLDEST_OPA = (1, 0)
_SECONDS = 20
_PROBE = "00000000-0000-4000-8000-000000000000"


def machine_checks(settings: LocalSettings | None) -> Iterator[tuple[str, Check]]:
    """Yield what can be examined of the machine; of OPA only with `settings`."""
    yield "python", _python
    yield "git", _git
    yield "signatures", _signatures
    if settings is not None:
        yield "opa", lambda: _opa(settings.opa_bin)
        yield "home", lambda: _home(settings.home)
        yield "ledger", lambda: _ledger(settings)


def server_checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """Yield what can be examined of what a server talks to."""
    yield "directory", lambda: directory(settings)
    yield "database", lambda: _database(settings)
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
        yield "redis", lambda: _redis(url)
    yield from opa_checks(settings)
    yield from github_checks(settings)


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"


def _git() -> str:
    said = _printed(["git", "--version"], "git")
    version = _version(said)
    if version < _OLDEST_GIT:
        raise ConfigurationError(f"expected Git 2.34 or newer, which signs with SSH keys, got {said}")
    return said


def _signatures() -> str:
    """Seal one entry in a ledger of its own, and have Git and ssh-keygen verify it."""
    with tempfile.TemporaryDirectory(prefix="dvo-doctor-") as folder:
        place = Path(folder)
        key = ensure_key(place / "key")
        (place / "allowed_signers").write_text(key.allowed_signers.text)
        event = Event(_PROBE, EventType.SYSTEM_STARTUP, datetime(2026, 1, 1, tzinfo=UTC), "dvo", "doctor")
        GitLedger(place / "ledger", key).append(chain([event], None))
        report = verify_ledger(place / "ledger", place / "allowed_signers")
    if report.fault is not None:
        raise LedgerIntegrityError(f"what was just sealed does not verify: {report.fault}")
    return "an entry was sealed, signed with SSH and verified"


def _opa(opa: Path | None) -> str:
    if opa is None:
        raise ConfigurationError("OPA_BIN: there is no opa beside the project or on the PATH; `make opa` obtains it")
    said = _printed([str(opa), "version"], "opa").splitlines()[0]
    if _version(said) < _OLDEST_OPA:
        raise ConfigurationError(f"expected OPA 1.0 or newer at {opa}, got {said}")
    return f"{said} at {opa}"


def _home(home: Path) -> str:
    existing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")
    except OSError as error:
        raise ConfigurationError(f"DVO_HOME: {existing} cannot be written ({error.strerror})") from error
    return f"{home} can be written"


def _ledger(settings: LocalSettings) -> str:
    if not settings.ledger.exists():
        return f"there is none yet at {settings.ledger}"
    signers = settings.home / "allowed_signers"
    report = verify_ledger(settings.ledger, signers)
    if report.fault is not None:
        raise LedgerIntegrityError(f"{settings.ledger} does not hold: {report.fault}")
    return f"{settings.ledger} holds: {report.entries} entries"


def _database(settings: Settings) -> str:
    if settings.database_url is not None:
        _ping(settings.database_url.get_secret_value())
        return "DATABASE_URL answers"
    with tempfile.TemporaryDirectory(prefix="dvo-doctor-") as folder, embedded_postgres(Path(folder)) as url:
        _ping(url)
    return "an embedded PostgreSQL starts and answers"


def _redis(url: str) -> str:
    with closing(RedisSessions(url)) as sessions:
        sessions.ping()
    return "REDIS_URL answers"


def _ping(url: str) -> None:
    database = Database(url, pool_size=1)
    try:
        database.ping()
    finally:
        database.close()


def _printed(command: list[str], component: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the programs whose presence is the question
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"{command[0]} does not run: {error}", component=component) from error
    if done.returncode != 0:
        raise UnavailableError(f"{command[0]} ends with {done.returncode}", component=component)
    return done.stdout.strip()


def _version(said: str) -> tuple[int, int]:
    found = re.search(r"(\d{1,6})\.(\d{1,6})", said, re.ASCII)
    return (int(found[1]), int(found[2])) if found else (0, 0)
