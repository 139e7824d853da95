"""The request for approval of one effect: where it stands, what is to be told, when to look again.

A request opens when its effect first waits for people, and ends: approved, expired, or cancelled
because the effect is another one or needs nobody any more. What was told is the only memory, so
a clock that is set back revives nothing, and a repeated look tells nothing twice. Who has
approved is weighed elsewhere; what is recorded and when is the shell's part.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.approval.approvals import Approvals
from controller.change.names import Digest
from controller.identity.principal import PrincipalId

CLOCKS_APART = timedelta(minutes=5)
"""By how much the clocks of two replicas may differ; a request from further ahead is asked anew."""

_A_MOMENT = timedelta(seconds=1)


class RequestState(StrEnum):
    """Where a request stands; a rejected one is pending again when the objection is taken back."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Telling(StrEnum):
    """What there is to tell of a request or of an approval."""

    ASKED = "asked"
    """Opened: the time begins anew."""
    WISHED = "wished"
    """Somebody who may asked again; an expired request is over with it, and any other goes on."""
    REMINDED = "reminder"
    ESCALATED = "escalation"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    GRANTED = "granted"
    DENIED = "denied"
    OUTLIVED = "outlived"
    """One approval became older than a rule allows."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a request may wait, and when those who are asked hear of it again."""

    lasts: timedelta = timedelta(hours=24)
    reminds_after: timedelta = timedelta(hours=12)
    escalates_after: timedelta = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing told of the requests of a pull request, now or long ago."""

    telling: Telling
    effect: Digest
    at: datetime
    reason: str | None = None
    review: int | None = None
    """The review it is about, where it is about one."""
    person: PrincipalId | None = None
    hours: int | None = None
    """For an approval that was outlived: the rule's limit."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a pull request asks now."""

    effect: Digest
    approvals: Approvals | None
    """None while nobody can say who has approved: nothing then changes."""
    is_refused: bool
    """Something else stands against the change, so that nobody is asked yet."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands."""

    state: RequestState
    since: datetime
    until: datetime
    is_reminded: bool = False
    is_escalated: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """What follows from the past and the present; `request` None when nobody was ever asked, or need not be."""

    request: Request | None
    untold: tuple[Told, ...] = ()
    moments: tuple[datetime, ...] = ()
    """When the passing of time alone changes something, sorted; also those that are past."""


NOT_FOLLOWED = Followed(None)
"""What follows where no request is kept: at a merge, and in a simulation."""


def follow(past: Sequence[Told], asking: Asking, now: datetime, timing: Timing) -> Followed:
    """Return where the request for the effect of now stands, given all that was told (oldest first)."""
    life = _life(past, asking.effect)
    if asking.approvals is None:
        return Followed(_as_told(life, timing))
    others = tuple(_superseded(past, asking.effect, now))
    reviews = tuple(_of_reviews(past, asking.effect, asking.approvals, now))
    request, steps = _advance(_Life(life, timing), asking, asking.approvals, now)
    return Followed(request, (*others, *reviews, *steps), _moments(request, asking.approvals, timing))


def outlived(past: Iterable[Told]) -> frozenset[tuple[int, int]]:
    """Return the approvals told to be too old, as review and hours."""
    return frozenset((told.review, told.hours) for told in past if told.review is not None and told.hours is not None)


def withdrawn(past: Sequence[Told], now: datetime, reason: str) -> tuple[Told, ...]:
    """Return what is to be told when the pull request asks nothing any more."""
    return tuple(_cancelled(effect, now, reason) for effect in _waiting(past))


@dataclass(frozen=True, slots=True)
class _Life:
    """What was told of a request since it was last asked; empty before."""

    told: tuple[Told, ...]
    timing: Timing

    @property
    def since(self) -> datetime:
        return self.told[0].at

    def has(self, telling: Telling) -> bool:
        return _has(self.told, telling)

    def request(self, state: RequestState) -> Request:
        return _request(self.told, state, self.timing)


def _life(past: Iterable[Told], effect: Digest) -> tuple[Told, ...]:
    life: list[Told] = []
    for told in past:
        if told.effect == effect and told.review is None:
            life = _continued(life, told)
    return () if _has(life, Telling.CANCELLED) else tuple(life)


def _continued(life: list[Told], told: Told) -> list[Told]:
    if told.telling is Telling.ASKED:
        return [told]
    if told.telling is Telling.WISHED:
        return [] if _has(life, Telling.EXPIRED) else life
    return [*life, told] if life else []


def _waiting(past: Sequence[Told]) -> Iterator[Digest]:
    """Yield every effect whose request was neither ended nor completed."""
    for effect in dict.fromkeys(told.effect for told in past):
        life = _life(past, effect)
        if life and not (_has(life, Telling.EXPIRED) or _has(life, Telling.COMPLETED)):
            yield effect


def _has(life: Iterable[Told], telling: Telling) -> bool:
    return any(told.telling is telling for told in life)


def _as_told(life: Sequence[Told], timing: Timing) -> Request | None:
    if not life:
        return None
    if _has(life, Telling.EXPIRED):
        return _request(life, RequestState.EXPIRED, timing)
    return _request(life, RequestState.PENDING, timing)


def _request(life: Sequence[Told], state: RequestState, timing: Timing) -> Request:
    since = life[0].at
    is_escalated = _has(life, Telling.ESCALATED)
    return Request(state, since, since + timing.lasts, _has(life, Telling.REMINDED) or is_escalated, is_escalated)


def _superseded(past: Sequence[Told], effect: Digest, now: datetime) -> Iterator[Told]:
    for other in _waiting(past):
        if other != effect:
            yield _cancelled(other, now, "the change has another effect now")


def _cancelled(effect: Digest, now: datetime, reason: str) -> Told:
    return Told(Telling.CANCELLED, effect, now, reason)


def _of_reviews(past: Sequence[Told], effect: Digest, approvals: Approvals, now: datetime) -> Iterator[Told]:
    known = {(told.telling, told.review, told.hours) for told in past}
    for counted in approvals.counted:
        yield from _new(known, Told(Telling.GRANTED, effect, now, None, counted.review.id, counted.principal.id))
    for person, review in zip(approvals.objections, approvals.objecting, strict=True):
        yield from _new(known, Told(Telling.DENIED, effect, now, None, review.id, person.id))
    for review_id, hours in approvals.outlived:
        yield from _new(known, Told(Telling.OUTLIVED, effect, now, None, review_id, None, hours))


def _new(known: Iterable[tuple[Telling, int | None, int | None]], told: Told) -> Iterator[Told]:
    if (told.telling, told.review, told.hours) not in known:
        yield told


def _advance(
    life: _Life, asking: Asking, approvals: Approvals, now: datetime
) -> tuple[Request | None, tuple[Told, ...]]:
    if not life.told:
        return _opened(life, asking, approvals, now, "approval is needed")
    if not approvals.is_needed:
        is_over = life.has(Telling.EXPIRED)
        return None, () if is_over else (_cancelled(asking.effect, now, "no approval is needed any more"),)
    if life.has(Telling.EXPIRED):
        return life.request(RequestState.EXPIRED), ()
    if life.since > now + CLOCKS_APART:
        return _opened(life, asking, approvals, now, "it was asked in what is still the future")
    if approvals.is_complete:
        return _complete(life, asking, approvals, now)
    if life.has(Telling.COMPLETED):
        return _opened(life, asking, approvals, now, "what was approved is not any more")
    return _incomplete(life, asking, approvals, now)


def _opened(
    life: _Life, asking: Asking, approvals: Approvals, now: datetime, reason: str
) -> tuple[Request | None, tuple[Told, ...]]:
    if approvals.is_complete and not life.told:
        return None, ()
    if asking.is_refused:
        return None, ()
    told = Told(Telling.ASKED, asking.effect, now, reason)
    return _request((told,), _open_state(approvals), life.timing), (told,)


def _open_state(approvals: Approvals) -> RequestState:
    if approvals.is_complete:
        return RequestState.APPROVED
    return RequestState.REJECTED if approvals.objections else RequestState.PENDING


def _complete(
    life: _Life, asking: Asking, approvals: Approvals, now: datetime
) -> tuple[Request | None, tuple[Told, ...]]:
    """Approved, if it was in time; when that was noticed does not matter."""
    given = max(counted.review.submitted_at for counted in approvals.counted)
    if life.has(Telling.COMPLETED):
        return life.request(RequestState.APPROVED), ()
    if now >= life.since + life.timing.lasts and given > life.since + life.timing.lasts:
        return _expired(life, asking, now)
    return life.request(RequestState.APPROVED), (Told(Telling.COMPLETED, asking.effect, now),)


def _incomplete(
    life: _Life, asking: Asking, approvals: Approvals, now: datetime
) -> tuple[Request | None, tuple[Told, ...]]:
    waited = now - life.since
    if waited >= life.timing.lasts:
        return _expired(life, asking, now)
    if approvals.objections or asking.is_refused:
        # Those who could approve have nothing to do: whoever wrote the change has.
        return life.request(_open_state(approvals)), ()
    for telling, after in (
        (Telling.ESCALATED, life.timing.escalates_after),
        (Telling.REMINDED, life.timing.reminds_after),
    ):
        if waited >= after:
            if life.has(telling):
                break
            told = Told(telling, asking.effect, now)
            return _request((*life.told, told), RequestState.PENDING, life.timing), (told,)
    return life.request(RequestState.PENDING), ()


def _expired(life: _Life, asking: Asking, now: datetime) -> tuple[Request | None, tuple[Told, ...]]:
    told = Told(Telling.EXPIRED, asking.effect, now, "it was not complete in time")
    return _request((*life.told, told), RequestState.EXPIRED, life.timing), (told,)


def _moments(request: Request | None, approvals: Approvals, timing: Timing) -> tuple[datetime, ...]:
    moments = [counted.until + _A_MOMENT for counted in approvals.counted if counted.until is not None]
    if request is not None and request.state in (RequestState.PENDING, RequestState.REJECTED):
        waits = (timing.reminds_after, timing.escalates_after, timing.lasts)
        moments += [request.since + wait for wait in waits]
    return tuple(sorted(set(moments)))
