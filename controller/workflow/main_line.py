"""Main's own line: the commits it went through since one of them was last seen, and those before some moment.

Usually one comparison tells the former. When more lies between than the code host tells of, the line is
walked back from the tip, one first parent at a time. The latter the journal tells.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from controller.change.facts import Commit
from controller.change.names import CommitSha, commit_sha
from controller.errors import InputError
from controller.ledger.event import Event, EventType
from controller.ports.code_host import Comparison, TreeReader
from controller.workflow.history import History


def line_since(trees: TreeReader, seen: CommitSha, branch: str) -> list[Commit] | None:
    """Return the first-parent line from `seen` (inclusive) to the tip; None when `branch` does not continue it.

    A line that leaves `seen` aside (main merged *into* something that was then pushed) is one
    leap from `seen` to the tip, which no pull request accounts for.
    """
    try:
        comparison = trees.compare(seen, branch)
    except InputError:
        return _walked_back(trees, seen, branch)
    return None if comparison.behind_by else _first_parents(comparison)


@dataclass(frozen=True, slots=True)
class KnownMain:
    """The commits that main is known to have stood on, oldest first, each with when a merge brought it."""

    commits: tuple[tuple[CommitSha, datetime | None], ...]
    """None for the baseline, and for a push, of which the code host does not say when it came."""

    def before(self, moment: datetime, tip: CommitSha) -> tuple[CommitSha, ...]:
        """Return the commits that main, which stands on `tip` now, stood on before `moment`, oldest first.

        A push counts as there since the step before it: it was refused, and whatever takes it for given can only
        put back what was admitted. So does a tip that is not followed yet, for the moment that takes. Empty before
        the baseline.
        """
        line = tuple(takewhile(lambda one: one[1] is None or one[1] < moment, self.commits))
        found = tuple(commit for commit, _ in line)
        return found if not line or len(line) < len(self.commits) or tip in found else (*found, tip)


def known_main(history: History) -> KnownMain:
    """Return what `history` tells of main. Raises `UnavailableError`."""
    seen = history.all_of(frozenset({EventType.CONFIG_CHANGED}), "main")
    if not seen:
        return KnownMain(())
    refused = history.all_of(frozenset({EventType.DEPLOY_REFUSED}))
    merged = history.all_of(frozenset({EventType.DEPLOY_INITIATED}))
    pushed = [one for one in refused if one.subject.startswith("commit/")]
    steps = {_position(one): one for one in (*pushed, *merged)}
    line = [(_commit(steps[position], "after"), _came_at(steps[position])) for position in sorted(steps)]
    return KnownMain(((_commit(seen[0], "tip"), None), *line))


def _commit(event: Event, name: str) -> CommitSha:
    return commit_sha(str(event.details[name]))


def _position(step: Event) -> int:
    return int(str(step.details["position"]))


def _came_at(step: Event) -> datetime | None:
    if step.type is EventType.DEPLOY_REFUSED:
        return None
    merged_at = step.details.get("merged_at")
    return step.at if merged_at is None else datetime.fromisoformat(str(merged_at))


def _first_parents(comparison: Comparison) -> list[Commit]:
    known = {commit.sha: commit for commit in (comparison.merge_base, *comparison.commits)}
    line = [comparison.head]
    while line[-1].sha != comparison.merge_base.sha:
        parent = known.get(line[-1].parents[0]) if line[-1].parents else None
        if parent is None:
            return [comparison.merge_base, comparison.head]
        line.append(parent)
    return line[::-1]


def _walked_back(trees: TreeReader, seen: CommitSha, branch: str) -> list[Commit] | None:
    try:
        # Seen from the tip, what was seen before has nothing of its own, however far apart they are.
        back = trees.compare(trees.tip(branch), seen)
    except InputError:
        return None
    if back.commits or back.merge_base.sha != seen:
        return None
    line = [back.base]
    for _ in range(back.behind_by):
        if line[-1].sha == seen or not line[-1].parents:
            break
        parent = line[-1].parents[0]
        line.append(trees.compare(parent, parent).base)
    return line[::-1] if line[-1].sha == seen else [back.merge_base, back.base]
