"""Has everybody approved who must? Reviews are weighed against each requirement.

The latest non-comment review of a person decides, whichever account it came from. It counts
when it approves this very effect, comes from a human who took no part in the change and has
MFA, and for the requirements whose paths they own, whose roles they hold and whose age limit
it keeps. What does not count says why; what is missing says who could give it. Dates only
measure age: which review is the latest is the order of submission.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from controller.approval.approvals import (
    ApprovalCase,
    Approvals,
    Counted,
    Discount,
    Discounted,
    Missing,
    Requirement,
    SeenReview,
)
from controller.approval.standing import could_approve, holds_role, obstacle, owns_one_of
from controller.change.facts import Review, ReviewState
from controller.errors import InputError
from controller.identity.principal import Principal, PrincipalId, PrincipalKind

_DECISIVE = (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED)
_FURTHEST = tuple(Discount).index


def weigh(case: ApprovalCase) -> Approvals:
    """Return who has approved, whose approval does not count, who is missing and who objects.

    Raises `InputError` for a requirement of fewer than one person, or fewer than none extra.
    """
    if case.extra_approvals < 0 or any(requirement.minimum < 1 for requirement in case.requirements):
        raise InputError("expected requirements of at least one person and no negative extra approvals")
    latest = _latest(case)
    approving = [seen for seen in latest if seen.review.state is ReviewState.APPROVED]
    outcomes = [_weighed(case, seen) for seen in approving] if case.requirements else []
    gaps = [_missing(case, requirement, approving) for requirement in case.requirements]
    objecting = _objections(case, latest)
    return Approvals(
        tuple(outcome for outcome in outcomes if isinstance(outcome, Counted)),
        tuple(outcome for outcome in outcomes if isinstance(outcome, Discounted)),
        tuple(gap for gap in gaps if gap is not None),
        tuple(person for person, _ in objecting),
        tuple(review for _, review in objecting),
        _outlived(case, approving),
    )


def _latest(case: ApprovalCase) -> Sequence[SeenReview]:
    """Return the deciding review of each person, in order; strangers are told apart by account.

    An approval that came too late to count takes nothing back of what the person said in time.
    """
    latest: dict[tuple[str, object], SeenReview] = {}
    for seen in case.reviews:
        is_late = seen.review.state is ReviewState.APPROVED and seen.review.submitted_at > case.as_of
        if seen.review.state in _DECISIVE and not (is_late and _identity(seen) in latest):
            latest.pop(_identity(seen), None)
            latest[_identity(seen)] = seen
    return tuple(latest.values())


def _identity(seen: SeenReview) -> tuple[str, object]:
    if seen.principal is not None:
        return "principal", seen.principal.id
    if seen.review.author is not None:
        return "account", seen.review.author.id
    return "review", seen.review.id


def _weighed(case: ApprovalCase, seen: SeenReview) -> Counted | Discounted:
    """Return for which requirements an approval counts, or what kept it from the one it came nearest to."""
    obstacles = [(requirement, obstacle(case, requirement, seen)) for requirement in case.requirements]
    free = [requirement for requirement, hindrance in obstacles if hindrance is None]
    if seen.principal is not None and free:
        reasons = dict.fromkeys(requirement.reason for requirement in free)
        return Counted(seen.principal, seen.review, tuple(reasons), _until(seen, free))
    hindrances = [hindrance for _, hindrance in obstacles if hindrance is not None]
    return max(hindrances, key=lambda hindrance: _FURTHEST(hindrance.discount))


def _until(seen: SeenReview, requirements: Iterable[Requirement]) -> datetime | None:
    limits = [requirement.expiry_hours for requirement in requirements if requirement.expiry_hours is not None]
    return seen.review.submitted_at + timedelta(hours=min(limits)) if limits else None


def _outlived(case: ApprovalCase, approving: Iterable[SeenReview]) -> tuple[tuple[int, int], ...]:
    """Return the approvals that would count for a requirement if they were younger."""
    found: dict[tuple[int, int], None] = {}
    for seen in approving:
        for requirement in case.requirements:
            hindrance = obstacle(case, requirement, seen)
            is_old = hindrance is not None and hindrance.discount is Discount.TOO_OLD
            if is_old and requirement.expiry_hours is not None:
                found[seen.review.id, requirement.expiry_hours] = None
    return tuple(found)


def _missing(case: ApprovalCase, requirement: Requirement, approving: Iterable[SeenReview]) -> Missing | None:
    approvers = frozenset(
        seen.principal.id
        for seen in approving
        if seen.principal is not None and obstacle(case, requirement, seen) is None
    )
    uncovered = tuple(
        path for path in requirement.paths if not any(owns_one_of(case, (path,), person) for person in approvers)
    )
    short = requirement.minimum + case.extra_approvals - len(approvers)
    if short <= 0 and not uncovered:
        return None
    able = [
        person
        for person in case.people.values()
        if person.id not in approvers and could_approve(case, requirement, person)
    ]
    useful = uncovered if uncovered and short <= 1 else requirement.paths
    candidates = [person for person in able if owns_one_of(case, useful, person.id)]
    if not all(any(owns_one_of(case, (path,), person.id) for person in able) for path in uncovered):
        candidates = []
    doubts = tuple(dict.fromkeys(doubt for path in uncovered for doubt in case.doubts.get(path, ())))
    return Missing(requirement, max(short, 1), uncovered, tuple(sorted(candidates, key=_by_login)), doubts)


def _by_login(person: Principal) -> tuple[str, PrincipalId]:
    return person.login.lower(), person.id


def _objections(case: ApprovalCase, latest: Iterable[SeenReview]) -> tuple[tuple[Principal, Review], ...]:
    """Return who requests changes and has a say: owners of a needed path, and holders of a role asked for."""
    paths = [path for requirement in case.requirements for path in requirement.paths]
    asked = [requirement for requirement in case.requirements if requirement.roles]
    return tuple(
        (seen.principal, seen.review)
        for seen in latest
        if seen.principal is not None
        and seen.principal.kind is PrincipalKind.PERSON
        and seen.review.state is ReviewState.CHANGES_REQUESTED
        and (
            owns_one_of(case, paths, seen.principal.id)
            or any(holds_role(case, requirement, seen.principal.id) for requirement in asked)
        )
    )
