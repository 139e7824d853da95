"""Whom to ask: a smallest set that satisfies, and nobody whose approval would not count."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings

from controller.approval.approvals import ApprovalCase, Requirement
from controller.approval.reviewers import reviewers
from controller.approval.weighing import weigh
from controller.change.facts import ReviewState
from controller.change.names import RepoPath
from controller.identity.principal import Principal
from controller.ownership.owner import UserOwner
from tests.core.approval.cases import cases
from tests.core.approval.making import (
    CASE,
    DANA,
    EFFECT,
    GOVERNANCE,
    OTHER,
    PRODUCTION,
    RITA,
    RON,
    SAM,
    Reviews,
    approved_by,
    case,
    principal,
    with_people,
)


def _asked(weighed: ApprovalCase, askable: Iterable[Principal] | None = None) -> tuple[Principal, ...]:
    people = weighed.people.values() if askable is None else askable
    return reviewers(weighed, weigh(weighed), {person.id for person in people})


def test_one_of_two_who_could_is_asked_always_the_same() -> None:
    assert _asked(case()) == (RITA,)


def test_nobody_is_asked_when_nothing_is_missing() -> None:
    assert _asked(case(approved_by(RON))) == ()


def test_nobody_is_asked_when_nobody_can() -> None:
    assert _asked(case(roles={})) == ()


def test_nobody_is_asked_when_they_would_not_be_enough() -> None:
    assert _asked(case(requirements=(replace(PRODUCTION, minimum=3),))) == ()


def test_who_took_part_or_has_no_mfa_is_not_asked() -> None:
    assert _asked(case(excluded={RITA.id: "author"})) == (RON,)
    assert _asked(case(people=with_people(replace(RITA, mfa=None)))) == (RON,)


def test_who_objects_is_not_asked() -> None:
    assert _asked(case(Reviews().add(RITA, ReviewState.CHANGES_REQUESTED))) == (RON,)


def test_who_counts_already_is_not_asked_again() -> None:
    assert _asked(case(approved_by(RITA), requirements=(replace(PRODUCTION, minimum=2),))) == (RON,)


def test_who_approved_another_effect_is_asked_again() -> None:
    assert _asked(case(Reviews().add(RITA, effect=OTHER))) == (RITA,)


def test_who_cannot_be_asked_is_left_out_for_others() -> None:
    assert _asked(case(), [RON, SAM]) == (RON,)
    assert _asked(case(), [SAM]) == ()


def test_of_equally_small_sets_the_one_with_those_asked_already_is_taken() -> None:
    weighed = case()
    askable = {person.id for person in weighed.people.values()}
    assert reviewers(weighed, weigh(weighed), askable, {RON.id}) == (RON,)
    assert reviewers(weighed, weigh(weighed), askable, {RON.id, RITA.id}) == (RITA,)
    assert reviewers(weighed, weigh(weighed), askable, {DANA.id, SAM.id}) == (RITA,)


def test_one_person_is_asked_for_all_that_one_person_can_give() -> None:
    both = {owner: people | {RON.id} for owner, people in CASE.members.items()}
    assert _asked(case(requirements=(PRODUCTION, GOVERNANCE), members=both)) == (RON,)


def test_all_are_asked_when_all_are_needed() -> None:
    requirements = (replace(PRODUCTION, minimum=2), GOVERNANCE)
    assert _asked(case(requirements=requirements)) == (RITA, RON, SAM)


@settings(max_examples=80)
@given(cases())
def test_those_asked_are_as_few_as_any_that_would_satisfy(weighed: ApprovalCase) -> None:
    found = weigh(weighed)
    silent = [person for person in weighed.people.values() if person not in found.objections]
    sizes = range(len(silent) + 1) if found.missing else ()
    enough = [some for size in sizes for some in combinations(silent, size) if _satisfy(weighed, some)]
    asked = _asked(weighed)

    assert len(asked) == (len(enough[0]) if enough else 0)
    assert not asked or _satisfy(weighed, asked)
    assert all(person.id not in weighed.excluded and person.mfa for person in asked)
    assert asked == _asked(replace(weighed, people=dict(reversed(list(weighed.people.items())))))


def _satisfy(weighed: ApprovalCase, people: Iterable[Principal]) -> bool:
    fresh = Reviews(list(weighed.reviews))
    for person in people:
        fresh.add(person, effect=EFFECT, hours_ago=0)
    return not weigh(replace(weighed, reviews=tuple(fresh.made))).missing


# Beyond what can be tried set by set.


def _owned(owning: Mapping[Principal, str], minimum: int = 1) -> ApprovalCase:
    """Return a case in which each person owns the paths of the letters given, and each path needs an owner."""
    letters = sorted(set("".join(owning.values())))
    owners = {RepoPath(f"policies/rego/{letter}.rego"): (UserOwner(letter),) for letter in letters}
    return replace(
        CASE,
        requirements=tuple(Requirement(path, frozenset(), minimum, None, (path,)) for path in owners),
        owners=owners,
        members={
            UserOwner(letter): frozenset(person.id for person, held in owning.items() if letter in held)
            for letter in letters
        },
        roles=dict.fromkeys((person.id for person in owning), frozenset({"admin"})),
        people={person.id: person for person in owning},
        excluded={},
    )


def _people(count: int) -> list[Principal]:
    return [principal(number, f"p{number:03}") for number in range(count)]


def test_of_many_people_enough_are_asked() -> None:
    people = _people(20)
    many = _owned({person: "ab"[number % 2] for number, person in enumerate(people)}, minimum=3)
    assert _asked(many) == tuple(people[:6])


def test_who_turns_out_not_to_be_needed_is_not_asked() -> None:
    left, right, broad = principal(901, "z-left"), principal(902, "z-right"), principal(903, "z-broad")
    many = _owned({**dict.fromkeys(_people(110), "g"), left: "abcg", right: "def", broad: "bcef"})
    assert _asked(many) == (left, right)
