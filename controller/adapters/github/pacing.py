"""When a call may be sent: one budget for everything that talks to GitHub through one connection.

Follows GitHub docs "Rate limits for the REST API": the hour's calls as the answers tell them, a
time that GitHub asks to be left alone, and the secondary limits: 900 points a minute (a read 1,
a write 5) and 80 creations of content a minute, 500 an hour. What counts as content is what
GitHub's own description warns of. A call that finds no budget is not sent, and says when to ask
again; nobody waits here. Sending too much at once is the connections' part, of which there are few.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from controller.adapters.github.listening import Budget
from controller.adapters.github.refusals import unavailable
from controller.errors import ControllerError, UnavailableError

POINTS_A_MINUTE = 800
"""Of the 900 that GitHub allows: reads that the connection repeats by itself are not counted here."""
CREATIONS_A_MINUTE = 75
CREATIONS_AN_HOUR = 480
RESERVED = 0.1
"""Of every limit, what is kept for merges and deployments: work that can wait leaves so much untouched."""

_MINUTE, _HOUR = 60.0, 3600.0
_CONTENT = re.compile(r"/repos/[^/]+/[^/]+/(?:issues(?:/\d+/comments)?|pulls(?:/\d+/(?:requested_reviewers|reviews))?)")


class Shortage(StrEnum):
    """Why a call is put off."""

    ASKED = "asked"
    """GitHub asked to be left alone."""
    HOUR = "hour"
    POINTS = "points"
    CONTENT = "content"
    RESERVE = "reserve"
    """What is left is kept for merges and deployments."""


def unheard(_: Shortage) -> None:
    """Listen to nothing."""


class ShortageError(UnavailableError):
    """A call was not sent, for want of budget."""

    def __init__(self, shortage: Shortage, message: str, seconds: float) -> None:
        told = unavailable(message, max(seconds, 1.0))
        super().__init__(str(told), component=told.component, retry_after_seconds=told.retry_after_seconds)
        self.shortage = shortage


class Pace:
    """The budget of one connection; shared between its threads."""

    def __init__(
        self,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        told: Callable[[Shortage], None] = unheard,
    ) -> None:
        """Compare GitHub's times with `now`, measure spans by `monotonic` (seconds); `told` hears what is put off."""
        self._now = now
        self._monotonic = monotonic
        self._told = told
        self._lock = threading.Lock()
        self._quiet_until = float("-inf")
        self._budget: Budget | None = None
        self._points = _Window(_MINUTE, POINTS_A_MINUTE, monotonic)
        self._creations = (
            _Window(_MINUTE, CREATIONS_A_MINUTE, monotonic),
            _Window(_HOUR, CREATIONS_AN_HOUR, monotonic),
        )

    def spend(self, verb: str, path: str) -> None:
        """Count a call that is about to be sent. Raises `ShortageError` when it must not be."""
        cost = points_of(verb)
        with self._lock:
            self._respect_github(0)
            self._demand(self._points, cost, Shortage.POINTS)
            if is_content(verb, path):
                for window in self._creations:
                    self._demand(window, 1, Shortage.CONTENT)
                for window in self._creations:
                    window.add(1)
            self._points.add(cost)

    def spare(self) -> None:
        """Return when there is budget for work that can wait. Raises `ShortageError` when what is left is reserved."""
        with self._lock:
            budget = self._budget
            self._respect_github(0 if budget is None else int(budget.limit * RESERVED))
            for window in (self._points, *self._creations):
                self._demand(window, int(window.most * RESERVED), Shortage.RESERVE)

    def learn(self, error: ControllerError) -> None:
        """Note how long GitHub wants to be left alone, when its refusal says so."""
        if isinstance(error, UnavailableError) and error.retry_after_seconds:
            with self._lock:
                self._quiet_until = max(self._quiet_until, self._monotonic() + error.retry_after_seconds)

    def note(self, budget: Budget) -> None:
        """Note what an answer says is left of the hour; answers overtake each other, so the least counts."""
        with self._lock:
            known = self._budget
            if known is None or budget.resets_at > known.resets_at or budget.remaining < known.remaining:
                self._budget = budget

    def points(self) -> int:
        """Return the points of the last minute."""
        with self._lock:
            return self._points.spent()

    def creations(self) -> int:
        """Return the creations of content of the last hour."""
        with self._lock:
            return self._creations[1].spent()

    def _respect_github(self, reserve: int) -> None:
        left = self._quiet_until - self._monotonic()
        if left > 0:
            raise self._short(Shortage.ASKED, f"GitHub asked to be left alone for another {left:.0f} s", left)
        budget = self._budget
        if budget is None:
            return
        until = budget.resets_at - self._now().timestamp()
        if until > 0 and budget.remaining <= reserve:
            kept = f"all but the {reserve} kept for merges" if reserve else "all"
            shortage = Shortage.RESERVE if budget.remaining else Shortage.HOUR
            raise self._short(shortage, f"this hour's calls to GitHub are used, {kept}; more in {until:.0f} s", until)

    def _demand(self, window: "_Window", amount: int, shortage: Shortage) -> None:
        wait = window.wait(amount)
        if wait > 0:
            what = "points" if window is self._points else "creations"
            message = (
                f"{window.spent()} {what} were spent at GitHub within {window.seconds:.0f} s; more in {wait:.0f} s"
            )
            raise self._short(shortage, message, wait)

    def _short(self, shortage: Shortage, message: str, seconds: float) -> ShortageError:
        self._told(shortage)
        return ShortageError(shortage, message, seconds)


class _Window:
    """What was spent in the last `seconds`."""

    def __init__(self, seconds: float, most: int, monotonic: Callable[[], float]) -> None:
        self.seconds = seconds
        self.most = most
        self._monotonic = monotonic
        self._entries: deque[tuple[float, int]] = deque()
        self._spent = 0

    def spent(self) -> int:
        start = self._monotonic() - self.seconds
        while self._entries and self._entries[0][0] <= start:
            self._spent -= self._entries.popleft()[1]
        return self._spent

    def add(self, amount: int) -> None:
        self._entries.append((self._monotonic(), amount))
        self._spent += amount

    def wait(self, amount: int) -> float:
        """Return how many seconds until `amount` more fits."""
        excess = self.spent() + amount - self.most
        for at, spent in self._entries:
            if excess <= 0:
                break
            excess -= spent
            if excess <= 0:
                return at + self.seconds - self._monotonic()
        return 0.0


def points_of(verb: str) -> int:
    """Return the points a call costs."""
    return 1 if verb in ("GET", "HEAD", "OPTIONS") else 5


def is_content(verb: str, path: str) -> bool:
    """Tell whether a call creates content that notifies people, as GitHub counts it."""
    return verb == "POST" and _CONTENT.fullmatch(path) is not None
