"""Which workflow looks at which key.

Keys come from the work queue; a key nobody knows is an error of the program that marked it,
and is parked rather than dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.change.names import commit_sha
from controller.errors import InputError
from controller.workflow.authorizing import Authorizing
from controller.workflow.commands import Commands
from controller.workflow.follow_main import FollowMain
from controller.workflow.green_checks import GreenChecks
from controller.workflow.history import parse_key
from controller.workflow.late_merges import LateMerges
from controller.workflow.merge_queue import MergeQueue
from controller.workflow.merges import Merges
from controller.workflow.progress import DeploymentProgress
from controller.workflow.pull_requests import PullRequests
from controller.workflow.restoring import Restoring
from controller.workflow.reviews import Reviews
from controller.workflow.roll_out import RollOut
from controller.workflow.seal import Sealer
from controller.workflow.simulating import Simulating
from controller.workflow.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Workflows:
    """Every workflow there is."""

    pull_requests: PullRequests
    main: FollowMain
    merges: Merges
    roll_out: RollOut
    progress: DeploymentProgress
    reviews: Reviews
    sealer: Sealer
    sweep: Sweep
    green_checks: GreenChecks
    merge_queue: MergeQueue
    commands: Commands
    restoring: Restoring
    late_merges: LateMerges
    authorizing: Authorizing
    """Asked at the doors that are no pull request."""
    simulating: Simulating

    @property
    def _wholes(self) -> Mapping[str, Callable[[], object]]:
        """Return what is looked at as a whole, by its key."""
        return {
            "late": self.late_merges.look,
            "main": self.main.look,
            "queue": self.merge_queue.look,
            "restore": self.restoring.look,
            "seal": self.sealer.seal,
            "comments": self.commands.look_for_unanswered,
            "sweep": self.sweep.look,
            "changes": self.sweep.look_for_changes,
        }

    def look_at(self, key: str) -> None:
        """Look at `key` again. Raises `InputError` for a key nobody knows, else as its workflow does."""
        whole = self._wholes.get(key)
        if whole is not None:
            whole()
            return
        kind, _, rest = key.partition("/")
        match kind:
            case "pull" if rest.isascii() and rest.isdecimal():
                if self.pull_requests.look_at(int(rest)) is not None:
                    self.green_checks.verified(int(rest))
            case "merge":
                self.merges.look_at(rest)
            case "queue":
                self.merge_queue.look_at(rest)
            case "deployment":
                self.roll_out.look_at(parse_key(rest))
            case "progress":
                self.progress.show(commit_sha(rest))
            case _:
                self._look_at_review(kind, rest)

    def _look_at_review(self, kind: str, rest: str) -> None:
        match kind:
            case "review":
                self.reviews.look_at(rest)
            case "issue" if rest.isascii() and rest.isdecimal():
                self.reviews.look_at_issue(int(rest))
            case _:
                self._ask(kind, rest.split("/"))

    def _ask(self, kind: str, names: list[str]) -> None:
        """Do what somebody asks for: ``comment/7/501``, ``button/7/explain/1001``, ``rerun/pull/7``."""
        match kind, names:
            case "comment", [pull, comment]:
                self.commands.look_at_comment(_number(pull), _number(comment))
            case "button", [pull, identifier, account]:
                self.commands.press(_number(pull), identifier, _number(account))
            case "rerun", ["pull", pull]:
                self.commands.run_again(_number(pull))
            case "rerun", ["commit", commit]:
                self.commands.run_merge_again(commit_sha(commit))
            case _:
                raise InputError(f"expected a known kind of work, got {'/'.join([kind, *names])!a}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise InputError(f"expected a number in a key, got {text[:40]!a}")
    return int(text)
