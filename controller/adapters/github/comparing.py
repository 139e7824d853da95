"""Everything between two commits, from GitHub's ``compare``: every commit, or a refusal.

Follows GitHub docs "Compare two commits": commits come oldest first, in pages, up to 250 of
them; the total says how many there must be. A branch that moves between two pages shows as a
total that does not fit.
"""

import re
from urllib.parse import quote

from controller.adapters.github.answer import at, items, number
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import commit_of
from controller.adapters.github.refusals import unavailable
from controller.change.facts import Commit
from controller.errors import InputError, StaleError
from controller.ports.code_host import Comparison

MOST_COMMITS = 250
"""How many commits of a pull request GitHub tells about; who made them is known of all or of none."""

_PAGE_SIZE = 100
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)


def is_id(ref: str) -> bool:
    """Tell whether `ref` is a commit id, which always means the same commit."""
    return _COMMIT.fullmatch(ref) is not None


def quoted(ref: str) -> str:
    """Return a branch or commit as part of an address; `InputError` for what could lead elsewhere."""
    if not ref or ".." in ref or not ref.isprintable():
        raise InputError(f"not a branch or commit: {ref[:100]!a}")
    return quote(ref, safe="")


def compared(app: GitHubApp, base: str, head: str) -> Comparison:
    """Ask GitHub what lies between `base` and `head`."""
    path = app.path(f"/compare/{quoted(base)}...{quoted(head)}")
    first = app.get(path, {"per_page": str(_PAGE_SIZE), "page": "1"})
    total = number(first, "total_commits")
    if total > MOST_COMMITS:
        raise InputError(
            f"{total} commits lie between {base} and {head}, and GitHub tells of no more than {MOST_COMMITS};"
            " split the pull request"
        )
    commits = [commit_of(each) for each in items(first, "commits")]
    for page in range(2, (total - 1) // _PAGE_SIZE + 2):
        more = app.get(path, {"per_page": str(_PAGE_SIZE), "page": str(page)})
        if number(more, "total_commits") != total:
            raise StaleError(f"{base} or {head} moved while it was being compared")
        commits += [commit_of(each) for each in items(more, "commits")]
    if at(first, "merge_base_commit") is None:
        raise InputError(f"{base} and {head} have no common ancestor")
    found = Comparison(
        base=commit_of(at(first, "base_commit")),
        merge_base=commit_of(at(first, "merge_base_commit")),
        commits=tuple(commits),
        behind_by=number(first, "behind_by"),
    )
    _confirm(found, total, base, head)
    return found


def _confirm(found: Comparison, total: int, base: str, head: str) -> None:
    told: set[Commit] = set(found.commits)
    if len(told) != total or len(found.commits) != total:
        raise unavailable(f"GitHub told of {len(told)} commits between {base} and {head}, and counted {total}")
    for wanted, got in ((base, found.base.sha), (head, found.head.sha)):
        if is_id(wanted) and wanted != got:
            raise unavailable(f"GitHub compared {got} where {wanted} was asked for")
