"""Look at one merge on main: judge it again with the facts of now, and validate or refuse it.

The effect of the merge must be the one that was admitted for its pull request. Author and
approvers are looked up anew. What a finding holds back waits for its time; what is admitted
is validated, deployment by deployment, and only then looked at for roll-out.
"""

from collections.abc import Iterator, Sequence

from controller.change.names import CommitSha, commit_sha
from controller.decision.verdict import Admitted, Hold, Judgement, Refused, Waiting
from controller.decision.wording import local_time
from controller.desired_state.proposal import Proposal
from controller.ledger.event import Event, EventType, Severity
from controller.policy.question import Purpose
from controller.ports.code_host import TreeReader
from controller.ports.journal import Mark
from controller.workflow.chronicle import Chronicle
from controller.workflow.follow_main import published_event
from controller.workflow.gathering import Gatherer, Merge
from controller.workflow.history import Initiated
from controller.workflow.judgement_details import judgement_details
from controller.workflow.judging import Judging, Occasion, insist_on_an_answer
from controller.workflow.progress import DeploymentProgress


class Merges:
    """Judges merges of main for deployment."""

    def __init__(
        self,
        trees: TreeReader,
        gatherer: Gatherer,
        judging: Judging,
        chronicle: Chronicle,
        progress: DeploymentProgress,
    ) -> None:
        """Work with these collaborators; `progress` keeps the deployment check of each merge."""
        self._trees = trees
        self._gatherer = gatherer
        self._judging = judging
        self._chronicle = chronicle
        self._history = chronicle.history
        self._progress = progress

    def look_at(self, sha: str) -> None:
        """Judge the merge `sha` unless that is done; hold, validate or refuse it.

        Raises `UnavailableError` or `PolicyError` when it cannot be judged now: nothing is
        deployed meanwhile, and the work is tried again.
        """
        initiated = self._history.initiated(commit_sha(sha))
        if initiated is None or self._is_decided(initiated.after):
            return
        merge = self._merge(initiated)
        change = self._gatherer.merge(merge)
        now = self._chronicle.now()
        occasion = Occasion(Purpose.DEPLOYMENT, now, change.pull_request.merged_at or now)
        judgement = self._judging.judge(change, occasion)
        insist_on_an_answer(judgement)
        bypassed = self._bypass(initiated, judgement)
        if bypassed:
            self._refuse(initiated, judgement, bypassed)
            return
        match judgement.verdict:
            case Admitted(holds) if holds:
                self._hold(initiated, judgement, holds)
            case Admitted():
                self._validate(initiated, merge, judgement)
            case Waiting():
                self._refuse(initiated, judgement, "its approvals do not cover it any more")
            case Refused(reasons):
                self._refuse(initiated, judgement, reasons[0].message)

    def undecided(self) -> tuple[CommitSha, ...]:
        """Return every merge that was found on main and not yet validated or refused."""
        return tuple(one.after for one in self._history.all_initiated() if not self._is_decided(one.after))

    def _is_decided(self, merge: CommitSha) -> bool:
        last = self._history.last_of(frozenset({EventType.POLICY_EVALUATED}), f"merge/{merge}")
        return last is not None and last.details.get("final") is True

    def _merge(self, initiated: Initiated) -> Merge:
        comparison = self._trees.compare(initiated.before, initiated.after)
        return Merge(initiated.pull, comparison.base, comparison.head)

    def _bypass(self, initiated: Initiated, judgement: Judgement) -> str | None:
        """Return why this merge was never admitted as it is, or None when it was."""
        subject = f"pull/{initiated.pull}"
        last = self._history.last_of(frozenset({EventType.POLICY_EVALUATED}), subject)
        if last is None or last.details.get("outcome") not in {"admitted", "held"}:
            return "it was merged without having been admitted"
        if last.details.get("effect") != judgement.proposal.effect.digest:
            return "its merge has another effect than the one that was admitted"
        return None

    def _hold(self, initiated: Initiated, judgement: Judgement, holds: Sequence[Hold]) -> None:
        subject = f"merge/{initiated.after}"
        until = max(hold.until for hold in holds)
        marks = (Mark(subject, until),)
        held = self._history.last_of(frozenset({EventType.DEPLOY_HELD}), subject)
        if held is not None and held.details.get("until") == until.isoformat():
            self._chronicle.record((), marks)
        else:
            details = {
                "until": until.isoformat(),
                "shown": local_time(until, judgement.proposal),
                "reasons": [hold.reason.message for hold in holds],
                "deployments": _deployments(judgement.proposal),
            }
            self._chronicle.record((self._chronicle.event(EventType.DEPLOY_HELD, subject, details),), marks)
        self._progress.show(initiated.after)

    def _refuse(self, initiated: Initiated, judgement: Judgement, why: str) -> None:
        subject = f"merge/{initiated.after}"
        details = {
            "reason": why,
            "pull": initiated.pull,
            "effect": judgement.proposal.effect.digest,
            "deployments": _deployments(judgement.proposal),
        }
        refused = self._chronicle.event(EventType.DEPLOY_REFUSED, subject, details, severity=Severity.CRITICAL)
        self._chronicle.record_sealed((self._evaluated(initiated, judgement, "refused"), refused))
        self._progress.show(initiated.after)

    def _validate(self, initiated: Initiated, merge: Merge, judgement: Judgement) -> None:
        events: list[Event] = [self._evaluated(initiated, judgement, "admitted")]
        events += self._published(merge, judgement.proposal)
        events += self._validated(initiated, merge, judgement.proposal)
        marks = [Mark(f"deployment/{difference.key}") for difference in judgement.proposal.differences]
        self._chronicle.record_sealed(events, marks)
        self._progress.show(initiated.after)

    def _evaluated(self, initiated: Initiated, judgement: Judgement, outcome: str) -> Event:
        details = {**judgement_details(judgement), "outcome": outcome, "final": True}
        return self._chronicle.event(EventType.POLICY_EVALUATED, f"merge/{initiated.after}", details)

    def _published(self, merge: Merge, proposal: Proposal) -> Iterator[Event]:
        for agent, release in proposal.after.releases.items():
            before = proposal.before.releases.get(agent)
            if before is None or before.digest != release.digest:
                yield published_event(self._chronicle, release, merge.after.sha, merge.after.tree)

    def _validated(self, initiated: Initiated, merge: Merge, proposal: Proposal) -> Iterator[Event]:
        for difference in proposal.differences:
            after = difference.after
            details = {
                "position": initiated.position,
                "pull": initiated.pull,
                "commit": merge.after.sha,
                "tree": merge.after.tree,
                "plan": None if after is None else after.digest,
                "effect": proposal.effect.digest,
            }
            yield self._chronicle.event(EventType.DEPLOY_VALIDATED, str(difference.key), details)


def _deployments(proposal: Proposal) -> list[str]:
    return [str(difference.key) for difference in proposal.differences]
