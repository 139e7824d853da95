"""A look at a copy of the ledger, by whoever has one: does it hold, and what does it tell?

Neither the controller nor its database is asked; the file of those who may sign comes from
outside the copy.
"""

from collections.abc import Iterator
from pathlib import Path

from controller.adapters.git_ledger import AllowedSigners, VerificationReport, verify
from controller.adapters.git_ledger.command import Git
from controller.adapters.git_ledger.history import History, extended, read_entries
from controller.errors import ConfigurationError, LedgerIntegrityError
from controller.ledger.event import Event

__all__ = ["VerificationReport", "sealed_events", "verify_ledger"]


def verify_ledger(path: Path, allowed_signers: Path, expected_head: str | None = None) -> VerificationReport:
    """Return whether the ledger at `path` holds, and its first fault if not.

    Raises `ConfigurationError` when there is nothing to check or to check with, and
    `UnavailableError` when Git does not run.
    """
    return verify(_repository(path), allowed_signers, expected_head)


def _repository(copy: Path) -> Path:
    """Return where Git keeps the `copy`: a clone with a working tree has that below ``.git``."""
    own = copy / ".git"
    return own if own.is_dir() else copy


def sealed_events(copy: tuple[Path, Path]) -> Iterator[Event]:
    """Yield every event of a ledger, given with its allowed signers; each is verified on the way.

    Raises as `verify_ledger`, `ConfigurationError` for a folder with nothing of Git in it, and `LedgerIntegrityError`
    at the first entry that does not hold.
    """
    path, allowed_signers = copy
    path = _repository(path)
    if path.is_dir() and not (path / "objects").exists() and not (path / "HEAD").exists():
        # Whoever verifies is told that it does not hold; whoever wants to read may just have named another folder.
        raise ConfigurationError(f"expected a ledger or a clone of it at {path}, which is no Git repository")
    report = verify_ledger(path, allowed_signers)
    if report.commit is None:
        raise LedgerIntegrityError(f"the ledger does not hold at {report.fault}")
    signers = AllowedSigners.from_text(allowed_signers.read_text("ascii"))
    with Git(path).objects() as reader:
        last = None
        for segment in extended(History(), report.commit, reader, signers).segments:
            entries = read_entries(segment, last, reader)
            last = entries[-1]
            yield from (entry.event for entry in entries)
