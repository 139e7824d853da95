"""Break-glass in the journal: since when it is asked for an effect, what it led to, which reviews are open.

One event of ``breakglass.used`` tells of each stage, once: ``asked`` when a pull request is first
seen to ask for an effect (and when its words change), ``admitted`` when its merge is validated,
``deployed`` when one of its deployments is healthy. The review after it is told in the same way.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from controller.change.break_glass import BreakGlass
from controller.change.names import CommitSha, Digest
from controller.decision.verdict import Judgement
from controller.desired_state.manifest import Key
from controller.ledger.event import Event, EventType, Severity
from controller.ledger.redaction import redacted_text
from controller.policy.question import OpenReview
from controller.ports.journal import Mark
from controller.workflow.chronicle import Chronicle
from controller.workflow.history import History, Initiated, Validated, parse_key

_USED = frozenset({EventType.BREAKGLASS_USED})


class Stage(StrEnum):
    """How far a use of break-glass has come, and the review after it."""

    ASKED = "asked"
    ADMITTED = "admitted"
    DEPLOYED = "deployed"
    REVIEW_OPENED = "review_opened"
    REVIEW_LOST = "review_lost"
    REVIEW_REJECTED = "review_rejected"
    REVIEW_CLOSED = "review_closed"
    REVIEW_REOPENED = "review_reopened"


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A use of break-glass that went into main, and where its review stands."""

    commit: CommitSha
    used: Event
    """The event of its admission, which holds everything the review is about."""
    issue: int | None
    is_done: bool
    rejections: tuple[object, ...]
    """When the issue was closed by somebody whose closing does not count, each time."""

    @property
    def due(self) -> datetime:
        """When production is blocked unless the review is done."""
        return datetime.fromisoformat(str(self.used.details["due"]))

    @property
    def keys(self) -> tuple[Key, ...]:
        """What it deployed."""
        return tuple(parse_key(name) for name in texts(self.used.details, "deployments"))


class BreakGlassHistory:
    """Answers from the journal; every method raises `UnavailableError` when that does."""

    def __init__(self, history: History) -> None:
        """Ask `history`."""
        self._history = history

    def asked_since(self, pull: int, effect: Digest) -> datetime | None:
        """Return when `pull` was first seen to ask for `effect`; None when it never was."""
        asked = (event for event in self._of(f"pull/{pull}", Stage.ASKED) if event.details.get("effect") == effect)
        return next((event.at for event in asked), None)

    def was_asked(self, pull: int) -> bool:
        """Return whether `pull` was ever seen to ask for any effect."""
        return any(True for _ in self._of(f"pull/{pull}", Stage.ASKED))

    def was_told(self, pull: int, effect: Digest, words: BreakGlass) -> bool:
        """Return whether `pull` was seen to ask for `effect` in these words."""
        wanted = (effect, words.ticket, redacted_text(words.reason))
        asked = self._of(f"pull/{pull}", Stage.ASKED)
        return any((e.details.get("effect"), e.details.get("ticket"), e.details.get("reason")) == wanted for e in asked)

    def admitted(self, commit: CommitSha) -> Event | None:
        """Return the event that tells of the merge `commit` as a use of break-glass, or None."""
        return next(self._of(f"merge/{commit}", Stage.ADMITTED), None)

    def is_deployed(self, key: Key, commit: CommitSha) -> bool:
        """Return whether it was told that `key` runs what `commit` admitted."""
        return any(event.details.get("commit") == commit for event in self._of(str(key), Stage.DEPLOYED))

    def reviews(self) -> tuple[ReviewCase, ...]:
        """Return every review there ever had to be, oldest first."""
        events = self._history.all_of(_USED)
        used = [event for event in events if event.details.get("stage") == Stage.ADMITTED]
        return tuple(_review_case(one, (e for e in events if e.subject == one.subject)) for one in used)

    def review(self, commit: CommitSha) -> ReviewCase | None:
        """Return the review of the merge `commit`, when there has to be one."""
        return next((case for case in self.reviews() if case.commit == commit), None)

    def open_reviews(self) -> tuple[OpenReview, ...]:
        """Return what is still to be reviewed, one for each deployment."""
        pending = [case for case in self.reviews() if not case.is_done]
        return tuple(OpenReview(key, case.due, case.issue) for case in pending for key in case.keys)

    def _of(self, subject: str, stage: Stage) -> Iterator[Event]:
        yield from (event for event in self._history.all_of(_USED, subject) if event.details.get("stage") == stage)


class BreakGlassEvidence:
    """Makes the events, and the marks that follow from them; nothing is written here."""

    def __init__(self, chronicle: Chronicle) -> None:
        """Tell `chronicle`."""
        self._chronicle = chronicle
        self._history = BreakGlassHistory(chronicle.history)

    def asked(self, pull: int, judgement: Judgement) -> tuple[tuple[Event, ...], tuple[Mark, ...]]:
        """Return what tells that `pull` asks, unless that was told, with the mark for when its time ends."""
        words, effect = judgement.break_glass, judgement.proposal.effect.digest
        if not isinstance(words, BreakGlass) or self._history.was_told(pull, effect, words):
            return (), ()
        details = self._details(Stage.ASKED, judgement, words)
        since = self._history.asked_since(pull, effect) or self._chronicle.now()
        ends = _ends(judgement, since)
        if ends is not None:
            details["ends"] = _instant(ends)
        marks = () if ends is None else (Mark(f"pull/{pull}", ends),)
        return (self._event(f"pull/{pull}", details, str(details["asked_by"])),), marks

    def was_asked(self, pull: int) -> bool:
        """Return whether `pull` was ever seen to ask."""
        return self._history.was_asked(pull)

    def admitted(self, merge: Initiated, judgement: Judgement) -> tuple[tuple[Event, ...], tuple[Mark, ...]]:
        """Return what tells that `merge` is admitted by break-glass, with the mark that opens its review."""
        words, asked = judgement.break_glass, judgement.review_asked
        if not isinstance(words, BreakGlass) or asked is None or asked.review is None:
            return (), ()
        due = self._chronicle.now() + timedelta(days=asked.review.due_days)
        people = judgement.participants
        details = self._details(Stage.ADMITTED, judgement, words) | {
            "pull": merge.pull,
            "commit": merge.after,
            "approved_by": sorted(one.principal.id for one in judgement.approvals.counted),
            "took_part": sorted(people.excluded) if people is not None else [],
            "deployments": [str(difference.key) for difference in judgement.proposal.differences],
            "due": _instant(due),
        }
        subject = f"merge/{merge.after}"
        marks = (Mark(f"review/{merge.after}"), Mark("sweep", due))
        return (self._event(subject, details, str(details["asked_by"])),), marks

    def deployed(self, key: Key, wanted: Validated) -> tuple[Event, ...]:
        """Return what tells that `key` runs what break-glass admitted, unless that was told or it did not."""
        used = self._history.admitted(wanted.commit)
        if used is None or self._history.is_deployed(key, wanted.commit):
            return ()
        kept = ("ticket", "reason", "effect", "asked_by", "waived")
        details = {"stage": Stage.DEPLOYED.value, "commit": wanted.commit, "pull": wanted.pull}
        return (self._event(str(key), details | {name: used.details[name] for name in kept}, used.actor),)

    def _details(self, stage: Stage, judgement: Judgement, words: BreakGlass) -> dict[str, object]:
        asked = judgement.review_asked
        terms = None if asked is None else asked.terms
        author = judgement.participants.author if judgement.participants is not None else None
        return {
            "stage": stage.value,
            "ticket": words.ticket,
            "reason": redacted_text(words.reason),
            "effect": judgement.proposal.effect.digest,
            "waived": sorted({finding.rule for finding in judgement.waived}),
            "approver_roles": [] if terms is None else sorted(terms.required_roles),
            "approvals": None if terms is None else terms.min_approvals,
            "asked_by": author or "unknown",
        }

    def _event(self, subject: str, details: Mapping[str, object], actor: str) -> Event:
        kind, severity = EventType.BREAKGLASS_USED, Severity.CRITICAL
        return self._chronicle.event(kind, subject, details, actor=actor, severity=severity)


def texts(details: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Return the texts of a list that an event keeps."""
    found = details.get(name)
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def _review_case(used: Event, events: Iterable[Event]) -> ReviewCase:
    issue: int | None = None
    is_done = False
    rejections: list[object] = []
    for event in events:
        told = event.details
        match told.get("stage"), told.get("issue"):
            case Stage.REVIEW_OPENED, int(number):
                issue = number
            case Stage.REVIEW_LOST, _:
                issue = None
            case Stage.REVIEW_REJECTED, _:
                rejections.append(told.get("closed_at"))
            case Stage.REVIEW_CLOSED, _:
                is_done = True
            case Stage.REVIEW_REOPENED, _:
                is_done = False
    return ReviewCase(CommitSha(str(used.details["commit"])), used, issue, is_done, tuple(rejections))


def _ends(judgement: Judgement, since: datetime) -> datetime | None:
    asked = judgement.review_asked
    return None if asked is None or asked.terms is None else since + timedelta(hours=asked.terms.expiry_hours)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
