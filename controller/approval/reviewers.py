"""Whom to ask for review: a smallest set of people whose fresh approvals would satisfy all that is missing.

Exact while there are few enough sets to try one after the other; beyond, people are taken greedily
and those who turn out not to be needed are left out again. Who could approve was decided when the
approvals were weighed; which account of a person is asked is the shell's part.
"""

from collections.abc import Iterable, Sequence, Set
from itertools import combinations, islice
from math import comb

from controller.approval.approvals import ApprovalCase, Approvals, Missing
from controller.approval.standing import owns_one_of
from controller.identity.principal import Principal, PrincipalId

_MOST_SETS = 5_000
"""So many sets are tried before the answer may be larger than it had to be."""


def reviewers(
    case: ApprovalCase,
    approvals: Approvals,
    askable: Set[PrincipalId],
    asked_already: Set[PrincipalId] = frozenset(),
) -> tuple[Principal, ...]:
    """Return the smallest set of `askable` people who would satisfy all that `approvals` misses.

    Of sets that are equally small the one with those `asked_already`, and then the first by login. Empty
    when nothing is missing, and when no set of them would do. Whoever objects is not asked.
    """
    objecting = {person.id for person in approvals.objections}
    able = {person.id: person for gap in approvals.missing for person in gap.candidates}
    asked = [person for person in able.values() if person.id in askable and person.id not in objecting]
    everyone = tuple(sorted(asked, key=lambda one: (one.id not in asked_already, one.login.lower(), one.id)))
    if not approvals.missing or not _would_do(case, approvals.missing, everyone):
        return ()
    least = max(gap.count for gap in approvals.missing)
    return _smallest(case, approvals.missing, everyone, least) or _greedy(case, approvals.missing, everyone)


def _smallest(
    case: ApprovalCase, missing: Sequence[Missing], everyone: Sequence[Principal], least: int
) -> tuple[Principal, ...]:
    """Return the first of the smallest sets that would do; empty when there are too many sets to try."""
    left = _MOST_SETS
    for size in range(least, len(everyone)):
        for chosen in islice(combinations(everyone, size), left):
            if _would_do(case, missing, chosen):
                return chosen
        left -= comb(len(everyone), size)
        if left <= 0:
            return ()
    return tuple(everyone)


def _greedy(case: ApprovalCase, missing: Sequence[Missing], everyone: Sequence[Principal]) -> tuple[Principal, ...]:
    chosen: tuple[Principal, ...] = ()
    while not _would_do(case, missing, chosen):
        others = [person for person in everyone if person not in chosen]
        chosen = (*chosen, min(others, key=lambda person: _lacking(case, missing, (*chosen, person))))
    for person in chosen:
        fewer = tuple(other for other in chosen if other != person)
        chosen = fewer if _would_do(case, missing, fewer) else chosen
    return tuple(person for person in everyone if person in chosen)


def _would_do(case: ApprovalCase, missing: Iterable[Missing], chosen: Sequence[Principal]) -> bool:
    return _lacking(case, missing, chosen) == 0


def _lacking(case: ApprovalCase, missing: Iterable[Missing], chosen: Sequence[Principal]) -> int:
    """Return how many approvals and owners of paths would still be lacking, all requirements together."""
    lacking = 0
    for gap in missing:
        counting = [person for person in chosen if person in gap.candidates]
        lacking += max(gap.count - len(counting), 0)
        lacking += sum(not any(owns_one_of(case, (path,), one.id) for one in counting) for path in gap.uncovered)
    return lacking
