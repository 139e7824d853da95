"""The ledger in a bare Git repository: read with every signature checked, appended to by compare-and-swap.

What was checked once is remembered by commit id, so reading again costs one look at the tip.
A tip that is not behind the last one seen is an integrity fault, never a new beginning.
"""

import fcntl
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from controller.adapters.git_ledger.command import COMPONENT, Git, GitFailedError
from controller.adapters.git_ledger.history import (
    SIGNERS_FILE,
    Fault,
    FaultyLedgerError,
    History,
    Segment,
    extended,
    last_entry,
    read_entries,
)
from controller.adapters.git_ledger.objects import (
    FILE,
    FOLDER,
    GitObject,
    Item,
    Tree,
    commit_object,
    pack_of,
    tree_object,
)
from controller.adapters.git_ledger.signers import AllowedSigners
from controller.adapters.git_ledger.signing import SigningKey
from controller.errors import ConfigurationError, LedgerIntegrityError, StaleError, UnavailableError
from controller.ledger.chain import NO_ENTRY, verify_chain
from controller.ledger.event import Entry
from controller.ledger.segment import segment_bytes, segment_path

BRANCH = "refs/heads/main"

_NO_COMMIT = "0" * 40
_ABANDONED_SECONDS = 60
_OBJECT_ID = re.compile(r"[0-9a-f]{40}")


class GitLedger:
    """The ledger at one path; safe to use from several threads, and by several processes at once."""

    def __init__(self, path: Path, key: SigningKey, signers: AllowedSigners | None = None) -> None:
        """Use the repository at `path`, sealing with `key`; `signers` are trusted (by default: only `key`)."""
        self._git = Git(path)
        self._key = key
        self._signers = signers or key.allowed_signers
        self._lock = threading.Lock()
        self._history = History()
        self._trees: dict[str, Tree] = {}

    def head(self) -> Entry | None:
        """Return the newest entry, or None for an empty ledger; raises as `LedgerReader.head` says."""
        return self._checked().last

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries after sequence `after`, in order, each segment verified."""
        segments = self._checked().segments
        start = next((place for place, segment in enumerate(segments) if segment.last > after), len(segments))
        last = None
        with self._git.objects() as reader:
            if 0 < start < len(segments):
                last = last_entry(segments[start - 1], reader)
            for segment in segments[start:]:
                entries = read_entries(segment, last, reader)
                last = entries[-1]
                yield from (entry for entry in entries if entry.sequence > after)

    def append(self, entries: Sequence[Entry]) -> str:
        """Seal `entries` behind the head; return the commit id. Raises as `LedgerWriter.append` says."""
        with self._lock, self._alone():
            history = self._refreshed()
            if history.tip is None:
                history = self._begun(entries)
            self._check_continues(entries, history)
            return self._sealed(entries, history)

    def push(self, remote: str) -> None:
        """Bring `remote` up to this ledger.

        Raises `LedgerIntegrityError` when the remote holds something that is not part of this
        ledger, `UnavailableError` when it cannot be reached.
        """
        if remote.startswith("-") or "::" in remote:
            raise ConfigurationError(f"expected a path or an address as the ledger's remote, got {remote[:80]!a}")
        history = self._checked()
        if history.tip is None:
            return
        found = self._git.run("ls-remote", "--", remote, BRANCH).decode("ascii", "replace").split()
        there = found[0] if found else None
        if there is not None and there not in {history.root, *(segment.commit for segment in history.segments)}:
            raise LedgerIntegrityError(
                f"expected the ledger's remote at a commit of this ledger (tip {history.tip}), found it at {there}"
            )
        if there != history.tip:
            lease = f"--force-with-lease={BRANCH}:{there or ''}"
            self._git.run("push", "--quiet", "--no-verify", lease, "--", remote, f"{history.tip}:{BRANCH}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process of this machine append at a time.

        It saves work that would be lost; what keeps the history linear is the compare-and-swap.
        """
        try:
            self._git.path.mkdir(parents=True, exist_ok=True)
            with (self._git.path / "append.lock").open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise UnavailableError(f"the ledger cannot be written: {error}", component=COMPONENT) from error

    def _checked(self) -> History:
        with self._lock:
            return self._refreshed()

    def _refreshed(self) -> History:
        """Return the history with everything up to the tip checked."""
        tip = self._tip()
        if tip == self._history.tip:
            return self._history
        if tip is None:
            expected = f"an extension of {self._history.tip}"
            raise FaultyLedgerError(Fault(1, None, BRANCH, expected, "no ledger at all"))
        with self._git.objects() as reader:
            self._history = extended(self._history, tip, reader, self._signers)
        return self._history

    def _tip(self) -> str | None:
        """Return the commit at the tip, or None when there is no ledger yet; making the repository is `append`'s.

        The branch is a file, as the repository was made; only one that was packed needs Git to be read.
        """
        try:
            tip = (self._git.path / BRANCH).read_bytes().decode("ascii", "replace").removesuffix("\n")
        except FileNotFoundError:
            return self._packed_tip()
        except OSError as error:
            raise UnavailableError(f"the ledger cannot be read: {error}", component=COMPONENT) from error
        if _OBJECT_ID.fullmatch(tip) is None:
            raise LedgerIntegrityError(f"expected a commit id at {BRANCH}, got {tip[:80]!a}")
        return tip

    def _packed_tip(self) -> str | None:
        if not (self._git.path / "HEAD").exists():
            return None
        try:
            return self._git.run("rev-parse", "--verify", "--quiet", BRANCH).decode("ascii", "replace").strip()
        except GitFailedError as error:
            if error.code == 1:
                return None
            raise

    def _begun(self, entries: Sequence[Entry]) -> History:
        """Return the history of a new ledger, with its first commit."""
        if not entries or entries[0].previous != NO_ENTRY:
            raise LedgerIntegrityError("expected the first entry for an empty ledger, got one that follows another")
        self._git.initialise()
        signers = GitObject("blob", self._signers.text.encode())
        tree = tree_object({SIGNERS_FILE: Item(FILE, signers.id)})
        commit = commit_object(tree.id, None, seconds=_seconds(entries[0]), message="Begin the ledger\n", key=self._key)
        self._write([signers, tree, commit], behind=None)
        self._history = History(root=commit.id, tip=commit.id, tree=tree.id)
        return self._history

    def _check_continues(self, entries: Sequence[Entry], history: History) -> None:
        if not entries:
            raise LedgerIntegrityError("expected at least one entry to seal, got none")
        fault = verify_chain(entries, history.last)
        if fault is None:
            return
        earlier = {NO_ENTRY, *(segment.digest for segment in history.segments)}
        if entries[0].sequence < history.next_sequence and entries[0].previous in earlier:
            raise StaleError(f"expected entries behind {history.next_sequence - 1}: somebody else sealed first")
        raise LedgerIntegrityError(f"what should be sealed does not continue the ledger: {fault}")

    def _sealed(self, entries: Sequence[Entry], history: History) -> str:
        path, blob = segment_path(entries[0]), GitObject("blob", segment_bytes(entries))
        trees = self._trees_with(path, blob.id, history)
        root = next(reversed(trees))
        first, last = entries[0], entries[-1]
        commit = commit_object(
            root,
            history.tip,
            seconds=_seconds(last),
            message=f"Seal entries {first.sequence} to {last.sequence}\n\nLast-Entry: {last.digest}\n",
            key=self._key,
        )
        self._write([blob, *map(tree_object, trees.values()), commit], behind=history.tip)
        segment = Segment(commit.id, path, blob.id, first.sequence, last.sequence, last.digest)
        segments = (*history.segments, segment)
        self._history = replace(history, tip=commit.id, tree=root, last=last, segments=segments)
        self._trees = trees
        return commit.id

    def _trees_with(self, path: str, blob: str, history: History) -> dict[str, Tree]:
        """Return, by id and innermost first, the trees of `history` along `path` with `blob` put there."""
        *folders, name = path.split("/")
        item = Item(FILE, blob)
        trees: dict[str, Tree] = {}
        for known in reversed(self._trees_along(folders, history)):
            tree = {**known, name: item}
            item = Item(FOLDER, tree_object(tree).id)
            trees[item.id] = tree
            name = folders.pop() if folders else ""
        return trees

    def _trees_along(self, folders: list[str], history: History) -> list[Tree]:
        """Return the trees from the root along `folders`; one that is not there yet is empty."""
        chain: list[Tree] = []
        wanted = history.tree
        for name in [*folders, ""]:
            tree = {} if wanted is None else self._tree(wanted)
            chain.append(tree)
            wanted = tree[name].id if name in tree else None
        return chain

    def _tree(self, tree_id: str) -> Tree:
        if tree_id not in self._trees:
            with self._git.objects() as reader:
                self._trees[tree_id] = reader.tree(tree_id)
        return self._trees[tree_id]

    def _write(self, objects: list[GitObject], behind: str | None) -> None:
        """Write `objects`, then move the branch from `behind` to the last of them, if it still is there."""
        self._git.run("unpack-objects", "-q", "--strict", content=pack_of(objects))
        try:
            self._git.run("update-ref", "--no-deref", BRANCH, objects[-1].id, behind or _NO_COMMIT)
        except GitFailedError as error:
            if self._tip() != behind:
                raise StaleError(f"expected the ledger at {behind}: somebody else sealed first") from error
            self._free_abandoned_lock()
            raise

    def _free_abandoned_lock(self) -> None:
        """Remove the lock that a machine's sudden end left behind; Git holds one for milliseconds."""
        lock = self._git.path / f"{BRANCH}.lock"
        with suppress(FileNotFoundError):
            if time.time() - lock.stat().st_mtime > _ABANDONED_SECONDS:
                lock.unlink()


def _seconds(entry: Entry) -> int:
    return max(0, int(entry.event.at.timestamp()))
