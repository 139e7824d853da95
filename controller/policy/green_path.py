"""The path to green: what each finding's remedy is worth, as the policy says when it judges again.

A remedy is proven when its finding is gone and its rule finds nothing else in that place. What
other rules deny instead is told with it. Nothing here asks the policy; its answers are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.policy.answer import Action, Answer, Finding
from controller.policy.remedies import steps_of
from controller.policy.remedy import Nothing, Repair, Step


class Proof(StrEnum):
    """What is known of a remedy."""

    PROVEN = "proven"
    FAILS = "fails"
    """The policy judged again with it, and the finding stayed."""
    APPROVAL = "approval"
    """It takes approvals, which are weighed and not judged."""
    OUTSIDE = "outside"
    """Nothing in the change helps."""
    NOT_NEEDED = "not_needed"
    UNDECLARED = "undeclared"
    """The rule says in words alone what to do."""
    UNTRIED = "untried"
    """Nobody asked, or the engine gave no answer."""


@dataclass(frozen=True, slots=True)
class Way:
    """One finding, what turns it green, and what that is worth."""

    finding: Finding
    steps: tuple[Step, ...]
    proof: Proof
    instead: tuple[Finding, ...] = ()
    """What denies only once the remedy is applied."""


@dataclass(frozen=True, slots=True)
class Together:
    """What the policy says of the change with every remedy applied."""

    denials: tuple[Finding, ...]
    """What remains; empty when policy then lets it pass."""
    approvals: tuple[Finding, ...]
    """What then still takes an approval."""


@dataclass(frozen=True, slots=True)
class GreenPath:
    """How a change becomes green: finding by finding, and all together."""

    ways: tuple[Way, ...]
    together: Together | None
    """None when it was not tried."""
    failure: str | None = None
    """Why the policy engine could not be asked again."""


def untried(answer: Answer) -> tuple[Way, ...]:
    """Return the ways of everything `answer` finds that is not for the record, what stops first; nothing is proven."""
    asked = [finding for finding in answer.findings if finding.action is not Action.AUDIT_ONLY]
    order = list(Action)
    return tuple(Way(one, steps_of(one), _unasked(one)) for one in sorted(asked, key=lambda f: order.index(f.action)))


def tried(way: Way, before: Answer, after: Sequence[Answer]) -> Way:
    """Return `way` with what the answers `after` its remedy, one for each part of the change, prove of it."""
    is_proven = all(_is_gone(way.finding, before, answer) for answer in after)
    denied = {_subject(finding) for finding in before.findings if finding.action is Action.DENY}
    instead = [finding for finding in _of(after, Action.DENY) if _subject(finding) not in denied]
    return Way(way.finding, way.steps, Proof.PROVEN if is_proven else Proof.FAILS, tuple(dict.fromkeys(instead)))


def together(after: Sequence[Answer]) -> Together:
    """Return what the answers with every remedy applied say, one for each part of the change."""
    return Together(tuple(_of(after, Action.DENY)), tuple(_of(after, Action.REQUIRE_APPROVAL)))


def _unasked(finding: Finding) -> Proof:
    steps = steps_of(finding)
    if finding.action is Action.REQUIRE_APPROVAL and not steps:
        return Proof.APPROVAL
    if finding.is_waived or Nothing() in steps:
        return Proof.NOT_NEEDED
    if Repair() in steps:
        return Proof.OUTSIDE
    return Proof.UNTRIED if steps else Proof.UNDECLARED


def _of(answers: Sequence[Answer], action: Action) -> list[Finding]:
    found = [finding for answer in answers for finding in answer.findings if finding.action is action]
    return list(dict.fromkeys(found))


def _is_gone(finding: Finding, before: Answer, after: Answer) -> bool:
    """Return whether neither `finding` nor anything new of its rule stands in its place."""
    alike = {_said(one) for one in before.findings} - {_said(finding)}
    return all(_said(one) in alike for one in after.findings if _subject(one) == _subject(finding))


def _subject(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.action, finding.environment, finding.agent


def _said(finding: Finding) -> tuple[object, ...]:
    return (*_subject(finding), finding.path, finding.line, finding.message)
