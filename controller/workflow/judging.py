"""Judge one change: who is involved, what policy answers, whose approvals count.

The same steps for a pull request, for its merge at deployment, and for a simulation; only
the facts differ. A part that gives no answer makes the judgement a refusal that names it,
never an exception, so that the check can say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controller.approval.approvals import ApprovalCase, Approvals, SeenReview
from controller.approval.request import Timing, Told, outlived
from controller.approval.requirements import requirements_of
from controller.approval.reviewers import reviewers
from controller.approval.weighing import weigh
from controller.change.break_glass import BreakGlass, MalformedBreakGlass
from controller.change.facts import Change, Snapshot, Span
from controller.change.leftovers import remaining, restores
from controller.change.names import CommitSha, Digest
from controller.change.overlay import overlay
from controller.decision.deciding import Case, decide
from controller.decision.verdict import Cause, Judgement, Unanswered
from controller.desired_state.effect_change import EffectChange, changes_since
from controller.desired_state.proposal import Proposal, propose
from controller.desired_state.release import PublishedRelease
from controller.desired_state.state import Readings
from controller.errors import PolicyError, UnavailableError
from controller.identity.principal import People, PrincipalId
from controller.policy.answer import Action, Answer
from controller.policy.document import policy_document
from controller.policy.green_path import GreenPath, untried
from controller.policy.preview import PolicyPreview
from controller.policy.question import BreakGlassAsked, Purpose, Question
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.agent_faults import with_agent_faults
from controller.workflow.break_glass import BreakGlassHistory
from controller.workflow.history import History
from controller.workflow.involving import Involved, Involving
from controller.workflow.mending import Mending, StandIn
from controller.workflow.previewing import Previewing, policies_of
from controller.workflow.proving import Proving
from controller.workflow.unadmitted import Unadmitted, with_leftovers


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a change is judged, the time now, and the time at which approvals must be fresh."""

    purpose: Purpose
    now: datetime
    approvals_as_of: datetime
    requester: PrincipalId | None = None
    """The person a bot opened the change for."""
    position: int | None = None
    """Where on main the change stands; None when it is not merged."""
    past: tuple[Told, ...] | None = None
    """What was told of the requests of an open pull request; None where no request is kept."""


def occasion_now(change: Change, now: datetime, past: tuple[Told, ...] | None = None) -> Occasion:
    """Return the occasion of judging an open pull request `now`, with what was told of its requests.

    A code host whose clock is ahead of ours makes no review one from the future.
    """
    submitted = [review.submitted_at for review in change.reviews]
    return Occasion(Purpose.PULL_REQUEST, now, max([now, *submitted]), past=past)


class Judging:
    """Turns a change into a judgement, asking the directory and the policy engine."""

    def __init__(
        self,
        involving: Involving,
        engine: PolicyEngine,
        history: History,
        unadmitted: Unadmitted,
        timing: Timing | None = None,
    ) -> None:
        """Ask `involving` for people, `engine` for policy, `history` and `unadmitted` for what happened on main.

        Requests for approval wait as long as `timing` says.
        """
        self._timing = timing or Timing()
        self._involving = involving
        self._engine = engine
        self._history = history
        self._break_glass = BreakGlassHistory(history)
        self._unadmitted = unadmitted
        self._previewing = Previewing(engine, history)
        self._proving = Proving(engine, involving.pool)
        self._mending = Mending(engine, history, unadmitted)
        self._readings = Readings()

    def judge(self, change: Change, occasion: Occasion) -> Judgement:
        """Return the judgement on `change`. Raises `UnavailableError` when the code host or journal fail."""
        published = self._history.published()
        blank = self._blank_case(change, published, occasion)
        involved = self._involving.look_up(change, blank.proposal, occasion.requester)
        if isinstance(involved, Unanswered):
            return decide(replace(blank, answer=involved))
        document = policy_document(self._question(change, blank, involved, occasion))
        answer = self._ask(change, document)
        stand_in: StandIn | None = None
        if isinstance(answer, Unanswered) and answer.cause is Cause.POLICY_BROKEN:
            stand_in = self._mending.stand_in(change, blank.proposal, document, occasion.position)
        if stand_in is not None:
            answer, blank = stand_in.answer, replace(blank, stood_in_by=stand_in.commit)
        asked = replace(
            blank,
            participants=involved.participants,
            people=involved.people.known,
            document=document,
            answer=answer,
        )
        if isinstance(answer, Unanswered):
            return decide(asked)
        seen = self._seen_reviews(change, asked.proposal, involved.people, published)
        asked = self._previewed(change, asked, occasion.purpose)
        weighed = _approval_case(asked, answer, involved, seen, occasion)
        approvals = weigh(weighed)
        waited_for = {id_ for id_, account in involved.accounts.items() if account.id in change.pull_request.requested}
        asking = reviewers(weighed, approvals, involved.accounts.keys(), waited_for)
        return decide(
            replace(
                asked,
                approvals=approvals,
                escalated_to=tuple(map(str, involved.stewards)),
                reviewers=tuple(involved.accounts[person.id] for person in asking),
                path=None if stand_in else self._path(change, document, answer, occasion.purpose),
            )
        )

    def _path(
        self, change: Change, document: Mapping[str, object], answer: Answer, purpose: Purpose
    ) -> GreenPath | None:
        """Return the path to green; for a merge there is none, and where nothing denies nothing is proven."""
        if purpose is Purpose.DEPLOYMENT:
            return None
        if purpose is Purpose.PULL_REQUEST and all(one.action is not Action.DENY for one in answer.findings):
            return GreenPath(untried(answer), None)
        return self._proving.path(policies_of(change.base, change.contents), document, answer)

    def _previewed(self, change: Change, case: Case, purpose: Purpose) -> Case:
        """Return `case` with what the policies of `change` would do, or with what is wrong with them."""
        match self._previewing.preview(change, case.document, purpose):
            case None:
                return case
            case PolicyPreview() as preview:
                return replace(case, preview=preview)
            case problems:
                found = tuple(dict.fromkeys((*case.proposal.problems, *problems)))
                return replace(case, proposal=replace(case.proposal, problems=found))

    def _question(self, change: Change, case: Case, involved: Involved, occasion: Occasion) -> Question:
        left = self._unadmitted.leftovers(occasion.position)
        after = overlay(change.base, change.merge_base, change.head).snapshot
        return Question(
            purpose=occasion.purpose,
            now=occasion.now,
            author=involved.participants.author,
            requester=occasion.requester,
            people=involved.people.known,
            proposal=case.proposal,
            evidence=self._history.evidence(),
            break_glass=self._asked(change, case, occasion),
            reviews=self._break_glass.open_reviews(),
            restores=restores(left, change.base, after),
        )

    def _words(self, change: Change, effect: Digest, occasion: Occasion) -> BreakGlass | MalformedBreakGlass | None:
        """Return how `change` asks for break-glass; a merge asks only if it was seen to before it was one."""
        pull = change.pull_request
        if occasion.purpose is not Purpose.DEPLOYMENT:
            return pull.break_glass
        is_known = self._break_glass.asked_since(pull.number, effect) is not None
        return pull.break_glass if is_known and isinstance(pull.break_glass, BreakGlass) else None

    def _asked(self, change: Change, case: Case, occasion: Occasion) -> BreakGlassAsked | None:
        """Return since when break-glass is asked for this effect."""
        if not isinstance(case.break_glass, BreakGlass):
            return None
        since = self._break_glass.asked_since(change.pull_request.number, case.proposal.effect.digest)
        return BreakGlassAsked(since or occasion.now, occasion.approvals_as_of)

    def _proposal(
        self, before: Snapshot, after: Snapshot, change: Change, published: Sequence[PublishedRelease]
    ) -> Proposal:
        return propose(before, after, change.contents, published, readings=self._readings)

    def _ask(self, change: Change, document: Mapping[str, object]) -> Answer | Unanswered:
        try:
            return self._engine.decide(policies_of(change.base, change.contents), document)
        except PolicyError as error:
            return Unanswered(Cause.POLICY_BROKEN, f"The policy of the base branch gives no valid answer: {error}")
        except UnavailableError as error:
            return Unanswered(Cause.POLICY_UNAVAILABLE, f"The policy engine gave no answer: {error}")

    def _blank_case(self, change: Change, published: tuple[PublishedRelease, ...], occasion: Occasion) -> Case:
        """Return the case before anybody was asked; as it stands it would be refused."""
        laid_over = overlay(change.base, change.merge_base, change.head)
        proposal = self._proposal(change.base, laid_over.snapshot, change, published)
        leftovers = remaining(self._unadmitted.leftovers(occasion.position), change.base)
        proposal = with_leftovers(proposal, leftovers, laid_over.snapshot, published)
        return Case(
            commit=change.head.commit,
            is_draft=change.pull_request.is_draft,
            proposal=with_agent_faults(proposal, laid_over.snapshot, change.contents),
            conflicts=laid_over.conflicts,
            participants=None,
            document={},
            answer=Unanswered(Cause.POLICY_UNAVAILABLE, "The policy engine was not asked."),
            approvals=Approvals(counted=(), discounted=(), missing=(), objections=()),
            now=occasion.now,
            break_glass=self._words(change, proposal.effect.digest, occasion),
            past=occasion.past,
            timing=self._timing,
        )

    def _seen_reviews(
        self, change: Change, now: Proposal, people: People, published: Sequence[PublishedRelease]
    ) -> tuple[SeenReview, ...]:
        """Return each review with its author, the effect its author saw, and what is otherwise `now`."""
        effects: dict[tuple[CommitSha, CommitSha], tuple[Digest, tuple[EffectChange, ...]]] = {}
        for span in change.reviewed.values():
            if _ends(span) not in effects:
                seen = self._proposal(span.before, span.after, change, published)
                effects[_ends(span)] = seen.effect.digest, changes_since(seen, now)
        told = {review: effects[_ends(span)] for review, span in change.reviewed.items()}
        return tuple(
            SeenReview(review, people.of_account(review.author), *told.get(review.id, (None, ())))
            for review in change.reviews
        )


def _ends(span: Span) -> tuple[CommitSha, CommitSha]:
    return span.before.commit, span.after.commit


def insist_on_an_answer(judgement: Judgement) -> None:
    """Raise when a part gave no answer, so that the work is tried again.

    Raises `UnavailableError` for the engine or the directory, `PolicyError` for a broken policy.
    """
    match judgement.answer:
        case Unanswered(Cause.POLICY_BROKEN, message):
            raise PolicyError(message)
        case Unanswered(Cause.DIRECTORY_UNAVAILABLE, message):
            raise UnavailableError(message, component="directory")
        case Unanswered(_, message):
            raise UnavailableError(message, component="opa")
        case Answer():
            return


def _approval_case(
    case: Case, answer: Answer, involved: Involved, seen: tuple[SeenReview, ...], occasion: Occasion
) -> ApprovalCase:
    return ApprovalCase(
        requirements=requirements_of(answer, case.proposal, case.preview, is_mending=case.stood_in_by is not None),
        owners=involved.owners,
        members=involved.members,
        reviews=seen,
        roles=answer.roles,
        people=involved.people.known,
        excluded=involved.participants.excluded,
        extra_approvals=0 if involved.participants.pusher_is_known else 1,
        effect=case.proposal.effect.digest,
        as_of=occasion.approvals_as_of,
        doubts=involved.doubts,
        outlived=outlived(occasion.past or ()),
    )
