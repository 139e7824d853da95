"""Mark everything that could have changed unnoticed, so that lost webhooks do not matter.

At start, and whenever a cause may concern every pull request, all of them are marked; each minute only
those that do not stand as they stood when they were marked last. What was marked is remembered
after it was marked: a sweep that ends in between is made again.
"""

from collections.abc import Iterator
from datetime import timedelta

from controller.ledger.event import EventType
from controller.ports.journal import Index, Mark, WorkQueue
from controller.workflow.break_glass import BreakGlassHistory
from controller.workflow.chronicle import Chronicle
from controller.workflow.reviews import review_marks
from controller.workflow.survey import REMEMBERED, Survey, Surveyor, read_survey, survey_document

_SHOWN_AGAIN = 20
_PEOPLE_SETTLED = timedelta(seconds=60)
"""For how long another replica may still look with the people it remembers."""


class Sweep:
    """Marks main, the merge queue, pull requests, undecided merges, deployments and reviews after break-glass."""

    def __init__(self, surveyor: Surveyor, queue: WorkQueue, index: Index, chronicle: Chronicle) -> None:
        """Ask `surveyor` for pull requests and `chronicle` for the rest; mark on `queue`, remember in `index`."""
        self._surveyor = surveyor
        self._queue = queue
        self._index = index
        self._chronicle = chronicle
        self._history = chronicle.history

    def look(self) -> None:
        """Mark everything worth another look, every open pull request included. Raises `UnavailableError`."""
        self._queue.mark(tuple(self._beside()))
        survey = self._surveyor.take()
        self._mark(survey, [Mark(f"pull/{number}") for number in survey])

    def look_for_changes(self) -> None:
        """Mark everything worth another look, of the pull requests those that changed. Raises `UnavailableError`."""
        self._queue.mark(tuple(self._beside()))
        survey = self._surveyor.take()
        self._mark(survey, list(self._changed(survey, read_survey(self._index.recall(REMEMBERED)))))

    def _mark(self, survey: Survey, marks: list[Mark]) -> None:
        self._queue.mark(marks)
        self._index.remember(REMEMBERED, survey_document(survey))

    def _changed(self, survey: Survey, known: Survey) -> Iterator[Mark]:
        for number, standing in survey.items():
            before = known.get(number)
            if standing.equals(before):
                continue
            yield Mark(f"pull/{number}")
            if before is not None and standing.people is not None and standing.facts == before.facts:
                yield Mark(f"pull/{number}", self._chronicle.now() + _PEOPLE_SETTLED)
        # Closed, merged, or led elsewhere.
        yield from (Mark(f"pull/{number}") for number in known if number not in survey)

    def _beside(self) -> Iterator[Mark]:
        yield Mark("main")
        yield Mark("late")
        yield Mark("seal")
        yield Mark("queue")
        yield Mark("restore")
        yield Mark("comments")
        yield from (Mark(f"merge/{merge.after}") for merge in self._history.undecided())
        yield from (Mark(f"deployment/{key}") for key in sorted(self._history.validated_keys()))
        yield from review_marks(BreakGlassHistory(self._history))
        steps = self._history.all_of(frozenset({EventType.DEPLOY_INITIATED, EventType.DEPLOY_REFUSED}))
        newest = [event.subject.partition("/")[2] for event in steps[-_SHOWN_AGAIN:]]
        yield from (Mark(f"progress/{commit}") for commit in dict.fromkeys(newest))
