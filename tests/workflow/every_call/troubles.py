"""What can go wrong with one call, and which calls a look makes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from controller.sandbox.faults import Fault, FaultKind
from controller.sandbox.witness import WITNESSES, Seen

_NEW_IDS = re.compile(r"(?<=/check-runs/)\d+|(?<=/comments/)\d+|(?<=/heads/dvo/restore-)[0-9a-f-]+")
"""Ids and names that are others in every run."""
HTML = "<html>Bad gateway</html>"
LIMITED = '{"message": "You have exceeded a secondary rate limit."}'


@dataclass(frozen=True, order=True)
class Call:
    """The n-th call of a look by this method to this address."""

    method: str
    path: str
    """As a pattern: the ids of what was just created are any."""
    earlier: int = 0
    """How many calls to the same address come before."""

    def befallen(self, trouble: Fault) -> Fault:
        """Return `trouble` for exactly this call."""
        return replace(trouble, method=self.method, path=self.path, skip=self.earlier, times=1)

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def is_of_an_object(self) -> bool:
        """Tell whether the address names its content, which the reader verifies."""
        return self.is_read and "/git/blobs/" in self.path


READS: Mapping[str, Fault] = {
    "late": Fault(FaultKind.DELAY, delay_ms=500),
    "403 retry-after": Fault(FaultKind.STATUS, status=403, headers={"Retry-After": "9"}, body=LIMITED),
    "429": Fault(FaultKind.STATUS, status=429, headers={"Retry-After": "9"}),
    "502": Fault(FaultKind.STATUS, status=502, body=HTML),
    "reset": Fault(FaultKind.RESET),
    "truncated": Fault(FaultKind.TRUNCATE, after=True),
    "empty": Fault(FaultKind.STATUS, status=200, body=""),
    "an object": Fault(FaultKind.STATUS, status=200, body="{}"),
    "stale": Fault(FaultKind.STALE),
}
LIE = Fault(FaultKind.STATUS, status=200, body="[]")
"""Of a list this cannot be told from the truth: it grants nothing, but may be taken for good."""
WRITES: Mapping[str, Fault] = {
    **{name: fault for name, fault in READS.items() if fault.kind is not FaultKind.STALE},
    "done, then reset": Fault(FaultKind.RESET, after=True),
    "done, then 502": Fault(FaultKind.STATUS, status=502, body=HTML, after=True),
    "done, then late": Fault(FaultKind.DELAY, delay_ms=500, after=True),
}


@contextmanager
def recording(host: str) -> Iterator[list[Call]]:
    """Note every call that a controller makes to the sandbox at `host` while the block lasts.

    A sandbox that other tests keep open in this process has a controller of its own, which sweeps when it likes.
    """
    found: list[Call] = []
    seen: Counter[tuple[str, str]] = Counter()

    def note(call: Seen) -> None:
        if (call.headers.get("host"), call.headers.get("user-agent")) != (host, "dvo"):
            return
        path = _NEW_IDS.sub("*", call.path)
        found.append(Call(call.method, path, seen[call.method, path]))
        seen[call.method, path] += 1

    WITNESSES.append(note)
    try:
        yield found
    finally:
        WITNESSES.remove(note)


def befalling(call: Call) -> dict[str, Fault]:
    """Return every trouble that can befall `call`, by its name."""
    kinds = READS if call.is_read else WRITES
    return {name: call.befallen(trouble) for name, trouble in kinds.items()}
