"""Look at one merge on main: judge it again with the facts of now, and validate or refuse it.

The effect of the merge must be the one that was admitted for its pull request. Author and
approvers are looked up anew. What a finding holds back waits for its time; what is admitted
is validated, deployment by deployment, and only then looked at for roll-out. A code host may
tell of an approval some seconds late, so where one is missing that admitted the merge, it is
asked again before that is said for good.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from controller.change.facts import PullRequest
from controller.change.leftovers import remaining
from controller.change.names import commit_sha
from controller.decision.verdict import Admitted, Hold, Judgement, Refused, Waiting
from controller.decision.wording import local_time
from controller.desired_state.proposal import Proposal
from controller.errors import UnavailableError
from controller.ledger.event import Event, EventType, Severity
from controller.policy.question import Purpose
from controller.ports.journal import Mark
from controller.workflow.break_glass import BreakGlassEvidence
from controller.workflow.chronicle import Chronicle
from controller.workflow.follow_main import published_event
from controller.workflow.gathering import Gatherer
from controller.workflow.history import Initiated
from controller.workflow.judgement_details import judgement_details, unjudged_details
from controller.workflow.judging import Judging, Occasion, insist_on_an_answer
from controller.workflow.progress import progress_of
from controller.workflow.unadmitted import Unadmitted, builds_on, scope_of_trees

_PATIENCE = timedelta(seconds=30)
_ASK_AGAIN = timedelta(seconds=5)


class Merges:
    """Judges merges of main for deployment."""

    def __init__(
        self,
        gatherer: Gatherer,
        judging: Judging,
        unadmitted: Unadmitted,
        chronicle: Chronicle,
    ) -> None:
        """Work with these collaborators."""
        self._unadmitted = unadmitted
        self._gatherer = gatherer
        self._judging = judging
        self._chronicle = chronicle
        self._history = chronicle.history
        self._break_glass = BreakGlassEvidence(chronicle)

    def look_at(self, sha: str) -> None:
        """Judge the merge `sha` unless that is done; hold, validate or refuse it.

        Raises `UnavailableError` or `PolicyError` when it cannot be judged now: nothing is
        deployed meanwhile, and the work is tried again.
        """
        merge = self._history.initiated(commit_sha(sha))
        if merge is None or self._history.is_decided(merge.after):
            return
        if not self._history.was_admitted(merge.pull):
            self._refuse_unjudged(merge, "it was merged without having been admitted")
            return
        if not self._waits_for_others(merge):
            self._judge(merge)

    def _judge(self, merge: Initiated) -> None:
        change = self._gatherer.merge(merge)
        merged_at = _merged_at(change.pull_request)
        occasion = Occasion(Purpose.DEPLOYMENT, self._chronicle.now(), merged_at, position=merge.position)
        judgement = self._judging.judge(change, occasion)
        effect = judgement.proposal.effect.digest
        if not self._history.was_admitted(merge.pull, head=change.pull_request.head, effect=effect):
            self._refuse(merge, judgement, "what was admitted is another head or another effect than what was merged")
            return
        insist_on_an_answer(judgement)
        match judgement.verdict:
            case Admitted(holds) if holds:
                self._hold(merge, judgement, holds)
            case Admitted():
                self._validate(merge, judgement)
            case Waiting() if self._is_new(merge):
                self._chronicle.record((), (Mark(f"merge/{merge.after}", self._chronicle.now() + _ASK_AGAIN),))
            case Waiting():
                self._refuse(merge, judgement, "its approvals do not cover it any more")
            case Refused(reasons):
                self._refuse(merge, judgement, reasons[0].message)

    def _is_new(self, merge: Initiated) -> bool:
        """Tell whether `merge` came just now: what admitted it may be missing in a list that lags behind."""
        found = self._history.last_of(frozenset({EventType.DEPLOY_INITIATED}), f"merge/{merge.after}")
        return found is not None and self._chronicle.now() - found.at < _PATIENCE

    def _waits_for_others(self, merge: Initiated) -> bool:
        """Return whether `merge` builds on an earlier one that may still be refused."""
        earlier = self._history.undecided_before(merge)
        if not earlier:
            return False
        scope = scope_of_trees(self._gatherer.trees(merge))
        return any(builds_on(scope, scope_of_trees(self._gatherer.trees(one))) for one in earlier)

    def _marks(self, merge: Initiated, deployments: Sequence[str]) -> tuple[Mark, ...]:
        """Return what is to be looked at once `merge` is decided, or held again.

        Later merges may have waited for it, and look first: one of them may take this one back,
        so the deployments they are about to decide wait for them.
        """
        later = self._history.undecided_after(merge)
        scopes = [scope_of_trees(self._gatherer.trees(one)) for one in later]
        busy = {str(key) for scope in scopes for key in scope.keys}
        waiting = [Mark(f"merge/{one.after}") for one in later]
        return (
            progress_of(merge.after),
            *waiting,
            *(Mark(f"deployment/{key}") for key in deployments if key not in busy),
        )

    def _hold(self, merge: Initiated, judgement: Judgement, holds: Sequence[Hold]) -> None:
        subject = f"merge/{merge.after}"
        until = max(hold.until for hold in holds)
        marks = (Mark(subject, until), *self._marks(merge, _deployments(judgement.proposal)))
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

    def _refuse(self, merge: Initiated, judgement: Judgement, why: str) -> None:
        proposal = judgement.proposal
        details = {"reason": why, "deployments": _deployments(proposal), "effect": proposal.effect.digest}
        self._tell_refusal(merge, self._evaluated(merge, judgement, "refused"), details, _deployments(proposal))

    def _refuse_unjudged(self, merge: Initiated, why: str) -> None:
        """Refuse what needs no judgement, which a broken policy or an unreadable change could put off for ever."""
        keys = sorted(map(str, scope_of_trees(self._gatherer.trees(merge)).keys))
        details = {**unjudged_details(merge.after, why), "final": True}
        evaluated = self._chronicle.event(EventType.POLICY_EVALUATED, f"merge/{merge.after}", details)
        self._tell_refusal(merge, evaluated, {"reason": why, "deployments": keys}, keys)

    def _tell_refusal(
        self, merge: Initiated, evaluated: Event, details: Mapping[str, object], deployments: Sequence[str]
    ) -> None:
        told = {**details, "pull": merge.pull, "position": merge.position}
        subject = f"merge/{merge.after}"
        refused = self._chronicle.event(EventType.DEPLOY_REFUSED, subject, told, severity=Severity.CRITICAL)
        marks = (*self._marks(merge, deployments), Mark("restore"))
        self._chronicle.record_sealed((evaluated, refused), marks)

    def _validate(self, merge: Initiated, judgement: Judgement) -> None:
        events: list[Event] = [self._evaluated(merge, judgement, "admitted")]
        events += self._published(merge, judgement.proposal)
        events += self._validated(merge, judgement.proposal)
        events += self._cleaned(merge)
        alerts, reviews = self._break_glass.admitted(merge, judgement)
        marks = self._marks(merge, _deployments(judgement.proposal))
        self._chronicle.record_sealed((*events, *alerts), (*marks, *reviews))

    def _cleaned(self, merge: Initiated) -> Iterator[Event]:
        """Yield the event that says so when `merge` puts back the last of what was refused on main."""
        left = self._unadmitted.leftovers(merge.position)
        if (
            left
            and not remaining(left, self._gatherer.trees(merge).after)
            and not self._history.undecided_before(merge)
        ):
            details = {"position": merge.position, "commit": merge.after}
            yield self._chronicle.event(EventType.CONFIG_CHANGED, "main/clean", details)

    def _evaluated(self, merge: Initiated, judgement: Judgement, outcome: str) -> Event:
        details = {**judgement_details(judgement), "outcome": outcome, "final": True}
        return self._chronicle.event(EventType.POLICY_EVALUATED, f"merge/{merge.after}", details)

    def _published(self, merge: Initiated, proposal: Proposal) -> Iterator[Event]:
        for agent, release in proposal.after.releases.items():
            before = proposal.before.releases.get(agent)
            if before is None or before.digest != release.digest:
                yield published_event(self._chronicle, release, merge.after, merge.after_tree)

    def _validated(self, merge: Initiated, proposal: Proposal) -> Iterator[Event]:
        for difference in proposal.differences:
            after = difference.after
            details = {
                "position": merge.position,
                "pull": merge.pull,
                "commit": merge.after,
                "tree": merge.after_tree,
                "plan": None if after is None else after.digest,
                "effect": proposal.effect.digest,
            }
            yield self._chronicle.event(EventType.DEPLOY_VALIDATED, str(difference.key), details)


def _deployments(proposal: Proposal) -> list[str]:
    return [str(difference.key) for difference in proposal.differences]


def _merged_at(pull: PullRequest) -> datetime:
    """Return when `pull` was merged, after which no approval counts; a host that does not know is asked again."""
    if pull.merged_at is None:
        raise UnavailableError(f"expected pull request {pull.number} to be merged, got no time", component="github")
    return pull.merged_at
