"""The review after break-glass: its issue is opened once, and done when the right person closed it.

Level-triggered like everything: a webhook, a timer or the sweep only says "look again". What was
found is an event; an issue that is gone counts as open and is opened anew, and one that the wrong
person closed counts as open and is, once, opened again with the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID, uuid5

from controller.change.facts import Account
from controller.change.names import CommitSha, commit_sha
from controller.decision.markdown import inert
from controller.decision.review_issue import ReviewFacts, closing_obstacle, review_issue
from controller.desired_state.canonical import canonical_json
from controller.identity.principal import PrincipalId
from controller.ledger.event import EventType, Severity
from controller.policy.authorization import Permission
from controller.ports.code_host import PullRequestReader
from controller.ports.directory import Directory
from controller.ports.issue_tracker import Closing, IssueTracker
from controller.ports.journal import Mark
from controller.workflow.authorizing import Authorizing, Denied, Entry
from controller.workflow.break_glass import BreakGlassHistory, ReviewCase, Stage, texts
from controller.workflow.chronicle import CONTROLLER, Chronicle

_WATCHED = 20
"""So many reviews that are done are still looked at, lest a lost webhook hides that one was reopened."""
_CAUSES = UUID("6b1d3f52-3c0e-4f43-9a57-5f0c1b9f5a10")
"""The namespace of the ids of events that are told once for their cause."""


class Reviews:
    """Opens the issues of reviews and watches who closes them."""

    def __init__(
        self,
        tracker: IssueTracker,
        reader: PullRequestReader,
        directory: Directory,
        authorizing: Authorizing,
        chronicle: Chronicle,
    ) -> None:
        """Work with these collaborators."""
        self._tracker = tracker
        self._reader = reader
        self._directory = directory
        self._authorizing = authorizing
        self._chronicle = chronicle
        self._history = BreakGlassHistory(chronicle.history)

    def look_at(self, merge: str) -> None:
        """Bring the review of the merge `merge` up to what its issue says. Raises `UnavailableError`."""
        case = self._history.review(commit_sha(merge))
        if case is None:
            return
        if case.issue is None:
            number = self._tracker.open_issue(review_issue(self._facts(case)))
            self._tell(case, Stage.REVIEW_OPENED, {"issue": number})
            return
        state = self._tracker.issue(case.issue)
        if state is None:
            if not case.is_done:
                self._tell(case, Stage.REVIEW_LOST, {"issue": case.issue}, Mark(f"review/{case.commit}"))
        elif state.closing is not None:
            self._closed(case, case.issue, state.closing)
        elif case.is_done:
            self._tell(case, Stage.REVIEW_REOPENED, {"issue": case.issue})

    def look_at_issue(self, number: int) -> None:
        """Mark the review whose issue is `number`, when there is one: only one look at a review is under way."""
        marks = [Mark(f"review/{case.commit}") for case in self._history.reviews() if case.issue == number]
        self._chronicle.record((), marks)

    def _closed(self, case: ReviewCase, number: int, closing: Closing) -> None:
        closed_at = closing.at.isoformat()
        if case.is_done or closed_at in case.rejections:
            return
        closer, obstacle = self._judged(case, closing)
        if obstacle is None:
            self._tell(case, Stage.REVIEW_CLOSED, {"issue": number, "closed_at": closed_at}, actor=closer)
            return
        if not case.rejections:
            why = (
                f"This review still counts as open, because {inert(obstacle)}. It blocks production when it is overdue."
            )
            self._tracker.reopen(number, why)
        details = {"issue": number, "closed_at": closed_at, "why": obstacle}
        self._tell(case, Stage.REVIEW_REJECTED, details, actor=closer)

    def _judged(self, case: ReviewCase, closing: Closing) -> tuple[str, str | None]:
        """Return who closed the issue, and why that does not count (None: it does)."""
        pull = self._reader.pull_request(_pull_of(case))
        involved = [account for account in (pull.author, pull.merged_by) if account is not None]
        asked = [*involved, *([closing.by] if closing.by is not None else [])]
        people = self._directory.look_up(frozenset(asked), frozenset())
        closer = people.of_account(closing.by)
        found = [people.of_account(account) for account in involved]
        told = texts(case.used.details, "took_part") + texts(case.used.details, "approved_by")
        took_part = {person.id for person in found if person is not None} | set(map(PrincipalId, told))
        obstacle = closing_obstacle(closer, took_part)
        if obstacle is not None:
            return (closer.id if closer else "unknown"), obstacle
        entry = Entry("review issue", case.used.subject, {"issue": case.issue})
        answer = self._authorizing.may(closer, Permission.APPROVE_PROD, entry)
        return (closer.id if closer else "unknown"), answer.reason if isinstance(answer, Denied) else None

    def _facts(self, case: ReviewCase) -> ReviewFacts:
        told, number = case.used.details, _pull_of(case)
        pull = self._reader.pull_request(number)
        accounts: set[Account] = {pull.author}
        accounts.update(one.author for one in self._reader.reviews(number) if one.author is not None)
        people = self._directory.look_up(frozenset(accounts), frozenset()).known
        logins = {person.id: person.login for person in people.values()}
        return ReviewFacts(
            commit=case.commit,
            pull=number,
            deployments=texts(told, "deployments"),
            waived=texts(told, "waived"),
            asked_by=pull.author.login,
            approved_by=[logins.get(PrincipalId(one), one) for one in texts(told, "approved_by")],
            reason=str(told.get("reason")),
            ticket=str(told.get("ticket")),
            due=case.due,
        )

    def _tell(
        self, case: ReviewCase, stage: Stage, details: Mapping[str, object], *marks: Mark, actor: str = CONTROLLER
    ) -> None:
        """Record how the review stands; every open pull request is then looked at again."""
        severity = Severity.INFO if stage is Stage.REVIEW_CLOSED else Severity.WARNING
        told = {"stage": stage.value, "commit": case.commit, **details}
        event = self._chronicle.event(
            EventType.BREAKGLASS_USED, case.used.subject, told, actor=actor, severity=severity
        )
        if stage is not Stage.REVIEW_REOPENED:
            # Told once for its cause, though a look that was given to another worker may have gone on.
            event = replace(event, id=str(uuid5(_CAUSES, canonical_json([event.subject, told]).decode())))
        self._chronicle.record((event,), (*marks, Mark("sweep")))


def review_marks(history: BreakGlassHistory) -> Iterator[Mark]:
    """Yield what asks to look at every review that is open, and at the newest of those that are done."""
    cases = history.reviews()
    watched: list[CommitSha] = [case.commit for case in cases if not case.is_done]
    watched += [case.commit for case in cases if case.is_done][-_WATCHED:]
    yield from (Mark(f"review/{commit}") for commit in watched)


def _pull_of(case: ReviewCase) -> int:
    return int(str(case.used.details["pull"]))
