"""Gather everything Git and GitHub say about one change into a frozen `Change`.

The reads of one round go out together; what an id names is read once. A merged pull request
gives the same value: its base is the first parent, its head the merge itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from itertools import takewhile
from typing import Protocol, TypeVar

from controller.change.facts import (
    Account,
    Change,
    Commit,
    FileMode,
    PullRequest,
    Push,
    Review,
    ReviewState,
    Snapshot,
    Span,
)
from controller.change.names import CommitSha, ObjectId
from controller.change.overlay import is_clean_merge, overlay
from controller.desired_state.scope import blobs_to_read
from controller.errors import InputError, StaleError
from controller.identity.participants import BaseMerge, merges_of_base
from controller.ownership.codeowners import codeowners_path
from controller.policy.bundle import FOLDER
from controller.ports.code_host import Comparison, OpenPullRequest, OwnerReader, PullRequestReader, TreeReader
from controller.workflow.history import History, Initiated
from controller.workflow.main_line import KnownMain, known_main

Found = TypeVar("Found")


class ChangeReader(PullRequestReader, TreeReader, Protocol):
    """What a change is made of, as one host offers it."""


class CodeHostReader(ChangeReader, OwnerReader, Protocol):
    """All sides of reading, as one host offers them."""


class Gatherer:
    """Reads changes from a code host, in few rounds of parallel reads."""

    def __init__(self, host: ChangeReader, pool: Executor, branch: str, history: History) -> None:
        """Read from `host`, in parallel on `pool`, changes to `branch`; `history` knows where that stood when."""
        self._host = host
        self.pool = pool
        self._history = history
        self.branch = branch

    def pull_request(self, pull: PullRequest) -> Change:
        """Return the facts of an open pull request against the tip of its base now."""
        comparison, reviews, pushes = self._told(pull, self.branch)
        if comparison.head.sha != pull.head:
            raise StaleError(
                f"expected {pull.head} as the head of pull request {pull.number}, got {comparison.head.sha}"
            )
        span = Span(self._snapshot(comparison.base), self._snapshot(comparison.head))
        merge_base = self._snapshot(comparison.merge_base)
        return self._change(pull, comparison, (span, merge_base), reviews, pushes)

    def merge(self, merge: Initiated) -> Change:
        """Return the facts of a merged pull request: what its merge did to main."""
        pull = self._host.pull_request(merge.pull)
        comparison, reviews, pushes = self._told(pull, merge.before)
        trees = self.trees(merge)
        return self._change(pull, comparison, (trees, trees.before), reviews, pushes)

    def step(self, before: CommitSha, after: CommitSha) -> tuple[Commit, Commit]:
        """Return both commits of a fast-forward. Raises `InputError` when `after` does not build on `before`."""
        comparison = self._host.compare(before, after)
        if comparison.behind_by or comparison.merge_base.sha != before:
            raise InputError(f"expected {after} to build on {before}, which it does not")
        return comparison.base, comparison.head

    def merged(self, pull: PullRequest) -> Snapshot:
        """Return what main would be with an open pull request merged, where both sides do not conflict."""
        found = self._host.compare(self.branch, pull.head)
        return overlay(*map(self._snapshot, (found.base, found.merge_base, found.head))).snapshot

    def tip(self) -> Snapshot:
        """Return the tip of the governed branch."""
        return self._snapshot(self._host.compare(self.branch, self.branch).base)

    def open_pull_requests(self) -> tuple[OpenPullRequest, ...]:
        """Return every open pull request to the governed branch."""
        return self._host.open_pull_requests()

    def reviews(self, numbers: Sequence[int]) -> Mapping[int, tuple[Review, ...]]:
        """Return the reviews of each of some pull requests."""
        asked = {number: self.pool.submit(self._host.reviews, number) for number in numbers}
        return {number: reviews.result() for number, reviews in asked.items()}

    def contents(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """Return the bytes of every one of `blobs`."""
        return self._host.contents(blobs)

    def trees(self, merge: Initiated) -> Span:
        """Return the trees on both sides of a merge."""
        before = self._host.snapshot(merge.before, merge.before_tree)
        return Span(before, self._host.snapshot(merge.after, merge.after_tree))

    def trees_of(self, before: Commit, after: Commit) -> Span:
        """Return the trees of two commits of main."""
        return Span(self._snapshot(before), self._snapshot(after))

    def span(self, before: Commit, after: Commit) -> tuple[Span, Mapping[ObjectId, bytes]]:
        """Return two commits of main and the bytes that comparing them needs."""
        span = self.trees_of(before, after)
        return span, self._host.contents(blobs_to_read(span.before, span.after))

    def whole(self, commit: Commit) -> tuple[Snapshot, Mapping[ObjectId, bytes]]:
        """Return one commit of main and the bytes of everything it wants."""
        snapshot = self._snapshot(commit)
        nothing = Snapshot(commit.sha, commit.tree, {})
        return snapshot, self._host.contents(blobs_to_read(nothing, snapshot))

    def _told(self, pull: PullRequest, base: str) -> tuple[Comparison, tuple[Review, ...], tuple[Push, ...]]:
        comparison = self.pool.submit(self._host.compare, base, pull.head)
        reviews = self.pool.submit(self._host.reviews, pull.number)
        pushes = self.pool.submit(self._host.pushes, pull.number)
        return comparison.result(), reviews.result(), pushes.result()

    def _change(
        self,
        pull: PullRequest,
        comparison: Comparison,
        trees: tuple[Span, Snapshot],
        reviews: tuple[Review, ...],
        pushes: tuple[Push, ...],
    ) -> Change:
        span, merge_base = trees
        reviewed = self._reviewed(pull.number, comparison, reviews)
        effective = overlay(span.before, merge_base, span.after).snapshot
        wanted = blobs_to_read(span.before, effective) | governing_blobs(span.before)
        contents, reviewed = self._contents(wanted, reviewed)
        return Change(
            pull_request=pull,
            base=span.before,
            merge_base=merge_base,
            head=span.after,
            commits=comparison.commits,
            clean_merges=self._clean_merges(comparison),
            head_pushers=_by(push for push in pushes if push.commit == pull.head),
            earlier_pushers=_by(_earlier(pushes, pull.head, comparison)),
            reviews=reviews,
            reviewed=reviewed,
            contents=contents,
        )

    def _contents(
        self, wanted: frozenset[ObjectId], reviewed: dict[int, Span]
    ) -> tuple[Mapping[ObjectId, bytes], dict[int, Span]]:
        """Return the bytes of a change and of what was reviewed; what cannot be read was not seen by anybody."""
        needed = {review: blobs_to_read(seen.before, seen.after) for review, seen in reviewed.items()}
        try:
            return self._host.contents(wanted.union(*needed.values())), reviewed
        except InputError:
            if not reviewed:
                raise
        contents = dict(self._host.contents(wanted))
        readable: dict[int, Span] = {}
        for review, blobs in needed.items():
            try:
                contents |= self._host.contents(blobs)
            except InputError:
                continue  # it counts for nothing, and stops nobody else's change
            readable[review] = reviewed[review]
        return contents, readable

    def _reviewed(self, number: int, comparison: Comparison, reviews: tuple[Review, ...]) -> dict[int, Span]:
        """Return what each approver saw.

        A commit that is gone is left out, and so is what was seen while the pull request may have led elsewhere,
        where it did less; such reviews count for nothing.
        """
        seen: dict[int, Span] = {}
        approving = [review for review in reviews if review.state is ReviewState.APPROVED]
        main = known_main(self._history) if approving else KnownMain(())
        led_here = self._host.retargeted_at(number) if approving else None
        for review in approving:
            if led_here is not None and review.submitted_at <= led_here:
                continue
            then = main.before(review.submitted_at, comparison.base.sha)
            known = None if review.commit is None else self._seen(comparison, review.commit, then)
            if known is not None:
                seen[review.id] = Span(self._snapshot(known.merge_base), self._snapshot(known.head))
        return seen

    def _seen(self, comparison: Comparison, commit: CommitSha, main: Sequence[CommitSha]) -> Comparison | None:
        """Return how `commit` differed from main when that ended with the last of `main` (empty: nobody knows).

        A merge base moves when commits of the branch come to main another way; what lies between the new one
        and `commit` may then be the undoing of what the reviewer took for never done.
        """
        known = comparison if commit == comparison.head.sha else self._comparison(comparison.base.sha, commit)
        if known is None or not main or known.merge_base.sha in main:
            return known
        return self._comparison(main[-1], commit)

    def _clean_merges(self, comparison: Comparison) -> frozenset[CommitSha]:
        return frozenset(one.commit.sha for one in merges_of_base(comparison.commits) if self._is_clean(one))

    def _is_clean(self, merge: BaseMerge) -> bool:
        """Return whether a merge of the base holds nothing but what its two parents hold."""
        between = self._comparison(merge.base, merge.own)
        if between is None:
            return False
        sides = (between.base, between.merge_base, between.head, merge.commit)
        return is_clean_merge(*map(self._snapshot, sides))

    def _comparison(self, base: CommitSha, commit: CommitSha) -> Comparison | None:
        try:
            return self._host.compare(base, commit)
        except InputError:
            return None

    def _snapshot(self, commit: Commit) -> Snapshot:
        return self._host.snapshot(commit.sha, commit.tree)


def _earlier(pushes: Sequence[Push], head: CommitSha, comparison: Comparison) -> Iterator[Push]:
    """Yield the pushes, but that of `head`, that made the branch what it is.

    Those of its commits, whenever; and all before `head` was there, since the branch was made or stood on what is
    main's now: what somebody rebased still is whose it was, whatever name it was pushed under.
    """
    own = {commit.sha for commit in comparison.commits} - {head}
    yield from (push for push in pushes if push.commit in own)
    before = list(takewhile(lambda push: push.commit != head, pushes))
    if len(before) == len(pushes) or pushes[len(before)].made_branch:
        return  # nobody can say when it was pushed; or the branch began with it
    for push in reversed(before):
        if push.commit == comparison.merge_base.sha:
            return
        yield push
        if push.made_branch:
            return


def _by(pushes: Iterable[Push]) -> tuple[Account | None, ...]:
    return tuple(dict.fromkeys(push.by for push in pushes))


def governing_blobs(base: Snapshot) -> frozenset[ObjectId]:
    """Return the ids of what judges a change: the policies and CODEOWNERS of its base."""
    owners = codeowners_path(base)
    judging = [entry for path, entry in base.entries.items() if path == owners or path.startswith(FOLDER)]
    return frozenset(entry.blob for entry in judging if entry.mode is not FileMode.SUBMODULE)


def together(pool: Executor, *calls: Callable[[], Found]) -> list[Found]:
    """Return the results of independent calls made in parallel; the first failure is raised."""
    return [future.result() for future in [pool.submit(call) for call in calls]]
