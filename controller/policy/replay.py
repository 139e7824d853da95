"""Two answers to one question: are they the same, and if not, which lets more through?

The same policy must answer a recorded question exactly as it did. Another policy may answer
otherwise, and what matters of that is the direction: a decision is loosened when anything
that stopped or slowed the change is gone, weaker or earlier, asked of fewer owners or reviewed
later, or when somebody's approval weighs more than it did.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from controller.change.names import RepoPath
from controller.policy.answer import Action, Answer, ApprovalTerms, Finding, ReviewTerms
from controller.policy.recorded import Recorded


class Stance(IntEnum):
    """What an answer means for the change, from the laxest."""

    ALLOW = 0
    APPROVAL = 1
    HOLD = 2
    DENY = 3


class Direction(StrEnum):
    """Which way a decision flips; in the order in which somebody should look at them."""

    LOOSENED = "loosened"
    TIGHTENED = "tightened"


@dataclass(frozen=True, slots=True)
class Flip:
    """A recorded decision that another policy takes otherwise."""

    decision: Recorded
    direction: Direction
    before: Stance
    after: Stance | None
    """None when the other policy gives no answer, which admits nothing."""
    gone: tuple[Finding, ...]
    added: tuple[Finding, ...]
    failure: str | None = None

    @property
    def is_deny_to_allow(self) -> bool:
        """Whether what was denied would go through, with or without an approval."""
        return self.before is Stance.DENY and self.after is not None and self.after < Stance.DENY


def stance_of(answer: Answer, now: datetime) -> Stance:
    """Return what `answer` means at `now`; a hold that is past denies, as it does for a judgement."""
    denials = [finding.until for finding in answer.findings if finding.action is Action.DENY]
    if any(until is None or until <= now for until in denials):
        return Stance.DENY
    if denials:
        return Stance.HOLD
    return Stance.APPROVAL if _asks(answer) else Stance.ALLOW


def differences(before: Answer, after: Answer) -> tuple[str, ...]:
    """Return one sentence for each part in which two answers of one policy differ; empty when none does."""
    return tuple(_differences(before, after))


def flip_of(decision: Recorded, after: Answer) -> Flip | None:
    """Return how `after` takes `decision` otherwise; None when it stops and slows the change exactly as much."""
    old, new = _brakes(decision.answer, decision.now), _brakes(after, decision.now)
    gains_weight = new.stance is not Stance.DENY and bool(new.asks) and _gains_roles(decision.answer, after)
    if old == new and not gains_weight:
        return None
    loosened = gains_weight or not _is_as_strict(new, old)
    before_findings, after_findings = set(decision.answer.findings), set(after.findings)
    return Flip(
        decision=decision,
        direction=Direction.LOOSENED if loosened else Direction.TIGHTENED,
        before=old.stance,
        after=new.stance,
        gone=tuple(one for one in decision.answer.findings if one not in after_findings),
        added=tuple(one for one in after.findings if one not in before_findings),
    )


def unanswered_flip(decision: Recorded, failure: str) -> Flip | None:
    """Return the flip of a decision that another policy gives no answer to; None when it was denied anyway."""
    before = stance_of(decision.answer, decision.now)
    if before is Stance.DENY:
        return None
    return Flip(decision, Direction.TIGHTENED, before, None, decision.answer.findings, (), failure)


def in_order(flips: Sequence[Flip]) -> tuple[Flip, ...]:
    """Return `flips` with deny-to-allow first, then whatever else loosens, the newest first within each."""
    newest_first = sorted(flips, key=lambda flip: (flip.decision.at, flip.decision.entry), reverse=True)
    return tuple(sorted(newest_first, key=lambda flip: (not flip.is_deny_to_allow, flip.direction)))


@dataclass(frozen=True, slots=True)
class _Ask:
    """One approval that is asked for."""

    terms: ApprovalTerms
    path: RepoPath | None
    """Whose owner is asked; None: the owners of all that changes."""
    review: ReviewTerms | None


@dataclass(frozen=True, slots=True)
class _Brakes:
    """What stops or slows a change; of a denial nothing else counts, for nothing else can happen."""

    stance: Stance
    until: datetime | None
    asks: frozenset[_Ask]


def _brakes(answer: Answer, now: datetime) -> _Brakes:
    stance = stance_of(answer, now)
    if stance is Stance.DENY:
        return _Brakes(stance, None, frozenset())
    until = max((finding.until for finding in answer.findings if finding.until is not None), default=None)
    return _Brakes(stance, until, _asks(answer))


def _asks(answer: Answer) -> frozenset[_Ask]:
    return frozenset(_Ask(one.terms, one.path, one.review) for one in answer.findings if one.terms is not None)


def _is_as_strict(new: _Brakes, old: _Brakes) -> bool:
    if Stance.DENY in (new.stance, old.stance):
        return new.stance is Stance.DENY
    holds_as_long = old.until is None or (new.until is not None and new.until >= old.until)
    return holds_as_long and all(any(_covers(asked, wanted) for asked in new.asks) for wanted in old.asks - new.asks)


def _covers(asked: _Ask, wanted: _Ask) -> bool:
    """Return whether whoever meets what is `asked` meets what is `wanted` too."""
    return (
        asked.terms.required_roles <= wanted.terms.required_roles
        and asked.terms.min_approvals >= wanted.terms.min_approvals
        and asked.terms.expiry_hours <= wanted.terms.expiry_hours
        and asked.path in (None, wanted.path)
        and (wanted.review is None or _is_as_soon(asked.review, wanted.review))
    )


def _is_as_soon(asked: ReviewTerms | None, wanted: ReviewTerms) -> bool:
    return asked is not None and asked.due_days <= wanted.due_days


def _gains_roles(before: Answer, after: Answer) -> bool:
    return any(roles - before.roles.get(person, frozenset()) for person, roles in after.roles.items())


def _differences(before: Answer, after: Answer) -> Iterator[str]:
    for rule in sorted(before.rules ^ after.rules):
        yield f"rule {rule} was {'evaluated' if rule in before.rules else 'not evaluated'} then"
    for finding in before.findings:
        if finding not in after.findings:
            yield f"{finding.rule} found then: {finding.action}, {finding.message}"
    for finding in after.findings:
        if finding not in before.findings:
            yield f"{finding.rule} finds now: {finding.action}, {finding.message}"
    for person in sorted(before.roles.keys() | after.roles.keys()):
        if before.roles.get(person) != after.roles.get(person):
            yield f"{person} has other roles now"
