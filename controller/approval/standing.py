"""May this person's approval count, and does this review of theirs?

One question at a time in a fixed order: who they are, what they own and hold, what their
review saw and when. The first answer that fails becomes the sentence the check shows.
Unknown is no: unknown MFA, an unowned path, a commit that cannot be fetched.
"""

from collections.abc import Iterable
from datetime import timedelta

from controller.approval.approvals import ApprovalCase, Discount, Discounted, Requirement, SeenReview
from controller.change.facts import AccountKind
from controller.change.names import RepoPath
from controller.identity.principal import Principal, PrincipalId, PrincipalKind

_Reason = tuple[Discount, str]


def obstacle(case: ApprovalCase, requirement: Requirement, seen: SeenReview) -> Discounted | None:
    """Return the first thing that keeps an approving review from counting for `requirement`."""
    reason = _of_account(seen)
    if reason is None and seen.principal is not None:
        person = seen.principal
        reason = _of_person(case, person) or _of_standing(case, requirement, person) or _of_review(case, seen)
    reason = reason or _of_age(case, requirement, seen)
    if reason is None:
        return None
    since = seen.since if reason[0] is Discount.OTHER_EFFECT else ()
    return Discounted(seen.review, seen.principal, *reason, since)


def could_approve(case: ApprovalCase, requirement: Requirement, person: Principal) -> bool:
    """Return whether a fresh approval of `person` would count, for the paths they own."""
    return _of_person(case, person) is None and _of_standing(case, requirement, person) is None


def holds_role(case: ApprovalCase, requirement: Requirement, person: PrincipalId) -> bool:
    """Return whether `person` holds one of the roles asked for, or any role at all when none is named."""
    held = case.roles.get(person, frozenset())
    return bool(held & requirement.roles if requirement.roles else held)


def owns_one_of(case: ApprovalCase, paths: Iterable[RepoPath], person: PrincipalId) -> bool:
    """Return whether `person` stands behind an owner of one of `paths`."""
    return any(person in case.members.get(owner, ()) for path in paths for owner in case.owners.get(path, ()))


def _of_account(seen: SeenReview) -> _Reason | None:
    if seen.principal is None:
        return Discount.UNKNOWN_PERSON, "comes from an account the directory does not know"
    if seen.review.author is None or seen.review.author.kind is not AccountKind.USER:
        return Discount.MACHINE, "does not come from a person's account"
    return None


def _of_person(case: ApprovalCase, person: Principal) -> _Reason | None:
    if person.kind is not PrincipalKind.PERSON:
        return Discount.MACHINE, f"comes from a {person.kind}; only people approve"
    if person.id in case.excluded:
        return Discount.TOOK_PART, f"took part in this change as {case.excluded[person.id]}"
    if person.mfa is not True:
        state = "is not known to use" if person.mfa is None else "does not use"
        return Discount.NO_MFA, f"{state} multi-factor authentication, as {person.mfa_source.value} says"
    return None


def _of_standing(case: ApprovalCase, requirement: Requirement, person: Principal) -> _Reason | None:
    if not owns_one_of(case, requirement.paths, person.id):
        return Discount.NOT_AN_OWNER, "owns none of the changed paths that need approval"
    if not holds_role(case, requirement, person.id):
        asked = " or ".join(sorted(requirement.roles)) or "any role"
        return Discount.LACKS_ROLE, f"does not hold {asked}"
    return None


def _of_review(case: ApprovalCase, seen: SeenReview) -> _Reason | None:
    if seen.effect == case.effect:
        return None
    if seen.effect is None or seen.review.commit is None:
        return Discount.EFFECT_UNKNOWN, "approved a commit that can no longer be compared; approve again"
    where = f"the change was pushed to after commit {seen.review.commit[:7]}"
    return Discount.OTHER_EFFECT, f"approved another effect: {where}; approve again"


def _of_age(case: ApprovalCase, requirement: Requirement, seen: SeenReview) -> _Reason | None:
    hours = requirement.expiry_hours
    if case.as_of < seen.review.submitted_at:
        return Discount.TOO_LATE, f"was given after {case.as_of.isoformat()}, when approvals had to be there"
    if hours is not None and _is_outlived(case, hours, seen):
        return Discount.TOO_OLD, f"is older than {hours} hours; approve again"
    return None


def _is_outlived(case: ApprovalCase, hours: int, seen: SeenReview) -> bool:
    """Return whether the review is too old now, or was told to be: also of a limit that is longer."""
    was_told = any(review == seen.review.id and limit >= hours for review, limit in case.outlived)
    return was_told or case.as_of > seen.review.submitted_at + timedelta(hours=hours)
