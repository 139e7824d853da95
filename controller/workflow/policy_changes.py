"""Which policy files one step of main changed: an event for each, with digests, who, and which pull request.

They are recorded together with the step itself, and so once. A policy is in force from then on,
whoever brought it and whether or not it was admitted; a step that was pushed is told as a warning.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote_from_bytes

from controller.change.facts import Account, Commit, FileMode, PullRequest, Snapshot, Span
from controller.change.names import Digest, RepoPath
from controller.desired_state.effect import FileEffect, file_effects
from controller.errors import InputError
from controller.ledger.event import Event, EventType, Severity
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer

POLICIES = "policies/"
"""The rules, their data and their tests."""


class PolicyChanges:
    """Tells what a step of main does to the policies."""

    def __init__(self, gatherer: Gatherer, chronicle: Chronicle) -> None:
        """Read trees with `gatherer`; events get id and time from `chronicle`."""
        self._gatherer = gatherer
        self._chronicle = chronicle

    def events(self, before: Commit, after: Commit, pull: PullRequest | None) -> Iterator[Event]:
        """Yield an event for each policy file that differs; `pull` None means that it was pushed.

        What cannot be read is told as such. Raises `UnavailableError` when the code host does.
        """
        facts = _facts(after, pull)
        severity = Severity.WARNING if pull is None else Severity.INFO
        try:
            files = tuple(self._files(before, after))
        except InputError as error:
            details = {**facts, "unreadable": str(error)}
            yield self._chronicle.event(EventType.POLICY_MODIFIED, POLICIES, details, severity=Severity.CRITICAL)
            return
        for file in files:
            details = {**facts, "before": file.before, "after": file.after}
            yield self._chronicle.event(_kind(file.before, file.after), _spelled(file.path), details, severity=severity)

    def _files(self, before: Commit, after: Commit) -> Iterator[FileEffect]:
        span = self._gatherer.trees_of(before, after)
        paths = tuple(_differing(span))
        entries = (tree.entries.get(path) for tree in (span.before, span.after) for path in paths)
        blobs = frozenset(one.blob for one in entries if one is not None and one.mode is not FileMode.SUBMODULE)
        yield from file_effects(span.before, span.after, self._gatherer.contents(blobs) if blobs else {}, paths)


def _differing(span: Span) -> Iterator[RepoPath]:
    before, after = _policies(span.before), _policies(span.after)
    yield from (path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _policies(tree: Snapshot) -> Mapping[RepoPath, object]:
    return {path: entry for path, entry in tree.entries.items() if path.startswith(POLICIES)}


def _facts(after: Commit, pull: PullRequest | None) -> Mapping[str, object]:
    return {
        "commit": after.sha,
        "pull": None if pull is None else pull.number,
        "author": None if pull is None else _person(pull.author),
        "merged_by": None if pull is None else _person(pull.merged_by),
    }


def _person(account: Account | None) -> str | None:
    """Return an account by the id that the code host never gives to another."""
    return None if account is None else f"github:{account.id}"


def _kind(before: Digest | None, after: Digest | None) -> EventType:
    if before is None:
        return EventType.POLICY_CREATED
    return EventType.POLICY_DELETED if after is None else EventType.POLICY_MODIFIED


def _spelled(path: RepoPath) -> str:
    """Return `path` as text that JSON can hold whatever its bytes are."""
    return quote_from_bytes(path.encode("utf-8", "surrogateescape"))
