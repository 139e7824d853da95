"""Cases of a few people, owners and requirements, as hypothesis draws them."""

from hypothesis import strategies as st

from controller.approval.approvals import ApprovalCase, Requirement
from controller.change.facts import ReviewState
from controller.change.names import RepoPath
from controller.ownership.owner import TeamOwner, UserOwner
from tests.core.approval.making import (
    CASE,
    EFFECT,
    MANAGERS,
    OTHER,
    POLICY,
    PROD,
    Reviews,
    principal,
)

_PATHS = (PROD, POLICY, RepoPath("agents/anl/agent.yaml"))
_OWNERS = (MANAGERS, UserOwner("sam"), TeamOwner("acme", "agents"))
PEOPLE = tuple(principal(number, f"p{number}") for number in range(1, 6))
REQUIREMENTS = st.builds(
    Requirement,
    st.sampled_from(["a", "b", "codeowners"]),
    st.sampled_from([frozenset(), frozenset({"release_manager"}), frozenset({"admin", "release_manager"})]),
    st.integers(1, 3),
    st.sampled_from([None, 2]),
    st.lists(st.sampled_from(_PATHS), unique=True, min_size=1).map(tuple),
)


@st.composite
def cases(draw: st.DrawFn) -> ApprovalCase:
    """Draw any case of these people; most reviews approve, and most the effect of now."""
    reviews = Reviews()
    for _ in range(draw(st.integers(0, 6))):
        reviews.add(
            draw(st.sampled_from(PEOPLE)),
            draw(st.sampled_from([ReviewState.APPROVED] * 3 + list(ReviewState))),
            effect=draw(st.sampled_from([EFFECT] * 3 + [OTHER, None])),
            hours_ago=draw(st.sampled_from([1, 3])),
        )
    some = st.sets(st.sampled_from([person.id for person in PEOPLE])).map(frozenset)
    return ApprovalCase(
        requirements=tuple(draw(st.lists(REQUIREMENTS, min_size=1, max_size=3))),
        owners={path: tuple(draw(st.sets(st.sampled_from(_OWNERS)))) for path in _PATHS},
        members={owner: draw(some) for owner in _OWNERS},
        reviews=tuple(reviews.made),
        roles={
            person.id: draw(st.sampled_from([frozenset(), frozenset({"release_manager"}), frozenset({"admin"})]))
            for person in PEOPLE
        },
        people={person.id: person for person in PEOPLE},
        excluded=dict.fromkeys(draw(st.sets(st.sampled_from([person.id for person in PEOPLE]), max_size=2)), "author"),
        extra_approvals=draw(st.integers(0, 1)),
        effect=EFFECT,
        as_of=CASE.as_of,
    )
