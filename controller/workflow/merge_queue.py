"""Look at the merge queue: judge each group on the tree that main would get from it.

A group is judged as its merge would be: the effect is that from the commit it stands on to its
own, with the reviews and commits of its pull request and the facts of now. It is green only
when that very effect was admitted for the pull request, so what others ahead of it change never
alters what was approved. What judges comes from main: a group waits, in progress, while what it
stands on is not main's tip under admitted groups alone, or judges otherwise than main does: also where
GitHub looks at the last of several alone, that one is not green before every one ahead of it is admitted.
Whatever is not decided stays in progress, and GitHub gives such a group up after the time its rule names.
"""

from collections.abc import Mapping
from dataclasses import replace

from controller.change.facts import PullRequest, PullRequestState, Snapshot, TreeEntry
from controller.change.merge_group import MergeGroup, groups_ahead
from controller.change.names import RepoPath
from controller.decision.verdict import Admitted, Cause, Judgement, Reason, Refused, Unanswered
from controller.errors import InputError
from controller.ledger.event import Event, EventType
from controller.ports.code_host import PullRequestReader
from controller.ports.journal import Mark
from controller.ports.merge_queue import MergeQueueReader
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer
from controller.workflow.history import Initiated
from controller.workflow.judgement_details import fingerprint, judgement_details
from controller.workflow.judging import Judging, insist_on_an_answer, occasion_now
from controller.workflow.showing import Showing
from controller.workflow.unadmitted import judges


class MergeQueue:
    """Judges the groups of the merge queue."""

    def __init__(
        self,
        hosts: tuple[MergeQueueReader, PullRequestReader],
        gatherer: Gatherer,
        judging: Judging,
        chronicle: Chronicle,
        showing: Showing,
    ) -> None:
        """Read the queue and pull requests from `hosts`, and work with the other collaborators."""
        self._queue, self._reader = hosts
        self._gatherer = gatherer
        self._judging = judging
        self._chronicle = chronicle
        self._history = chronicle.history
        self._showing = showing

    def look(self) -> None:
        """Mark every group there is, each to be judged for itself. Raises `UnavailableError`."""
        self._chronicle.record((), [_mark(group) for group in self._queue.merge_groups()])

    def look_at(self, name: str) -> Judgement | None:
        """Judge the group called `name`; None when it is gone, is no group, or has to wait.

        Raises `UnavailableError` or `PolicyError` when it cannot be judged now; the work is to be tried again.
        """
        groups = self._queue.merge_groups()
        group = next((one for one in groups if one.name == name), None)
        if group is None:
            return None
        pull = self._reader.pull_request(group.pull)
        if not self._is_judged(pull):
            return None
        try:
            merge, reason = self._place(group, groups)
            if reason is not None:
                self._showing.wait(group.head, reason)
                return None
            change = self._gatherer.merge(merge)
        except InputError as error:
            self._showing.refuse(group.head, str(error))
            return None
        found = self._judging.judge(change, occasion_now(change, self._chronicle.now()))
        if isinstance(found.answer, Unanswered):
            self._showing.wait(group.head, found.answer.message)
            insist_on_an_answer(found)
        judgement = self._held_to_what_was_admitted(found, pull)
        self._record(group, pull, judgement, groups)
        self._showing.show_checks(judgement)
        return judgement

    def _is_judged(self, pull: PullRequest) -> bool:
        is_ours = not pull.is_from_fork and pull.base_branch == self._gatherer.branch
        return pull.state is PullRequestState.OPEN and is_ours

    def _place(self, group: MergeGroup, groups: tuple[MergeGroup, ...]) -> tuple[Initiated, str | None]:
        """Return the merge that `group` would be, and why it has to wait, if it has to."""
        before, after = self._gatherer.step(group.base, group.head)
        merge = Initiated(0, group.pull, before.sha, before.tree, after.sha, after.tree)
        main = self._gatherer.tip()
        if main.commit == group.base:
            return merge, None
        ahead = groups_ahead(group, groups)
        lowest = ahead[-1].base if ahead else group.base
        if lowest != main.commit:
            return merge, f"It stands on {lowest[:12]}, which is neither the tip of main nor in the queue any more."
        waited_for = next((one for one in reversed(ahead) if not self._was_admitted(one)), None)
        if waited_for is not None:
            return merge, f"Pull request {waited_for.pull} is ahead of it and is not admitted there yet."
        if _judging_part(main) != _judging_part(self._gatherer.trees(merge).before):
            return merge, "What is ahead of it changes how changes are judged; it is judged once that is on main."
        return merge, None

    def _was_admitted(self, group: MergeGroup) -> bool:
        told = self._told(group)
        return told is not None and told.details.get("outcome") in ("admitted", "held")

    def _told(self, group: MergeGroup) -> Event | None:
        events = self._history.all_of(frozenset({EventType.POLICY_EVALUATED}), f"pull/{group.pull}")
        return next((one for one in reversed(events) if one.details.get("group") == group.head), None)

    def _held_to_what_was_admitted(self, judgement: Judgement, pull: PullRequest) -> Judgement:
        """Refuse what would else be admitted when it is not the effect that was admitted for `pull`."""
        effect = judgement.proposal.effect.digest
        is_admitted = isinstance(judgement.verdict, Admitted)
        if not is_admitted or self._history.was_admitted(pull.number, head=pull.head, effect=effect):
            return judgement
        message = "On top of what is ahead of it in the merge queue, this has another effect than was admitted for it."
        remedy = "Take it out of the queue, update its branch once the others are merged, and have that approved."
        return replace(judgement, verdict=Refused((Reason(Cause.OTHER_EFFECT, message, remedy),)))

    def _record(
        self, group: MergeGroup, pull: PullRequest, judgement: Judgement, groups: tuple[MergeGroup, ...]
    ) -> None:
        """Record for the pull request what was found, so that its merge is held to it; green comes after."""
        told = self._told(group)
        if told is not None and told.details.get("fingerprint") == fingerprint(judgement):
            self._chronicle.seal()
            return
        details = {**judgement_details(judgement), "commit": pull.head, "group": group.head, "on": group.base}
        event = self._chronicle.event(EventType.POLICY_EVALUATED, f"pull/{pull.number}", details)
        self._chronicle.record_sealed([event], [_mark(one) for one in groups if group in groups_ahead(one, groups)])


def _mark(group: MergeGroup) -> Mark:
    return Mark(f"queue/{group.name}")


def _judging_part(tree: Snapshot) -> Mapping[RepoPath, TreeEntry]:
    return {path: entry for path, entry in tree.entries.items() if judges(path)}
