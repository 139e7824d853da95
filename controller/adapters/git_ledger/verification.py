"""Does this copy of the ledger hold? Answered without the controller, its database or its memory.

(1) Every commit is checked as `history` says: form, signature by a trusted key for namespace
    ``git``, the committer that key belongs to, exactly one new segment.
(2) Every entry is checked: canonical bytes, digest, link, order.
(3) Git itself must agree on every signature: ``G``, the fingerprint, the principal; and for
    the newest commit, the exit code.
(4) With an anchor from elsewhere, the chain must contain it.
The caller MUST take ``allowed_signers`` and the anchor from outside the copy.
"""

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from controller.adapters.git_ledger.command import COMPONENT, Git, GitFailedError
from controller.adapters.git_ledger.history import Fault, FaultyLedgerError, History, extended, read_entries
from controller.adapters.git_ledger.signers import AllowedSigners
from controller.errors import ConfigurationError, UnavailableError
from controller.ledger.event import Entry

_BRANCH = "refs/heads/main"
_BATCH = 25
_PARALLEL = 4


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was checked, up to where, and the first fault, if any."""

    entries: int
    """How many entries hold, from the first one on."""
    head: Entry | None
    """The newest entry, when everything holds."""
    commit: str | None
    """The newest commit, when everything holds."""
    fault: Fault | None

    @property
    def is_intact(self) -> bool:
        """Nothing was found wrong."""
        return self.fault is None


def verify(path: Path, allowed_signers: Path, expected_head: str | None = None) -> VerificationReport:
    """Check the ledger at `path` against the trusted file `allowed_signers`.

    `expected_head` is the digest of an entry that was seen before and must still be there.
    Raises `ConfigurationError` when there is nothing to check or to check with, and
    `UnavailableError` when Git cannot run; whatever is wrong with the ledger is in the report.
    """
    if not path.is_dir():
        raise ConfigurationError(f"expected a ledger at {path}, found none")
    signers = _trusted(allowed_signers)
    git = Git(path)
    try:
        history = _held(git, signers)
        _check_anchor(history, git, expected_head)
        _check_with_git(history, git, signers)
    except FaultyLedgerError as error:
        return VerificationReport((error.fault.sequence or 1) - 1, None, None, error.fault)
    return VerificationReport(history.next_sequence - 1, history.last, history.tip, None)


def _trusted(allowed_signers: Path) -> AllowedSigners:
    try:
        return AllowedSigners.from_text(allowed_signers.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the allowed signers {allowed_signers} cannot be read: {error}") from error


def _held(git: Git, signers: AllowedSigners) -> History:
    try:
        tip = git.run("rev-parse", "--verify", "--quiet", _BRANCH).decode("ascii", "replace").strip()
    except GitFailedError as error:
        fault = Fault(None, None, _BRANCH, "a commit of the ledger", str(error))
        raise FaultyLedgerError(fault) from error
    with git.objects() as reader:
        return extended(History(), tip, reader, signers)


def _check_anchor(history: History, git: Git, digest: str | None) -> None:
    """(4): a ledger cut and signed anew holds by itself; only what was seen before tells."""
    if digest is None or any(segment.digest == digest for segment in history.segments):
        return
    last = None
    with git.objects() as reader:
        for segment in history.segments:
            entries = read_entries(segment, last, reader)
            if any(entry.digest == digest for entry in entries):
                return
            last = entries[-1]
    raise FaultyLedgerError(
        Fault(None, history.tip, _BRANCH, f"an extension of the entry {digest}", "a ledger without that entry")
    )


def _check_with_git(history: History, git: Git, signers: AllowedSigners) -> None:
    """(3): the second opinion, by another implementation."""
    if shutil.which("ssh-keygen") is None:
        raise UnavailableError("ssh-keygen is not installed, so Git cannot check signatures", component=COMPONENT)
    trusted = {f"G {signer.fingerprint} {signer.principal}" for signer in signers.signers}
    sealed = [(1, history.root or ""), *((segment.first, segment.commit) for segment in history.segments)]
    batches = [sealed[start : start + _BATCH] for start in range(0, len(sealed), _BATCH)]
    with tempfile.NamedTemporaryFile("w", suffix=".allowed_signers", encoding="ascii") as file:
        file.write(signers.text)
        file.flush()
        options = ("-c", f"gpg.ssh.allowedSignersFile={file.name}")
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for fault in pool.map(lambda batch: _git_disagrees(batch, git, options, trusted), batches):
                if fault is not None:
                    raise FaultyLedgerError(fault)
        _check_exit_code(sealed[-1], git, options)


def _git_disagrees(
    sealed: Sequence[tuple[int, str]], git: Git, options: tuple[str, ...], trusted: set[str]
) -> Fault | None:
    commits = [commit for _, commit in sealed]
    try:
        shown = git.run("log", "--no-walk=unsorted", "--format=%G? %GF %GS", *commits, "--", options=options)
    except GitFailedError as error:
        # What was read object by object, Git cannot read in its own way: damaged beside the objects.
        return Fault(sealed[0][0], commits[0], "the repository", "Git to read these commits", str(error))
    lines = shown.decode("utf-8", "replace").splitlines()
    lines += [""] * (len(sealed) - len(lines))
    for (sequence, commit), said in zip(sealed, lines, strict=False):
        if said not in trusted:
            return Fault(sequence, commit, f"commit {commit}", f"Git to say one of {sorted(trusted)}", said)
    return None


def _check_exit_code(newest: tuple[int, str], git: Git, options: tuple[str, ...]) -> None:
    """What is shown and what the exit code says come from different places in Git: the newest must pass both."""
    sequence, commit = newest
    try:
        git.run("verify-commit", commit, options=options)
    except GitFailedError as error:
        fault = Fault(sequence, commit, f"commit {commit}", "git verify-commit to agree", str(error))
        raise FaultyLedgerError(fault) from error
