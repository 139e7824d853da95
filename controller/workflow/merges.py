"""Look at one merge on main: judge it again with the facts of now, and validate or refuse it.

The effect of the merge must be the one that was admitted for its pull request. Author and
approvers are looked up anew. What a finding holds back waits for its time, or for break-glass of
the same agents that waives what holds it; what is admitted is validated, deployment by deployment,
and only then looked at for roll-out. A code host may tell of an approval some seconds late, so where
one is missing that admitted the merge, it is asked again before that is said for good.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.approval.request import CLOCKS_APART
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """A merge as it is judged now."""

    merge: Initiated
    judgement: Judgement
    is_as_admitted: bool
    """Whether the newest judgement of its very head and effect, as a pull request, admitted it."""


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
        earlier = self._built_on(merge)
        if not earlier:
            self._decide(self._judged(merge))
        elif self._break_glass.was_asked(merge.pull):
            self._overtake(merge, earlier)

    def _judged(self, merge: Initiated) -> _Judged:
        change = self._gatherer.merge(merge)
        merged_at = _merged_at(change.pull_request)
        occasion = Occasion(Purpose.DEPLOYMENT, self._chronicle.now(), merged_at, position=merge.position)
        judgement = self._judging.judge(change, occasion)
        effect, head = judgement.proposal.effect.digest, change.pull_request.head
        return _Judged(merge, judgement, self._history.was_admitted(merge.pull, head=head, effect=effect))

    def _decide(self, judged: _Judged) -> None:
        merge, judgement = judged.merge, judged.judgement
        if not judged.is_as_admitted:
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
        return found is not None and -CLOCKS_APART <= self._chronicle.now() - found.at < _PATIENCE

    def _overtake(self, merge: Initiated, earlier: tuple[Initiated, ...]) -> None:
        """Decide `merge` with the `earlier` ones it builds on where its break-glass waives all that holds those.

        What it waives for its agents, it waives for what of theirs it stands on, and for nothing else;
        otherwise it waits for its turn.
        """
        leading = self._judged(merge)
        if not _goes_now(leading, leading.judgement):
            return
        released = [self._judged(one) for one in earlier]
        if all(_goes_now(one, leading.judgement) for one in released):
            found = [self._validation(one.merge, one.judgement, released_by=merge) for one in released]
            found.append(self._validation(merge, leading.judgement))
            events = [event for events, _ in found for event in events]
            self._chronicle.record_sealed(events, [mark for _, marks in found for mark in marks])

    def _built_on(self, merge: Initiated) -> tuple[Initiated, ...]:
        """Return the earlier merges that may still be refused and that `merge` builds on, through others too."""
        earlier = self._history.undecided_before(merge)
        scopes = [scope_of_trees(self._gatherer.trees(merge))] if earlier else []
        found: list[Initiated] = []
        for one in reversed(earlier):
            scope = scope_of_trees(self._gatherer.trees(one))
            if any(builds_on(later, scope) for later in scopes):
                scopes.append(scope)
                found.append(one)
        return tuple(reversed(found))

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
        self._chronicle.record_sealed(*self._validation(merge, judgement))

    def _validation(
        self, merge: Initiated, judgement: Judgement, *, released_by: Initiated | None = None
    ) -> tuple[tuple[Event, ...], tuple[Mark, ...]]:
        """Return what tells that `merge` goes out, and what is to be looked at then."""
        more = {} if released_by is None else {"released_by": released_by.after}
        events: list[Event] = [self._evaluated(merge, judgement, "admitted", more)]
        events += self._published(merge, judgement.proposal)
        events += self._validated(merge, judgement.proposal)
        events += self._cleaned(merge)
        alerts, reviews = self._break_glass.admitted(merge, judgement)
        marks = self._marks(merge, _deployments(judgement.proposal))
        return (*events, *alerts), (*marks, *reviews)

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

    def _evaluated(
        self, merge: Initiated, judgement: Judgement, outcome: str, more: Mapping[str, object] | None = None
    ) -> Event:
        details = {**judgement_details(judgement), "outcome": outcome, "final": True, **(more or {})}
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


def _goes_now(one: _Judged, leading: Judgement) -> bool:
    """Return whether `one` is admitted, and nothing holds it but what the break-glass of `leading` waives for it."""
    verdict, waived = one.judgement.verdict, {finding.rule for finding in leading.waived}
    if not isinstance(verdict, Admitted) or not one.is_as_admitted or leading.review_asked is None:
        return False
    is_of_its_agents = set(_deployments(one.judgement.proposal)) <= set(_deployments(leading.proposal))
    return is_of_its_agents and all(hold.reason.rule in waived for hold in verdict.holds)


def _deployments(proposal: Proposal) -> list[str]:
    return [str(difference.key) for difference in proposal.differences]


def _merged_at(pull: PullRequest) -> datetime:
    """Return when `pull` was merged, after which no approval counts; a host that does not know is asked again."""
    if pull.merged_at is None:
        raise UnavailableError(f"expected pull request {pull.number} to be merged, got no time", component="github")
    return pull.merged_at
