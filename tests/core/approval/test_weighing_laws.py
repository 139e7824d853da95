"""Laws of weighing, over cases of a few people, owners and requirements."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.approval.approvals import ApprovalCase, Requirement
from controller.approval.weighing import weigh
from controller.identity.principal import Principal, PrincipalKind
from tests.core.approval.cases import PEOPLE, REQUIREMENTS, cases
from tests.core.approval.making import (
    BOT,
    OTHER,
    reviewed,
)


def _plus(weighed: ApprovalCase, person: Principal, **how: object) -> ApprovalCase:
    return replace(weighed, reviews=(*weighed.reviews, *reviewed(person, **how)))


@settings(max_examples=80)
@given(cases(), st.sampled_from(PEOPLE))
def test_an_approval_of_somebody_who_may_not_never_completes(weighed: ApprovalCase, person: Principal) -> None:
    """ATTACKS 017 and 020: participants, machines, people without a role, MFA or a known account."""
    before = replace(weighed, reviews=tuple(seen for seen in weighed.reviews if seen.principal != person))
    machine = replace(person, kind=PrincipalKind.BOT)
    stripped = {key: held for key, held in before.roles.items() if key != person.id}
    was_complete = weigh(before).is_complete

    assert weigh(_plus(before, machine)).is_complete <= was_complete
    assert weigh(_plus(before, person, account=BOT)).is_complete <= was_complete
    assert weigh(_plus(before, replace(person, mfa=None))).is_complete <= was_complete
    assert weigh(_plus(before, person, effect=OTHER)).is_complete <= was_complete
    assert weigh(_plus(before, person, effect=None)).is_complete <= was_complete
    excluded = replace(before, excluded={**before.excluded, person.id: "pusher"})
    assert weigh(_plus(excluded, person)).is_complete <= was_complete
    assert weigh(_plus(replace(before, roles=stripped), person)).is_complete <= was_complete


@settings(max_examples=80)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_unrelated_peoples_reviews_does_not_matter(weighed: ApprovalCase, random: st.DataObject) -> None:
    latest = {seen.principal: seen for seen in weighed.reviews}
    shuffled = list(latest.values())
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types its Random loosely
    one, other = (
        weigh(replace(weighed, reviews=tuple(latest.values()))),
        weigh(replace(weighed, reviews=tuple(shuffled))),
    )

    assert one.missing == other.missing
    assert set(one.counted) == set(other.counted)
    assert set(one.discounted) == set(other.discounted)
    assert set(one.objections) == set(other.objections)


@settings(max_examples=80)
@given(cases())
def test_a_complete_requirement_has_enough_distinct_people_who_may(weighed: ApprovalCase) -> None:
    """ATTACKS 019: the law of distinct people, told another way than the code tells it."""
    found = weigh(weighed)
    lacking = {gap.requirement for gap in found.missing}
    for requirement in set(weighed.requirements) - lacking:
        people = {counted.principal.id for counted in found.counted if requirement.reason in counted.reasons}
        assert len(people) >= requirement.minimum + weighed.extra_approvals
        assert not people & set(weighed.excluded)
        for path in requirement.paths:
            assert any(people & weighed.members[owner] for owner in weighed.owners[path])


@settings(max_examples=80)
@given(cases(), REQUIREMENTS)
def test_another_requirement_never_completes_what_is_incomplete(
    weighed: ApprovalCase, requirement: Requirement
) -> None:
    """ATTACKS 025: asking for more never asks for less."""
    stricter = replace(weighed, requirements=(*weighed.requirements, requirement))

    assert weigh(stricter).is_complete <= weigh(weighed).is_complete
    assert (
        weigh(replace(weighed, extra_approvals=weighed.extra_approvals + 1)).is_complete <= weigh(weighed).is_complete
    )


@settings(max_examples=80)
@given(cases())
def test_approvals_of_another_effect_are_worth_nothing(weighed: ApprovalCase) -> None:
    """ATTACKS 014 and 027: a push that changes the effect voids them all."""
    found = weigh(replace(weighed, effect=OTHER, reviews=tuple(s for s in weighed.reviews if s.effect != OTHER)))

    assert found.counted == ()
    assert not found.is_complete


@settings(max_examples=80)
@given(cases())
def test_candidates_could_all_approve(weighed: ApprovalCase) -> None:
    for gap in weigh(weighed).missing:
        for person in gap.candidates:
            one = replace(weighed, requirements=(gap.requirement,), reviews=reviewed(person))
            assert [counted.principal for counted in weigh(one).counted] == [person]
