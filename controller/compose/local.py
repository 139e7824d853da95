"""What a check on one's own machine is made of; nothing of a server is imported or started."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from controller.adapters.directory_file import FileDirectory
from controller.adapters.git_local import LocalRepository
from controller.adapters.opa import OpaServers
from controller.errors import ConfigurationError
from controller.workflow.local_check import LocalCheck, LocalChecking, Wanted

_THREADS = 4


@dataclass(frozen=True, slots=True)
class CheckParts:
    """What a check of a branch is made of."""

    repository: Path
    directory_file: Path
    opa: Path | None
    ledger: tuple[Path, Path] | None
    """A copy of the ledger, and the file of those who may sign it, which comes from elsewhere."""


def check_branch(parts: CheckParts, wanted: Wanted) -> LocalCheck:
    """Return what policy would say of a local branch.

    Raises `ConfigurationError` without people or policy engine, `InputError` for a branch that
    the clone lacks, `UnavailableError` when Git does not run, `LedgerIntegrityError` for a
    ledger that does not hold.
    """
    if parts.opa is None:
        raise ConfigurationError("OPA_BIN: there is no opa beside the project or on the PATH; `make opa` obtains it")
    directory = FileDirectory(parts.directory_file)
    directory.load()
    sealed = None
    if parts.ledger is not None:
        # Reading a ledger takes a library of cryptography, which most checks need not wait for.
        from controller.compose.ledger_copy import sealed_events

        sealed = tuple(sealed_events(parts.ledger))
    with OpaServers(parts.opa) as engine, ThreadPoolExecutor(_THREADS) as pool:
        return LocalChecking(LocalRepository(parts.repository), directory, engine, pool).check(wanted, sealed)
