"""A ledger's history, checked commit by commit: who signed, what was added, and whether it follows.

The history is linear. Its first commit adds ``allowed_signers``; every other one adds exactly
one segment and touches nothing else. The first commit that is not so is a `Fault`, with the
entry it concerns. Objects are checked by their reader, entries by `controller.ledger`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from controller.adapters.git_ledger.command import ObjectReader, UnreadableObjectError
from controller.adapters.git_ledger.objects import FILE, FOLDER, Item, SealCommit, Tree, read_commit
from controller.adapters.git_ledger.signers import AllowedSigners
from controller.errors import InputError, LedgerIntegrityError
from controller.ledger.entry import read_entry
from controller.ledger.event import Entry
from controller.ledger.segment import SegmentFault, read_segment

SIGNERS_FILE = "allowed_signers"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place where a ledger does not hold."""

    sequence: int | None
    """The first entry concerned; None when not even that can be told."""
    commit: str | None
    location: str
    """A path with a line, a commit, or the repository."""
    expected: str
    found: str

    def __str__(self) -> str:
        entry = "an unknown entry" if self.sequence is None else f"entry {self.sequence}"
        return f"{entry} ({self.location}, commit {self.commit}): expected {self.expected}, found {self.found}"


class FaultyLedgerError(LedgerIntegrityError):
    """The ledger does not hold; `fault` says where."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the ledger does not hold at {fault}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed segment: its commit, its file, and the entries it holds."""

    commit: str
    path: str
    blob: str
    first: int
    last: int
    digest: str
    """The digest of its last entry."""


@dataclass(frozen=True, slots=True)
class History:
    """What of a ledger has been checked."""

    root: str | None = None
    tip: str | None = None
    tree: str | None = None
    last: Entry | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def next_sequence(self) -> int:
        """The sequence that comes next."""
        return 1 if self.last is None else self.last.sequence + 1


def extended(history: History, tip: str, reader: ObjectReader, signers: AllowedSigners) -> History:
    """Return `history` with the commits up to `tip` checked; raises `FaultyLedgerError` at the first bad one."""
    segments = list(history.segments)
    for commit_id, commit in _commits_between(history, tip, reader):
        history, segment = _after(history, commit_id, commit, reader, signers)
        segments += [segment] if segment else []
    return replace(history, segments=tuple(segments))


def read_entries(segment: Segment, after: Entry | None, reader: ObjectReader) -> tuple[Entry, ...]:
    """Return the entries of a checked `segment`, which follow `after`; raises `FaultyLedgerError`."""
    try:
        read = read_segment(segment.path, reader.read(segment.blob, "blob"), after)
    except UnreadableObjectError as error:
        raise _faulty(segment.first, segment.commit, f"{segment.path}:1", "the sealed bytes", error.reason) from error
    if isinstance(read, SegmentFault):
        location = f"{segment.path}:{read.line}"
        raise _faulty(read.sequence, segment.commit, location, read.expected, read.found)
    return read


def last_entry(segment: Segment, reader: ObjectReader) -> Entry:
    """Return the last entry of a `segment` that was checked before: its id still vouches for its bytes."""
    try:
        return read_entry(reader.read(segment.blob, "blob").rstrip(b"\n").rpartition(b"\n")[2])
    except UnreadableObjectError as error:
        raise _faulty(segment.last, segment.commit, segment.path, "the sealed bytes", error.reason) from error


def _commits_between(history: History, tip: str, reader: ObjectReader) -> list[tuple[str, SealCommit]]:
    """Return the commits from `history` (exclusive) to `tip`, oldest first."""
    commits: list[tuple[str, SealCommit]] = []
    wanted: str | None = tip
    while wanted != history.tip:
        if wanted is None:
            expected = f"an extension of {history.tip}"
            raise _faulty(history.next_sequence, tip, "refs/heads/main", expected, "another history")
        try:
            commit = read_commit(reader.read(wanted, "commit"))
        except (UnreadableObjectError, InputError) as error:
            sequence = _sequence_before(commits, reader)
            raise _faulty(sequence, wanted, f"commit {wanted}", "a signed commit of the ledger", str(error)) from error
        commits.append((wanted, commit))
        wanted = commit.parent
    commits.reverse()
    return commits


def _sequence_before(commits: list[tuple[str, SealCommit]], reader: ObjectReader) -> int | None:
    """Return the first sequence of the last but one segment in the oldest readable tree: the unreadable one's."""
    if not commits:
        return None
    try:
        names = sorted(path for path, _ in _added(None, commits[-1][1].tree, reader) if path.endswith(".jsonl"))
        return int(names[-2].removesuffix(".jsonl").rpartition("/")[2])
    except (UnreadableObjectError, InputError, IndexError, ValueError):
        return None


def _after(
    history: History, commit_id: str, commit: SealCommit, reader: ObjectReader, signers: AllowedSigners
) -> tuple[History, Segment | None]:
    sequence = history.next_sequence
    try:
        _check_signature(commit, signers)
        path, blob = _only_addition(history, commit, reader)
    except (UnreadableObjectError, InputError) as error:
        raise _faulty(sequence, commit_id, f"commit {commit_id}", "one signed new segment", str(error)) from error
    if history.tip is None:
        return replace(history, root=commit_id, tip=commit_id, tree=commit.tree), None
    segment = Segment(commit_id, path, blob, sequence, sequence, "")
    entries = read_entries(segment, history.last, reader)
    return (
        replace(history, tip=commit_id, tree=commit.tree, last=entries[-1]),
        replace(segment, last=entries[-1].sequence, digest=entries[-1].digest),
    )


def _check_signature(commit: SealCommit, signers: AllowedSigners) -> None:
    signer = signers.signer_of(commit.payload, commit.signature)
    if commit.committer != signer.principal:
        raise InputError(
            f"expected {signer.principal} as the committer of what that key signed, got {commit.committer}"
        )


def _only_addition(history: History, commit: SealCommit, reader: ObjectReader) -> tuple[str, str]:
    added = list(_added(history.tree, commit.tree, reader))
    if len(added) != 1:
        raise InputError(f"expected one new file, got {[path for path, _ in added][:5]}")
    path, item = added[0]
    if item.mode != FILE:
        raise InputError(f"expected {path} with mode {FILE}, got {item.mode}")
    if (history.tip is None) != (path == SIGNERS_FILE):
        raise InputError(f"expected {SIGNERS_FILE} in the first commit and segments in the others, got {path}")
    return path, item.id


def _added(before: str | None, after: str, reader: ObjectReader, folder: str = "") -> Iterator[tuple[str, Item]]:
    """Yield what tree `after` has and `before` has not; `InputError` for what it changes or lacks."""
    old: Tree = {} if before is None else reader.tree(before)
    new = reader.tree(after)
    if missing := sorted(old.keys() - new.keys()):
        raise InputError(f"expected {folder}{missing[0]} to stay, but it is gone")
    for name, item in new.items():
        known = old.get(name)
        if known == item:
            continue
        if item.mode == FOLDER and (known is None or known.mode == FOLDER):
            yield from _added(None if known is None else known.id, item.id, reader, f"{folder}{name}/")
        elif known is not None:
            raise InputError(f"expected {folder}{name} to stay, but it was changed")
        else:
            yield f"{folder}{name}", item


def _faulty(sequence: int | None, commit: str, location: str, expected: str, found: str) -> FaultyLedgerError:
    return FaultyLedgerError(Fault(sequence, commit, location, expected, found))
