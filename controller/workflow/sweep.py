"""Mark everything that could have changed unnoticed, so that lost webhooks do not matter."""

from collections.abc import Iterator

from controller.ledger.event import EventType
from controller.ports.code_host import PullRequestReader
from controller.ports.journal import Mark, WorkQueue
from controller.workflow.break_glass import BreakGlassHistory
from controller.workflow.history import History
from controller.workflow.reviews import review_marks

_SHOWN_AGAIN = 20


class Sweep:
    """Marks main, the merge queue, pull requests, undecided merges, deployments and reviews after break-glass."""

    def __init__(self, reader: PullRequestReader, queue: WorkQueue, history: History) -> None:
        """Read open pull requests from `reader`; mark on `queue`."""
        self._reader = reader
        self._queue = queue
        self._history = history

    def look(self) -> None:
        """Mark everything worth another look. Raises `UnavailableError`."""
        self._queue.mark(tuple(self._marks()))

    def _marks(self) -> Iterator[Mark]:
        yield Mark("main")
        yield Mark("seal")
        yield Mark("queue")
        yield Mark("restore")
        yield from (Mark(f"pull/{number}") for number in self._reader.open_pull_requests())
        yield from (Mark(f"merge/{merge.after}") for merge in self._history.undecided())
        yield from (Mark(f"deployment/{key}") for key in sorted(self._history.validated_keys()))
        yield from review_marks(BreakGlassHistory(self._history))
        steps = self._history.all_of(frozenset({EventType.DEPLOY_INITIATED, EventType.DEPLOY_REFUSED}))
        newest = [event.subject.partition("/")[2] for event in steps[-_SHOWN_AGAIN:]]
        yield from (Mark(f"progress/{commit}") for commit in dict.fromkeys(newest))
