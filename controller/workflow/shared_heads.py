"""Which open pull requests stand at one head commit, as far as they were looked at.

A check belongs to a commit: two pull requests with one head would overwrite each other's. Each look
notes the pull request at its head, so that no list has to be read; whether another one that was noted
there still stands there is asked of the code host. A note that is lost is made again by the next look.
"""

from controller.change.facts import PullRequest, PullRequestState
from controller.change.names import CommitSha
from controller.errors import InputError
from controller.ports.code_host import PullRequestReader
from controller.ports.journal import Index


class SharedHeads:
    """Notes at which head each pull request stands."""

    def __init__(self, reader: PullRequestReader, index: Index) -> None:
        """Ask `reader` about pull requests and keep the notes in `index`."""
        self._reader = reader
        self._index = index

    def others(self, pull: PullRequest) -> tuple[int, ...]:
        """Note `pull` at its head; return which other open pull requests stand there. Raises `UnavailableError`."""
        noted = self._noted(pull.head)
        others = {number for number in noted - {pull.number} if self._stands(number, pull)}
        if noted != others | {pull.number}:
            self._note(pull.head, others | {pull.number})
        return tuple(sorted(others))

    def noted_beside(self, number: int, head: CommitSha) -> tuple[int, ...]:
        """Return who else was noted at `head`, where `number` was; empty once that is forgotten."""
        noted = self._noted(head)
        return tuple(sorted(noted - {number})) if number in noted else ()

    def forget(self, number: int, head: CommitSha) -> None:
        """Take the note back that `number` stands at `head`."""
        self._note(head, self._noted(head) - {number})

    def _stands(self, number: int, pull: PullRequest) -> bool:
        try:
            other = self._reader.pull_request(number)
        except InputError:
            return False
        is_open = other.state is PullRequestState.OPEN and not other.is_from_fork
        return is_open and (other.head, other.base_branch) == (pull.head, pull.base_branch)

    def _noted(self, head: CommitSha) -> frozenset[int]:
        return frozenset(int(number) for number in (self._index.recall(f"head/{head}") or "").split())

    def _note(self, head: CommitSha, numbers: frozenset[int] | set[int]) -> None:
        self._index.remember(f"head/{head}", " ".join(map(str, sorted(numbers))))


def shared_reason(numbers: tuple[int, ...]) -> str:
    """Return why none of the pull requests `numbers` can be judged, and what to do: the same text for each of them."""
    named = ", ".join(map(str, sorted(numbers)))
    return (
        f"The pull requests {named} have the same head commit, and so the same checks: they cannot say which one they"
        " are about, and none of them goes out. Close all but one of them, or push another commit to the branch of"
        " each other one; an empty one will do: git commit --allow-empty"
    )
