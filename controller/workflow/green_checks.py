"""For how long the green checks of open pull requests have gone without being verified.

Verified is a check whose pull request was judged, with the facts of that moment, to its end. Kept in the
index, so that every replica tells the same, whoever looked.
"""

from datetime import datetime

from controller.ports.clock import Clock
from controller.ports.journal import Index
from controller.workflow.survey import REMEMBERED, read_survey


class GreenChecks:
    """Remembers when each was verified."""

    def __init__(self, index: Index, clock: Clock) -> None:
        """Remember in `index` the time of `clock`."""
        self._index = index
        self._clock = clock

    def verified(self, number: int) -> None:
        """Note that the checks of pull request `number` say what is true now. Raises `UnavailableError`."""
        self._index.remember(_key(number), self._clock.now().isoformat())

    def oldest_age_seconds(self) -> float:
        """Return how long ago the one that has gone longest was verified; 0 when none is green.

        As of the newest sweep, so one that turned green since may be missing. Raises `UnavailableError`.
        """
        survey = read_survey(self._index.recall(REMEMBERED))
        green = [self._index.recall(_key(number)) for number, standing in survey.items() if standing.is_admitted]
        verified = [datetime.fromisoformat(text) for text in green if text is not None]
        return max(((self._clock.now() - at).total_seconds() for at in verified), default=0.0)


def _key(number: int) -> str:
    return f"verified/{number}"
