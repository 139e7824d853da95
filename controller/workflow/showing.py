"""Show a judgement where its readers are: two checks and, while something is not green, one comment."""

from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace

from controller.approval.request import RequestState
from controller.change.facts import PullRequest
from controller.change.names import CommitSha
from controller.decision.approval_check import approval_check
from controller.decision.command import NO_WISHES, Wishes
from controller.decision.comment import sticky_comment
from controller.decision.policy_check import policy_check
from controller.decision.queued_check import queued_checks
from controller.decision.unjudged_check import unjudged_checks
from controller.decision.verdict import Judgement, Waiting
from controller.errors import InputError
from controller.ports.code_host import CodeHostWriter
from controller.workflow.gathering import together


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether anything may stand already: what was never judged was never written either."""

    on_commit: bool
    on_pull: bool


class Showing:
    """Writes the checks and the comment of a pull request, in parallel."""

    def __init__(self, writer: CodeHostWriter, pool: Executor) -> None:
        """Write through `writer`, in parallel on `pool`."""
        self._writer = writer
        self._pool = pool

    def show(self, number: int, judgement: Judgement, standing: Standing, wishes: Wishes) -> None:
        """Make pull request `number` show `judgement` and what people wish; what stands is not written again.

        Raises `UnavailableError` when the code host takes nothing.
        """
        policy = replace(policy_check(judgement), occasion=wishes.occasion)
        approval = replace(approval_check(judgement), occasion=wishes.occasion)
        comment = sticky_comment(judgement, wishes)
        together(
            self._pool,
            lambda: self._writer.write_check(policy, is_first=not standing.on_commit),
            lambda: self._writer.write_check(approval, is_first=not standing.on_commit),
            lambda: self._writer.write_comment(number, comment, is_first=not standing.on_pull),
        )

    def ask(self, pull: PullRequest, judgement: Judgement) -> None:
        """Ask those for review whose approvals `pull` waits for, each once. Raises like `show`.

        Whom the code host does not take keeps nothing from being shown, and nobody else from being asked.
        """
        request = judgement.followed.request
        is_open = request is not None and request.state is RequestState.PENDING
        if isinstance(judgement.verdict, Waiting) and is_open and judgement.reviewers:
            with suppress(InputError):
                effect = judgement.proposal.effect.digest
                self._writer.request_reviews(pull.number, judgement.reviewers, effect, pull.requested)

    def show_checks(self, judgement: Judgement) -> None:
        """Make both checks of a commit that is no pull request's head show `judgement`. Raises like `show`."""
        for check in (policy_check(judgement), approval_check(judgement)):
            self._writer.write_check(check)

    def wait(self, commit: CommitSha, reason: str) -> None:
        """Leave both checks of `commit` in progress, saying what it waits for. Raises like `show`."""
        for check in queued_checks(commit, reason):
            self._writer.write_check(check)

    def refuse(self, commit: CommitSha, reason: str, wishes: Wishes = NO_WISHES) -> None:
        """Make both checks of `commit` say that, and why, the change cannot be judged. Raises like `show`."""
        for check in unjudged_checks(commit, reason):
            self._writer.write_check(replace(check, occasion=wishes.occasion))
