"""Making trouble on purpose: latency, failing answers, broken connections, nonsense; and counting what was asked.

For tests and benchmarks of whoever talks to the sandbox. Faults are chosen by method and path pattern and used up one
call at a time; counters tell each request by route template, reads and writes apart.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    RESET = "reset"
    TRUNCATE = "truncate"
    GARBAGE = "garbage"


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

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault is meant for a call."""
        return self.times > 0 and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


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
        self._lock = threading.Lock()
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
                if fault.matches(method, path):
                    fault.times -= 1
                    return fault
        return None

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
