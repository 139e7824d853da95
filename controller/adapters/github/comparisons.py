"""Comparisons that were asked for before, and those that follow from them when only the base went on.

When main moves, every open pull request is compared with it again, and GitHub counts each. But what lies
between two commits says for certain what lies between the new tip and a head whose own commits are one
line: if none of them came to main meanwhile, they are what they were, on the same merge base. Anything
else is asked for.
"""

from dataclasses import replace

from controller.adapters.github.comparing import compared
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.memory import Memory
from controller.errors import InputError
from controller.ports.code_host import Comparison

_SIZE = 1024


class Comparisons:
    """Compares commits; what two ids say is asked for once."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app
        self._known: Memory[tuple[str, str], Comparison] = Memory(_SIZE)
        self._newest: Memory[str, Comparison] = Memory(_SIZE)

    def between(self, base: str, head: str) -> Comparison:
        """Return what lies between two ids; see the port."""
        found = self._known.get((base, head))
        if found is None:
            found = self._followed(base, head) or compared(self._app, base, head)
            self._known.put((found.base.sha, found.head.sha), found)
            self._newest.put(found.head.sha, found)
        return found

    def _followed(self, base: str, head: str) -> Comparison | None:
        """Return what follows from the newest comparison with `head`, when something does."""
        earlier = self._newest.get(head)
        if earlier is None or not _is_one_line(earlier):
            return None
        step = self._known.get((earlier.base.sha, base))
        if step is None:
            try:
                step = compared(self._app, earlier.base.sha, base)
            except InputError:
                return None
            self._known.put((step.base.sha, step.head.sha), step)
        return moved(earlier, step)


def moved(earlier: Comparison, step: Comparison) -> Comparison | None:
    """Return `earlier` with its base moved along `step`, or None when that does not follow from the two.

    It does when the new base builds on the old one, and none of the head's own commits is among what came.
    """
    came = {commit.sha for commit in step.commits}
    builds_on = step.base.sha == step.merge_base.sha == earlier.base.sha
    if not builds_on or not _is_one_line(earlier) or any(commit.sha in came for commit in earlier.commits):
        return None
    return replace(earlier, base=step.head, behind_by=earlier.behind_by + len(came))


def _is_one_line(comparison: Comparison) -> bool:
    """Return whether each commit has the one before as its only parent, so that there is one merge base."""
    line = (comparison.merge_base, *comparison.commits)
    return all(commit.parents == (before.sha,) for before, commit in zip(line, line[1:], strict=False))
