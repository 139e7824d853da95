"""Look at one pull request: gather, judge, and make its checks say so.

Level-triggered: whatever marked the pull request, the outcome depends only on what Git,
GitHub and the directory say now. What is admitted is in the sealed ledger before a check
turns green; an identical result writes nothing.
"""

from collections.abc import Sequence
from concurrent.futures import Executor

from controller.change.facts import PullRequest, PullRequestState
from controller.decision.approval_check import approval_check
from controller.decision.comment import sticky_comment
from controller.decision.policy_check import policy_check
from controller.decision.verdict import Admitted, Judgement, Waiting
from controller.ledger.event import Event, EventType
from controller.policy.question import Purpose
from controller.ports.clock import Clock
from controller.ports.code_host import CodeHostWriter, PullRequestReader
from controller.ports.journal import Journal, Mark
from controller.workflow.gathering import Gatherer, together
from controller.workflow.history import History
from controller.workflow.judging import Judging, Occasion, insist_on_an_answer
from controller.workflow.recording import Recorder, fingerprint, judgement_details
from controller.workflow.seal import Sealer


class PullRequests:
    """Judges pull requests to one branch and writes their checks."""

    def __init__(
        self,
        *,
        reader: PullRequestReader,
        writer: CodeHostWriter,
        gatherer: Gatherer,
        judging: Judging,
        journal: Journal,
        sealer: Sealer,
        recorder: Recorder,
        clock: Clock,
        pool: Executor,
        branch: str,
    ) -> None:
        """Work with these collaborators on pull requests to `branch`."""
        self._reader = reader
        self._writer = writer
        self._gatherer = gatherer
        self._judging = judging
        self._journal = journal
        self._history = History(journal)
        self._sealer = sealer
        self._recorder = recorder
        self._clock = clock
        self._pool = pool
        self._branch = branch

    def look_at(self, number: int) -> Judgement | None:
        """Judge pull request `number` and write what follows; None when it gets no judgement.

        Raises `UnavailableError` when a part could not be asked: the checks say so where they
        can be written, and the work is to be tried again.
        """
        pull = self._reader.pull_request(number)
        if pull.state is PullRequestState.MERGED:
            self._journal.record((), (Mark("main"),))
            return None
        if not self._is_judged(pull):
            return None
        change = self._gatherer.pull_request(pull)
        now = self._clock.now()
        judgement = self._judging.judge(change, Occasion(Purpose.PULL_REQUEST, now, now))
        self._record(number, judgement)
        self._write(number, judgement)
        insist_on_an_answer(judgement)
        return judgement

    def _is_judged(self, pull: PullRequest) -> bool:
        """Pull requests from forks or to other branches get no judgement, so their checks never turn green."""
        return pull.state is PullRequestState.OPEN and not pull.is_from_fork and pull.base_branch == self._branch

    def _record(self, number: int, judgement: Judgement) -> None:
        subject = f"pull/{number}"
        last = self._history.last_of(frozenset({EventType.POLICY_EVALUATED}), subject)
        if last is not None and last.details.get("fingerprint") == fingerprint(judgement):
            return
        evaluated = self._recorder.event(EventType.POLICY_EVALUATED, subject, judgement_details(judgement))
        self._journal.record((evaluated, *self._approval_events(subject, judgement)))
        if isinstance(judgement.verdict, Admitted):
            self._sealer.seal()

    def _approval_events(self, subject: str, judgement: Judgement) -> Sequence[Event]:
        effect = judgement.proposal.effect.digest
        events = []
        if isinstance(judgement.verdict, Waiting) and not self._was_requested(subject, effect):
            events.append(self._recorder.event(EventType.APPROVAL_REQUESTED, subject, {"effect": effect}))
        granted = {event.details.get("review") for event in self._find(EventType.APPROVAL_GRANTED, subject)}
        for counted in judgement.approvals.counted:
            if counted.review.id not in granted:
                details = {"review": counted.review.id, "commit": counted.review.commit, "effect": effect}
                actor = counted.principal.id
                events.append(self._recorder.event(EventType.APPROVAL_GRANTED, subject, details, actor=actor))
        return events

    def _was_requested(self, subject: str, effect: str) -> bool:
        return any(event.details.get("effect") == effect for event in self._find(EventType.APPROVAL_REQUESTED, subject))

    def _find(self, kind: EventType, subject: str) -> tuple[Event, ...]:
        return self._journal.find(frozenset({kind}), subject)

    def _write(self, number: int, judgement: Judgement) -> None:
        checks = (policy_check(judgement), approval_check(judgement))
        together(
            self._pool,
            *(lambda check=check: self._writer.write_check(check) for check in checks),
            lambda: self._writer.write_comment(number, sticky_comment(judgement)),
        )
