"""Ask again about what was refused as a direct push: the code host may name its pull request late.

For an hour after such a refusal the sweep asks. When the host names a pull request by then, and what
it did to main is what was admitted for its very head, the refusal is taken back, for each commit of a
rebase merge, and the merge is judged like any other, at its place on main. Nothing else is ever taken back.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from controller.change.facts import PullRequest
from controller.desired_state.proposal import propose
from controller.desired_state.scope import blobs_to_read
from controller.errors import InputError
from controller.ledger.event import Event, EventType
from controller.ports.journal import Mark
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import CodeHostReader, Gatherer
from controller.workflow.history import Initiated, Pushed

PATIENCE = timedelta(hours=1)
"""For how long a direct push may still turn out to be a merge."""


class LateMerges:
    """Takes refusals back that turn out to have been merges."""

    def __init__(self, host: CodeHostReader, gatherer: Gatherer, chronicle: Chronicle) -> None:
        """Ask `host`, read trees through `gatherer` and tell `chronicle`."""
        self._host = host
        self._gatherer = gatherer
        self._chronicle = chronicle
        self._history = chronicle.history

    def look(self) -> None:
        """Ask about every young refusal once more; take one back, and then look again. Raises `UnavailableError`."""
        main = self._history.main()
        if main is None or not main.is_sound:
            return  # what was refused may not be on main any more
        young = self._history.pushes_refused_since(self._chronicle.now() - PATIENCE)
        for place, pushed in enumerate(young):
            pull = self._host.merged_pull_request(pushed.after)
            found = None if pull is None else self._admitted_run(pull, young[: place + 1])
            if pull is not None and found:
                self._take_back(pull, found)
                return

    def _admitted_run(self, pull: PullRequest, young: tuple[Pushed, ...]) -> tuple[Pushed, ...]:
        """Return the pushes that end with the last of `young` and together do what was admitted for `pull`; or none."""
        for run in _runs(young, pull.commit_count):
            try:
                if self._is_admitted(pull, run):
                    return run
            except InputError:
                continue  # what cannot be read was never admitted
        return ()

    def _is_admitted(self, pull: PullRequest, run: tuple[Pushed, ...]) -> bool:
        if len(run) > 1 and not self._is_straight(run):
            return False
        trees = self._gatherer.trees(_merge(pull, run))
        contents = self._host.contents(blobs_to_read(trees.before, trees.after))
        effect = propose(trees.before, trees.after, contents, self._history.published()).effect
        return self._history.was_admitted(pull.number, head=pull.head, effect=effect.digest)

    def _is_straight(self, run: tuple[Pushed, ...]) -> bool:
        """Return whether `run` is what a rebase merge leaves: one commit after the other, and no merges."""
        commits = self._host.compare(run[0].before, run[-1].after).commits
        return [one.sha for one in commits] == [one.after for one in run] and all(
            len(one.parents) == 1 for one in commits
        )

    def _take_back(self, pull: PullRequest, run: tuple[Pushed, ...]) -> None:
        marks = [Mark("late"), *(Mark(f"progress/{one.after}") for one in run), Mark(f"merge/{run[-1].after}")]
        self._chronicle.record_sealed([self._told(pull, run)], marks)

    def _told(self, pull: PullRequest, run: tuple[Pushed, ...]) -> Event:
        merge = _merge(pull, run)
        details: dict[str, object] = {
            "position": merge.position,
            "pull": merge.pull,
            "before": merge.before,
            "before_tree": merge.before_tree,
            "after": merge.after,
            "after_tree": merge.after_tree,
            "takes_back": [one.after for one in run],
        }
        if pull.merged_at is not None:
            details["merged_at"] = pull.merged_at.isoformat()
        return self._chronicle.event(EventType.DEPLOY_INITIATED, f"merge/{merge.after}", details)


def _runs(young: tuple[Pushed, ...], longest: int) -> Iterator[tuple[Pushed, ...]]:
    """Yield the runs of pushes, one right after the other on main, that end with the last one; the longest first."""
    for start in range(max(0, len(young) - longest), len(young)):
        run = young[start:]
        if all(later.before == earlier.after for earlier, later in pairwise(run)):
            yield run


def _merge(pull: PullRequest, run: tuple[Pushed, ...]) -> Initiated:
    first, last = run[0], run[-1]
    return Initiated(last.position, pull.number, first.before, first.before_tree, last.after, last.after_tree)
