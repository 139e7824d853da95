"""The merge queue of the fake code host, as GitHub docs "Managing a merge queue" describe it.

Each entry's group is its pull request merged on trial on top of the entry ahead. The first one
whose checks are green moves main forward to its group; a red check or a push takes an entry out,
and whatever is behind it is built anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

from controller.change.facts import Account
from controller.change.merge_group import MergeGroup
from controller.change.names import CommitSha
from controller.decision.check import CheckRun, Conclusion

REQUIRED = ("dvo/policy", "dvo/approval")


@dataclass
class Entry:
    """A pull request in the queue, by whom it was put there and how it is to be merged."""

    number: int
    by: Account
    method: str
    group: MergeGroup


Build = Callable[[int, CommitSha, Account, str], CommitSha]
"""Merges a pull request on trial on a commit, for somebody and by a method; `ValueError` when it conflicts."""


class FakeMergeQueue:
    """The queue of one branch."""

    def __init__(self, tip: Callable[[], CommitSha], build: Build, land: Callable[[Entry], None]) -> None:
        self._tip = tip
        self._build = build
        self._land = land
        self.entries: list[Entry] = []
        self.checks_every_entry = True
        """False where only the last of all entries must be green (`HEADGREEN`), whatever those ahead of it are."""

    def put(self, number: int, by: Account, method: str) -> MergeGroup:
        """Put a pull request at the end."""
        base = self.entries[-1].group.head if self.entries else self._tip()
        group = MergeGroup(number, base, self._build(number, base, by, method))
        self.entries.append(Entry(number, by, method, group))
        return group

    def drop(self, number: int) -> None:
        """Take a pull request out, and build what is behind it anew."""
        place = next((place for place, one in enumerate(self.entries) if one.number == number), None)
        if place is None:
            return
        behind, self.entries = self.entries[place + 1 :], self.entries[:place]
        for entry in behind:
            try:
                self.put(entry.number, entry.by, entry.method)
            except ValueError:
                continue  # it conflicts now

    def proceed(self, checks: dict[tuple[CommitSha, str], CheckRun]) -> None:
        """Merge what is green in front, and take out what is red."""
        if not self.checks_every_entry:
            if self.entries and _is_green(self.entries[-1], checks):
                while self.entries:
                    self._land(self.entries.pop(0))
            return
        for entry in tuple(self.entries):
            found = [checks.get((entry.group.head, name)) for name in REQUIRED]
            ends = [check.conclusion if check else None for check in found]
            if any(end in (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED) for end in ends):
                self.drop(entry.number)
                return
        while self.entries and _is_green(self.entries[0], checks):
            self._land(self.entries.pop(0))


def _is_green(entry: Entry, checks: dict[tuple[CommitSha, str], CheckRun]) -> bool:
    found = [checks.get((entry.group.head, name)) for name in REQUIRED]
    return all(check is not None and check.conclusion is Conclusion.SUCCESS for check in found)
