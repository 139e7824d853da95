"""Look at one pull request: gather, judge, and make its checks say so.

Level-triggered: whatever marked the pull request, the outcome depends only on what Git,
GitHub and the directory say now. What is admitted is in the sealed ledger before a check
turns green; an identical result writes nothing.
"""

from collections.abc import Sequence

from controller.approval.request import withdrawn
from controller.change.facts import PullRequest, PullRequestState
from controller.change.names import CommitSha
from controller.decision.verdict import Admitted, Judgement
from controller.errors import InputError
from controller.ledger.event import Event, EventType
from controller.policy.answer import Answer
from controller.ports.code_host import PullRequestReader
from controller.ports.journal import Mark
from controller.workflow.break_glass import BreakGlassEvidence
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer
from controller.workflow.judgement_details import fingerprint, judgement_details, unjudged_details
from controller.workflow.judging import Judging, insist_on_an_answer, occasion_now
from controller.workflow.requests import TOLD_BY, past_of, request_events, told_events
from controller.workflow.role_watch import RoleWatch
from controller.workflow.shared_heads import SharedHeads, shared_reason
from controller.workflow.showing import Showing, Standing
from controller.workflow.wishes import wishes_of


class PullRequests:
    """Judges pull requests to the governed branch and shows the outcome."""

    def __init__(
        self,
        reader: PullRequestReader,
        gatherer: Gatherer,
        judging: Judging,
        chronicle: Chronicle,
        outside: tuple[Showing, SharedHeads],
    ) -> None:
        """Work with these collaborators."""
        self._reader = reader
        self._gatherer = gatherer
        self._judging = judging
        self._chronicle = chronicle
        self._history = chronicle.history
        self._break_glass = BreakGlassEvidence(chronicle)
        self._showing, self._heads = outside
        self._watch = RoleWatch(chronicle)

    def look_at(self, number: int) -> Judgement | None:
        """Judge pull request `number` and write what follows; None when it gets no judgement.

        Raises `UnavailableError` when a part could not be asked: the checks say so where they
        can be written, and the work is to be tried again.
        """
        pull = self._reader.pull_request(number)
        subject = f"pull/{number}"
        past = self._history.all_of(TOLD_BY, subject)
        before = tuple(event for event in past if event.type is EventType.POLICY_EVALUATED)
        if not self._is_judged(pull):
            self._leave(pull, past)
            self._look_at_those_left(pull, before)
            return None
        self._look_at_those_left(pull, before)
        sharing = self._heads.others(pull)
        if sharing:
            self._refuse(pull, shared_reason((number, *sharing)), before, sharing)
            return None
        try:
            change = self._gatherer.pull_request(pull)
        except InputError as error:
            self._refuse(pull, str(error), before)
            return None
        occasion = occasion_now(change, self._chronicle.now(), past_of(past))
        judgement = self._judging.judge(change, occasion)
        if isinstance(judgement.answer, Answer):
            self._watch.saw(judgement.answer.roles)
        self._alert(number, judgement)
        self._record(subject, judgement, before)
        wishes = wishes_of(self._history, number, judgement.proposal.effect.digest)
        self._showing.show(number, judgement, _standing(judgement, before), wishes)
        insist_on_an_answer(judgement)
        if not pull.is_draft:
            self._showing.ask(pull, judgement)
        return judgement

    def _alert(self, number: int, judgement: Judgement) -> None:
        """Have it in the sealed ledger at once when break-glass is first seen to be asked for this effect."""
        events, marks = self._break_glass.asked(number, judgement)
        if events:
            self._chronicle.record_sealed(events, marks)

    def _leave(self, pull: PullRequest, past: Sequence[Event]) -> None:
        """Cancel what was asked for a pull request that asks nothing any more; what merged is main's affair."""
        marks = (Mark("main"), Mark("late")) if pull.state is PullRequestState.MERGED else ()
        why = {
            PullRequestState.OPEN: "the pull request goes elsewhere",
            PullRequestState.MERGED: "the pull request was merged without it",
            PullRequestState.CLOSED: "the pull request was closed",
        }[pull.state]
        untold = withdrawn(past_of(past), self._chronicle.now(), why)
        if untold or marks:
            self._chronicle.record(told_events(self._chronicle, f"pull/{pull.number}", untold), marks)

    def _is_judged(self, pull: PullRequest) -> bool:
        """Pull requests from forks or to other branches get no judgement, so their checks never turn green."""
        is_ours = not pull.is_from_fork and pull.base_branch == self._gatherer.branch
        return pull.state is PullRequestState.OPEN and is_ours

    def _look_at_those_left(self, pull: PullRequest, before: Sequence[Event]) -> None:
        """Look again at the pull requests with which `pull` shared a head that it does not have any more."""
        head = before[-1].details.get("commit") if before else None
        if isinstance(head, str) and (head != pull.head or not self._is_judged(pull)):
            left = self._heads.noted_beside(pull.number, CommitSha(head))
            if left:
                self._chronicle.record((), tuple(Mark(f"pull/{number}") for number in left))
                self._heads.forget(pull.number, CommitSha(head))

    def _refuse(self, pull: PullRequest, reason: str, before: Sequence[Event], others: tuple[int, ...] = ()) -> None:
        """Record and show that nothing can be said of `pull` as it is; `others` are looked at when that is new."""
        details = unjudged_details(pull.head, reason)
        if not before or before[-1].details.get("fingerprint") != details["fingerprint"]:
            subject = f"pull/{pull.number}"
            event = self._chronicle.event(EventType.POLICY_EVALUATED, subject, details)
            self._chronicle.record((event,), tuple(Mark(f"pull/{number}") for number in others))
        self._showing.refuse(pull.head, reason, wishes_of(self._history, pull.number))

    def _record(self, subject: str, judgement: Judgement, before: Sequence[Event]) -> None:
        """Tell what is new, and look again when time alone will change something."""
        events = list(request_events(self._chronicle, subject, judgement))
        if not before or before[-1].details.get("fingerprint") != fingerprint(judgement):
            events.append(self._chronicle.event(EventType.POLICY_EVALUATED, subject, judgement_details(judgement)))
        now = self._chronicle.now()
        marks = tuple(Mark(subject, moment) for moment in judgement.moments if moment > now)[:1]
        if any("group" in event.details for event in before) and events:
            # What changed for a pull request may have changed for its group in the merge queue.
            marks += (Mark("queue"),)
        if events or marks:
            self._chronicle.record(events, marks)
        if isinstance(judgement.verdict, Admitted):
            # Also without anything new: an earlier try may have ended between recording and sealing.
            self._chronicle.seal()


def _standing(judgement: Judgement, before: Sequence[Event]) -> Standing:
    """Return what may stand of earlier judgements; every judgement is recorded before it is shown."""
    on_commit = any(event.details.get("commit") == judgement.commit for event in before)
    return Standing(on_commit=on_commit, on_pull=bool(before))
