"""Main's own line: the commits it went through since one of them was last seen, and those before some moment.

Usually one comparison tells the former. When more lies between than the code host tells of, the line is
walked back from the tip, one first parent at a time. The latter the journal tells.
"""

from datetime import datetime

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


def main_before(history: History, moment: datetime, tip: CommitSha) -> tuple[CommitSha, ...]:
    """Return the commits that main, which stands on `tip` now, stood on before `moment`, oldest first.

    When a merge came, the code host says. A push, of which nobody does, counts as there since the step before it: it
    was refused, and whatever takes it for given can only put back what was admitted. So does a tip that is not
    followed yet, for the moment that takes. Empty before the baseline.
    """
    seen = history.all_of(frozenset({EventType.CONFIG_CHANGED}), "main")
    if not seen:
        return ()
    merged = history.all_of(frozenset({EventType.DEPLOY_INITIATED}))
    refused = history.all_of(frozenset({EventType.DEPLOY_REFUSED}))
    end = min((_position(one) for one in merged if _came_at(one) >= moment), default=None)
    steps = {_position(one): one for one in (*refused, *merged) if "after" in one.details}
    known = [steps[position].details["after"] for position in sorted(steps) if end is None or position < end]
    line = tuple(commit_sha(str(commit)) for commit in (seen[0].details["tip"], *known))
    return line if end is not None or tip in line else (*line, tip)


def _position(step: Event) -> int:
    return int(str(step.details["position"]))


def _came_at(merge: Event) -> datetime:
    merged_at = merge.details.get("merged_at")
    return merge.at if merged_at is None else datetime.fromisoformat(str(merged_at))


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
