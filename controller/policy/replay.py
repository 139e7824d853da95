"""Two answers to one question: are they the same, and if not, which lets more through?

The same policy must answer a recorded question exactly as it did. Another policy may answer
otherwise, and what matters of that is the direction: a decision is loosened when anything
that stopped or slowed the change is gone, weaker or earlier, or when somebody's approval
weighs more than it did.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from controller.policy.answer import Action, Answer, ApprovalTerms, Finding
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
    return Stance.APPROVAL if _terms(answer) else Stance.ALLOW


def differences(before: Answer, after: Answer) -> tuple[str, ...]:
    """Return one sentence for each part in which two answers of one policy differ; empty when none does."""
    return tuple(_differences(before, after))


def flip_of(decision: Recorded, after: Answer) -> Flip | None:
    """Return how `after` takes `decision` otherwise; None when it stops and slows the change exactly as much."""
    old, new = _brakes(decision.answer, decision.now), _brakes(after, decision.now)
    gains_weight = new.stance is not Stance.DENY and bool(new.terms) and _gains_roles(decision.answer, after)
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
class _Brakes:
    """What stops or slows a change; of a denial nothing else counts, for nothing else can happen."""

    stance: Stance
    until: datetime | None
    terms: frozenset[ApprovalTerms]


def _brakes(answer: Answer, now: datetime) -> _Brakes:
    stance = stance_of(answer, now)
    if stance is Stance.DENY:
        return _Brakes(stance, None, frozenset())
    until = max((finding.until for finding in answer.findings if finding.until is not None), default=None)
    return _Brakes(stance, until, _terms(answer))


def _terms(answer: Answer) -> frozenset[ApprovalTerms]:
    return frozenset(finding.terms for finding in answer.findings if finding.terms is not None)


def _is_as_strict(new: _Brakes, old: _Brakes) -> bool:
    if Stance.DENY in (new.stance, old.stance):
        return new.stance is Stance.DENY
    holds_as_long = old.until is None or (new.until is not None and new.until >= old.until)
    return holds_as_long and all(any(_covers(asked, wanted) for asked in new.terms) for wanted in old.terms)


def _covers(asked: ApprovalTerms, wanted: ApprovalTerms) -> bool:
    """Return whether whoever meets the terms `asked` meets `wanted` too."""
    return (
        asked.required_roles <= wanted.required_roles
        and asked.min_approvals >= wanted.min_approvals
        and asked.expiry_hours <= wanted.expiry_hours
    )


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
