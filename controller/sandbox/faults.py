"""Making trouble on purpose: latency, failing answers, broken connections, nonsense; and counting what was asked.

For tests and benchmarks of whoever talks to the sandbox. Faults are chosen by method and path pattern, let pass as many
calls as they are told to, and are used up one call at a time; counters tell each request by route template, reads and
writes apart. Where answers are kept, a read can be answered as it was before: a replica that lags behind.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from starlette.responses import Response

MOST_QUESTIONS = 1_000
"""Of so many reads answers are kept."""


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    RESET = "reset"
    TRUNCATE = "truncate"
    GARBAGE = "garbage"
    DELAY = "delay"
    STALE = "stale"


@dataclass(slots=True)
class Fault:
    """Trouble for the next calls that match; `after` lets the operation happen first and loses only its answer."""

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    times: int = 1
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"message": "Server Error"}'
    after: bool = False
    skip: int = 0
    """How many calls that match are let pass before the first with trouble."""
    delay_ms: float = 0.0
    """How long a delayed call is kept waiting: before it is done, or (`after`) between that and its answer."""

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault is meant for a call."""
        return self.times > 0 and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    @property
    def keeps_from_happening(self) -> bool:
        """Tell whether the operation is not done at all."""
        return not self.after and self.kind not in (FaultKind.DELAY, FaultKind.STALE)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each route was called since the last reset."""

    by_route: Mapping[str, int]
    not_modified: int

    @property
    def reads(self) -> int:
        """Return the number of GET calls."""
        return sum(count for route, count in self.by_route.items() if route.startswith("GET "))

    @property
    def writes(self) -> int:
        """Return the number of all other calls, token requests left out as they change nothing."""
        return sum(
            count
            for route, count in self.by_route.items()
            if not route.startswith("GET ") and not route.endswith("/access_tokens")
        )


class Faults:
    """The trouble planned for REST calls, and their counters."""

    def __init__(self) -> None:
        self.latency_ms = 0.0
        self.answers: dict[str, tuple[Response, ...]] | None = None
        """The last two different answers to each of the reads that changed last, so that one can be answered stale.

        None: not kept, which is how the sandbox starts.
        """
        self._lock = threading.Lock()
        self._idle = threading.Condition()
        self._running = 0
        self._planned: list[Fault] = []
        self._counts: Counter[str] = Counter()
        self._not_modified = 0

    def plan(self, fault: Fault) -> None:
        """Add trouble; the first planned that matches a call is used."""
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        """Forget all planned trouble and latency."""
        with self._lock:
            self._planned.clear()
            self.latency_ms = 0.0

    def take(self, method: str, path: str) -> Fault | None:
        """Return the trouble for a call and use it up by one."""
        with self._lock:
            for fault in self._planned:
                if not fault.matches(method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                else:
                    fault.times -= 1
                    return fault
        return None

    def keep(self, question: str, answer: Response) -> None:
        """Remember how a read was answered."""
        with self._lock:
            if self.answers is None or answer.status_code != 200:
                return
            known = self.answers.get(question, ())
            if not known or known[-1].headers["etag"] != answer.headers["etag"]:
                self.answers.pop(question, None)
                self.answers[question] = (*known[-1:], answer)
            if len(self.answers) > MOST_QUESTIONS:
                del self.answers[next(iter(self.answers))]

    def older(self, question: str, answer: Response) -> Response:
        """Return what was answered before it became `answer`; `answer` itself when it was never another."""
        now = answer.headers.get("etag")
        with self._lock:
            known = (self.answers or {}).get(question, ())
        return next((one for one in reversed(known) if one.headers["etag"] != now), answer)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Know of a call while it lasts, which may be longer than anybody waits for its answer."""
        with self._idle:
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def settle(self, seconds: float = 30.0) -> bool:
        """Wait until every call is done that was made; tell whether that was in time."""
        with self._idle:
            return self._idle.wait_for(lambda: self._running == 0, seconds)

    def count(self, method: str, template: str) -> None:
        """Count a call."""
        with self._lock:
            self._counts[f"{method} {template}"] += 1

    def count_not_modified(self) -> None:
        """Count an answer that said the caller's copy is still good."""
        with self._lock:
            self._not_modified += 1

    def counts(self) -> Counts:
        """Return the counters."""
        with self._lock:
            return Counts(dict(self._counts), self._not_modified)

    def reset_counts(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._counts.clear()
            self._not_modified = 0
