"""What the journal tells of the requests for approval of a pull request, and telling it more.

Each thing to tell is one event; that everything was approved is told by the judgement itself,
so that no event says it twice.
"""

from collections.abc import Iterable, Iterator, Mapping

from controller.approval.request import RequestState, Telling, Told
from controller.change.names import Digest
from controller.decision.command import Command
from controller.decision.verdict import Judgement
from controller.identity.principal import PrincipalId
from controller.ledger.event import Event, EventType, Severity
from controller.workflow.chronicle import CONTROLLER, Chronicle

_TYPES: Mapping[Telling, EventType] = {
    Telling.ASKED: EventType.APPROVAL_REQUESTED,
    Telling.REMINDED: EventType.APPROVAL_REQUESTED,
    Telling.ESCALATED: EventType.APPROVAL_REQUESTED,
    Telling.EXPIRED: EventType.APPROVAL_EXPIRED,
    Telling.OUTLIVED: EventType.APPROVAL_EXPIRED,
    Telling.CANCELLED: EventType.APPROVAL_CANCELLED,
    Telling.GRANTED: EventType.APPROVAL_GRANTED,
    Telling.DENIED: EventType.APPROVAL_DENIED,
}
_USUAL = {
    EventType.APPROVAL_REQUESTED: Telling.ASKED,
    EventType.APPROVAL_EXPIRED: Telling.EXPIRED,
    EventType.APPROVAL_CANCELLED: Telling.CANCELLED,
    EventType.APPROVAL_GRANTED: Telling.GRANTED,
    EventType.APPROVAL_DENIED: Telling.DENIED,
}
"""What an event tells that does not say so itself."""
TOLD_BY = frozenset({*_TYPES.values(), EventType.POLICY_EVALUATED, EventType.AUTHZ_GRANTED})
"""The types of events that tell of requests."""


def past_of(events: Iterable[Event]) -> tuple[Told, ...]:
    """Return what `events` about one pull request tell of its requests, in their order."""
    return tuple(told for event in events for told in _told(event))


def request_events(chronicle: Chronicle, subject: str, judgement: Judgement) -> tuple[Event, ...]:
    """Return one event for everything about the requests of `subject` that is yet to be told."""
    return told_events(chronicle, subject, judgement.followed.untold, _commits(judgement), judgement.escalated_to)


def told_events(
    chronicle: Chronicle,
    subject: str,
    untold: Iterable[Told],
    commits: Mapping[int, str] | None = None,
    escalated_to: tuple[str, ...] = (),
) -> tuple[Event, ...]:
    """Return one event for each of `untold`; `commits` are those that reviews are of."""
    return tuple(
        chronicle.event(
            _TYPES[told.telling],
            subject,
            _details(told, commits or {}, escalated_to),
            actor=told.person or CONTROLLER,
            severity=Severity.WARNING if told.telling in (Telling.ESCALATED, Telling.EXPIRED) else Severity.INFO,
        )
        for told in untold
        if told.telling in _TYPES
    )


def _commits(judgement: Judgement) -> Mapping[int, str]:
    approvals = judgement.approvals
    reviews = (*(counted.review for counted in approvals.counted), *approvals.objecting)
    return {review.id: review.commit for review in reviews if review.commit is not None}


def _details(told: Told, commits: Mapping[int, str], escalated_to: tuple[str, ...]) -> dict[str, object]:
    details: dict[str, object] = {"effect": told.effect, "kind": told.telling.value}
    if told.telling is Telling.ESCALATED:
        details["escalated_to"] = list(escalated_to)
    if told.review is not None:
        commit = commits.get(told.review)
        details |= {"review": told.review} | ({} if commit is None else {"commit": commit})
    if told.reason is not None:
        details["reason"] = told.reason
    if told.hours is not None:
        details["hours"] = told.hours
    return details


def _told(event: Event) -> Iterator[Told]:
    details = event.details
    effect = details.get("effect")
    if not isinstance(effect, str):
        return
    if event.type is EventType.POLICY_EVALUATED:
        request = details.get("request")
        if isinstance(request, Mapping) and request.get("state") == RequestState.APPROVED:
            yield Told(Telling.COMPLETED, Digest(effect), event.at)
        return
    if event.type is EventType.AUTHZ_GRANTED:
        if details.get("asks") == Command.RECHECK:
            yield Told(Telling.WISHED, Digest(effect), event.at, person=PrincipalId(event.actor))
        return
    kind = details.get("kind")
    yield Told(
        telling=_USUAL[event.type] if kind is None else Telling(str(kind)),
        effect=Digest(effect),
        at=event.at,
        review=_whole(details.get("review")),
        person=None if event.actor == CONTROLLER else PrincipalId(event.actor),
        hours=_whole(details.get("hours")),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
