"""Main's own line: the commits it went through since one of them was last seen, oldest first.

Usually one comparison tells. When more lies between than the code host tells of, the line is
walked back from the tip, one first parent at a time.
"""

from controller.change.facts import Commit
from controller.change.names import CommitSha
from controller.errors import InputError
from controller.ports.code_host import Comparison, TreeReader


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
