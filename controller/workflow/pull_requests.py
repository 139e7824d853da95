"""Look at one pull request: gather, judge, and make its checks say so.

Level-triggered: whatever marked the pull request, the outcome depends only on what Git,
GitHub and the directory say now. What is admitted is in the sealed ledger before a check
turns green; an identical result writes nothing.
"""

from collections.abc import Sequence

from controller.change.facts import PullRequest, PullRequestState
from controller.decision.verdict import Admitted, Judgement, Waiting
from controller.errors import InputError
from controller.ledger.event import Event, EventType
from controller.ports.code_host import PullRequestReader
from controller.ports.journal import Mark
from controller.workflow.break_glass import BreakGlassEvidence
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer
from controller.workflow.judgement_details import fingerprint, judgement_details, unjudged_details
from controller.workflow.judging import Judging, insist_on_an_answer, occasion_now
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
        showing: Showing,
    ) -> None:
        """Work with these collaborators."""
        self._reader = reader
        self._gatherer = gatherer
        self._judging = judging
        self._chronicle = chronicle
        self._history = chronicle.history
        self._break_glass = BreakGlassEvidence(chronicle)
        self._showing = showing

    def look_at(self, number: int) -> Judgement | None:
        """Judge pull request `number` and write what follows; None when it gets no judgement.

        Raises `UnavailableError` when a part could not be asked: the checks say so where they
        can be written, and the work is to be tried again.
        """
        pull = self._reader.pull_request(number)
        if pull.state is PullRequestState.MERGED:
            self._chronicle.record((), (Mark("main"),))
            return None
        if not self._is_judged(pull):
            return None
        try:
            change = self._gatherer.pull_request(pull)
        except InputError as error:
            self._refuse(pull, str(error))
            return None
        judgement = self._judging.judge(change, occasion_now(change, self._chronicle.now()))
        before = self._before(number)
        self._alert(number, judgement)
        self._record(f"pull/{number}", judgement, before)
        wishes = wishes_of(self._history, number, judgement.proposal.effect.digest)
        self._showing.show(number, judgement, _standing(judgement, before), wishes)
        insist_on_an_answer(judgement)
        return judgement

    def _alert(self, number: int, judgement: Judgement) -> None:
        """Have it in the sealed ledger at once when break-glass is first seen to be asked for this effect."""
        events, marks = self._break_glass.asked(number, judgement)
        if events:
            self._chronicle.record_sealed(events, marks)

    def _is_judged(self, pull: PullRequest) -> bool:
        """Pull requests from forks or to other branches get no judgement, so their checks never turn green."""
        is_ours = not pull.is_from_fork and pull.base_branch == self._gatherer.branch
        return pull.state is PullRequestState.OPEN and is_ours

    def _before(self, number: int) -> tuple[Event, ...]:
        return self._history.all_of(frozenset({EventType.POLICY_EVALUATED}), f"pull/{number}")

    def _refuse(self, pull: PullRequest, reason: str) -> None:
        """Record and show that nothing can be said of `pull` as it is."""
        before = self._before(pull.number)
        details = unjudged_details(pull.head, reason)
        if not before or before[-1].details.get("fingerprint") != details["fingerprint"]:
            subject = f"pull/{pull.number}"
            self._chronicle.record((self._chronicle.event(EventType.POLICY_EVALUATED, subject, details),))
        self._showing.refuse(pull.head, reason, wishes_of(self._history, pull.number))

    def _record(self, subject: str, judgement: Judgement, before: Sequence[Event]) -> None:
        if before and before[-1].details.get("fingerprint") == fingerprint(judgement):
            if isinstance(judgement.verdict, Admitted):
                self._chronicle.seal()
            return
        evaluated = self._chronicle.event(EventType.POLICY_EVALUATED, subject, judgement_details(judgement))
        events = (*self._approval_events(subject, judgement), evaluated)
        # What changed for a pull request may have changed for its group in the merge queue.
        marks = (Mark("queue"),) if any("group" in event.details for event in before) else ()
        if isinstance(judgement.verdict, Admitted):
            self._chronicle.record_sealed(events, marks)
        else:
            self._chronicle.record(events, marks)

    def _approval_events(self, subject: str, judgement: Judgement) -> Sequence[Event]:
        effect = judgement.proposal.effect.digest
        events = []
        if isinstance(judgement.verdict, Waiting) and effect not in self._told(
            EventType.APPROVAL_REQUESTED, subject, "effect"
        ):
            events.append(self._chronicle.event(EventType.APPROVAL_REQUESTED, subject, {"effect": effect}))
        granted = self._told(EventType.APPROVAL_GRANTED, subject, "review")
        for counted in judgement.approvals.counted:
            if counted.review.id not in granted:
                details = {"review": counted.review.id, "commit": counted.review.commit, "effect": effect}
                actor = counted.principal.id
                events.append(self._chronicle.event(EventType.APPROVAL_GRANTED, subject, details, actor=actor))
        return events

    def _told(self, kind: EventType, subject: str, name: str) -> set[object]:
        return {event.details.get(name) for event in self._history.all_of(frozenset({kind}), subject)}


def _standing(judgement: Judgement, before: Sequence[Event]) -> Standing:
    """Return what may stand of earlier judgements; every judgement is recorded before it is shown."""
    on_commit = any(event.details.get("commit") == judgement.commit for event in before)
    return Standing(on_commit=on_commit, on_pull=bool(before))
