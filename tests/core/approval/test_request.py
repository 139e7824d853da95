"""The life of a request for approval: states, what is told once, and when to look again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.approval.approvals import Approvals, Counted, Missing
from controller.approval.request import (
    CLOCKS_APART,
    Asking,
    Followed,
    RequestState,
    Telling,
    Timing,
    Told,
    follow,
    outlived,
    withdrawn,
)
from controller.change.facts import ReviewState
from controller.change.names import Digest
from tests.core.approval.making import EFFECT, NOW, OTHER, PRODUCTION, RITA, Reviews

HOUR = timedelta(hours=1)
TIMING = Timing()
LACKING = Approvals((), (), (Missing(PRODUCTION, 1, (), (RITA,)),), ())
NOT_NEEDED = Approvals((), (), (), ())


def approved(hours: float, *, until: datetime | None = None) -> Approvals:
    """Return approvals that were complete so many hours after the request opened."""
    review = Reviews().add(RITA, hours_ago=-hours).made[0].review
    return Approvals((Counted(RITA, review, ("mc-prod-approval",), until),), (), (), ())


def objected() -> Approvals:
    review = Reviews().add(RITA, ReviewState.CHANGES_REQUESTED, hours_ago=-1).made[0].review
    return Approvals((), (), (), (RITA,), (review,))


@dataclass(slots=True)
class Told_:
    """A request as the shell keeps it: whatever was to be told was told."""

    past: tuple[Told, ...] = ()

    def at(
        self,
        hours: float,
        approvals: Approvals | None = LACKING,
        *,
        effect: Digest = EFFECT,
        is_refused: bool = False,
    ) -> Followed:
        followed = follow(self.past, Asking(effect, approvals, is_refused), NOW + hours * HOUR, TIMING)
        self.past += followed.untold
        return followed

    def ask_again(self, hours: float) -> None:
        self.past += (Told(Telling.WISHED, EFFECT, NOW + hours * HOUR),)


@pytest.fixture
def request_() -> Told_:
    """A request that opened at `NOW`."""
    made = Told_()
    made.at(0)
    return made


def tellings(followed: Followed) -> list[Telling]:
    return [told.telling for told in followed.untold]


def state(followed: Followed) -> RequestState | None:
    return None if followed.request is None else followed.request.state


def test_a_request_opens_when_its_effect_first_waits_and_says_until_when() -> None:
    followed = Told_().at(0)

    assert followed.request is not None
    assert (followed.request.since, followed.request.until) == (NOW, NOW + 24 * HOUR)
    assert tellings(followed) == [Telling.ASKED]
    assert followed.moments == (NOW + 12 * HOUR, NOW + 20 * HOUR, NOW + 24 * HOUR)


@pytest.mark.parametrize(
    ("approvals", "is_refused"),
    [
        pytest.param(NOT_NEEDED, False, id="nobody-is-needed"),
        pytest.param(LACKING, True, id="something-else-stands-against-it"),
        pytest.param(None, False, id="nobody-can-say"),
    ],
)
def test_nobody_is_asked_without_a_reason(approvals: Approvals | None, is_refused: bool) -> None:
    assert Told_().at(0, approvals, is_refused=is_refused) == Followed(None)


def test_what_is_approved_before_anybody_was_asked_opens_no_request() -> None:
    followed = Told_().at(0, approved(-1))

    assert (followed.request, tellings(followed)) == (None, [Telling.GRANTED])


def test_a_repeated_look_tells_nothing(request_: Told_) -> None:
    """ATTACKS 118: whatever comes doubled changes nothing."""
    for hours in (0, 11, 12, 12, 13, 20, 20, 23, 24, 24, 40):
        first = request_.at(hours)
        assert request_.at(hours) == replace(first, untold=())


def test_a_reminder_and_an_escalation_are_told_once_each_in_time(request_: Told_) -> None:
    looks = {hours: tellings(request_.at(hours)) for hours in (11.9, 12, 15, 20, 23, 24, 30)}

    assert {hours: told for hours, told in looks.items() if told} == {
        12: [Telling.REMINDED],
        20: [Telling.ESCALATED],
        24: [Telling.EXPIRED],
    }


def test_after_an_outage_only_the_escalation_is_told(request_: Told_) -> None:
    followed = request_.at(21)

    assert tellings(followed) == [Telling.ESCALATED]
    assert followed.request is not None
    assert followed.request.is_reminded
    assert followed.moments[-1] == NOW + 24 * HOUR


def test_who_approved_is_not_reminded_and_an_expired_request_waits_for_nothing(request_: Told_) -> None:
    assert request_.at(11, approved(10)).moments == ()
    assert tellings(request_.at(13, approved(10))) == []
    assert Told_(request_.past[:1]).at(25).moments == ()


def test_an_objection_rejects_is_told_once_and_can_be_taken_back(request_: Told_) -> None:
    first, second = request_.at(1, objected()), request_.at(13, objected())

    assert (state(first), tellings(first)) == (RequestState.REJECTED, [Telling.DENIED])
    assert (first.untold[0].review, first.untold[0].person) == (1, RITA.id)
    assert (state(second), tellings(second)) == (RequestState.REJECTED, [])
    assert state(request_.at(14)) is RequestState.PENDING
    assert state(request_.at(24, objected())) is RequestState.EXPIRED


def test_a_request_may_open_rejected() -> None:
    assert state(Told_().at(2, objected())) is RequestState.REJECTED


def test_an_expired_request_stays_expired_whoever_approves_until_somebody_asks_again(request_: Told_) -> None:
    """ATTACKS 025."""
    assert tellings(request_.at(24)) == [Telling.EXPIRED]
    late = request_.at(25, approved(24.5))
    assert (state(late), tellings(late)) == (RequestState.EXPIRED, [Telling.GRANTED])
    request_.ask_again(26)
    renewed = request_.at(26.5, approved(24.5))
    assert (state(renewed), tellings(renewed)) == (None, [])


def test_asked_again_it_reminds_and_expires_again(request_: Told_) -> None:
    request_.at(24)
    request_.ask_again(30)
    assert tellings(request_.at(30)) == [Telling.ASKED]

    assert [tellings(request_.at(30 + hours)) for hours in (1, 12, 20, 24)] == [
        [],
        [Telling.REMINDED],
        [Telling.ESCALATED],
        [Telling.EXPIRED],
    ]


def test_asking_again_before_it_expired_gives_no_more_time(request_: Told_) -> None:
    request_.ask_again(23)

    assert state(request_.at(24)) is RequestState.EXPIRED


def test_an_approval_in_time_counts_even_when_it_is_noticed_late(request_: Told_) -> None:
    assert state(request_.at(30, approved(23))) is RequestState.APPROVED


def test_an_approval_too_late_does_not_when_nobody_looked_meanwhile(request_: Told_) -> None:
    late = request_.at(30, approved(24.5))

    assert (state(late), tellings(late)) == (RequestState.EXPIRED, [Telling.GRANTED, Telling.EXPIRED])


def test_what_was_approved_does_not_expire_and_is_asked_anew_when_it_lapses(request_: Told_) -> None:
    request_.at(2, approved(1))
    assert state(request_.at(200, approved(1))) is RequestState.APPROVED
    lapsed = request_.at(201)
    assert (state(lapsed), tellings(lapsed)) == (RequestState.PENDING, [Telling.ASKED])
    assert lapsed.request is not None
    assert lapsed.request.since == NOW + 201 * HOUR


def test_what_lapses_while_refused_asks_nobody_yet(request_: Told_) -> None:
    request_.at(2, approved(1))

    assert request_.at(3, is_refused=True) == Followed(None)
    assert tellings(request_.at(4)) == [Telling.ASKED]


def test_another_effect_cancels_the_request_and_opens_one_of_its_own(request_: Told_) -> None:
    """ATTACKS 014."""
    followed = request_.at(1, effect=OTHER)

    assert [(told.telling, told.effect) for told in followed.untold] == [
        (Telling.CANCELLED, EFFECT),
        (Telling.ASKED, OTHER),
    ]
    back = request_.at(2)
    assert back.request is not None
    assert back.request.since == NOW + 2 * HOUR


def test_going_to_another_effect_and_back_does_not_revive_an_expired_request(request_: Told_) -> None:
    """ATTACKS 015, 025."""
    request_.at(24)
    request_.at(25, effect=OTHER)

    assert state(request_.at(26, approved(25.5))) is RequestState.EXPIRED


def test_what_needs_no_approval_any_more_is_cancelled_unless_it_ended_before(request_: Told_) -> None:
    expired = Told_(request_.past)
    expired.at(24)

    assert (state(request_.at(1, NOT_NEEDED)), request_.past[-1].telling) == (None, Telling.CANCELLED)
    assert expired.at(25, NOT_NEEDED) == Followed(None)
    assert state(expired.at(26)) is RequestState.EXPIRED


def test_a_closed_pull_request_cancels_what_still_waits(request_: Told_) -> None:
    approved_one, expired = Told_(request_.past), Told_(request_.past)
    approved_one.at(1, approved(1))
    expired.at(24)

    assert [told.telling for told in withdrawn(request_.past, NOW, "closed")] == [Telling.CANCELLED]
    assert withdrawn((*request_.past, *withdrawn(request_.past, NOW, "closed")), NOW, "closed") == ()
    assert withdrawn(approved_one.past, NOW, "closed") == ()
    assert withdrawn(expired.past, NOW, "closed") == ()


@pytest.mark.parametrize("hours", [1, 100], ids=["before", "long-after"])
def test_while_nobody_can_say_who_approved_nothing_changes(request_: Told_, hours: float) -> None:
    followed = request_.at(hours, None)

    assert (state(followed), followed.untold) == (RequestState.PENDING, ())


def test_while_nobody_can_say_an_expired_request_is_shown_as_such(request_: Told_) -> None:
    request_.at(24)

    assert state(request_.at(25, None)) is RequestState.EXPIRED


def test_a_clock_set_back_revives_nothing(request_: Told_) -> None:
    """ATTACKS 046."""
    request_.at(24)

    assert state(request_.at(-1000, approved(-1001))) is RequestState.EXPIRED


def test_a_request_from_the_future_is_asked_anew_so_that_it_cannot_wait_for_years() -> None:
    """ATTACKS 046: the clock was ahead by a year when the request opened."""
    ahead = Told_()
    ahead.at(24 * 365)
    followed = ahead.at(0)

    assert followed.request is not None
    assert followed.request.until == NOW + 24 * HOUR
    assert tellings(ahead.at(0)) == []


def test_a_request_from_the_future_that_is_complete_is_approved_at_once() -> None:
    ahead = Told_()
    ahead.at(1)
    followed = ahead.at(0, approved(-1))

    assert (state(followed), tellings(followed)) == (RequestState.APPROVED, [Telling.GRANTED, Telling.ASKED])
    assert tellings(ahead.at(0, approved(-1))) == [Telling.COMPLETED]


def test_clocks_that_differ_a_little_ask_nobody_twice() -> None:
    ahead = Told_()
    ahead.at(CLOCKS_APART / HOUR)

    assert tellings(ahead.at(0)) == []


def test_an_approval_that_becomes_too_old_is_looked_at_then_and_told_once(request_: Told_) -> None:
    until = NOW + 72 * HOUR
    assert request_.at(2, approved(1, until=until)).moments == (until + timedelta(seconds=1),)
    old = replace(LACKING, outlived=((1, 72),))
    assert Telling.OUTLIVED in tellings(request_.at(73, old))
    assert Telling.OUTLIVED not in tellings(request_.at(74, old))
    assert outlived(request_.past) == {(1, 72)}


SITUATIONS = (LACKING, NOT_NEEDED, approved(0), objected(), None)
LOOKS = st.tuples(st.integers(-30, 60), st.sampled_from(SITUATIONS), st.sampled_from((EFFECT, OTHER)), st.booleans())


@given(st.lists(LOOKS, max_size=12))
def test_in_any_order_at_any_time_an_expired_effect_is_never_approved_again(looks: Sequence[tuple]) -> None:  # type: ignore[type-arg]  # drawn
    """ATTACKS 046, 118."""
    kept, ended = Told_(), set()
    for hours, approvals, effect, is_refused in looks:
        followed = kept.at(hours, approvals, effect=effect, is_refused=is_refused)
        again = kept.at(hours, approvals, effect=effect, is_refused=is_refused)
        assert [told for told in again.untold if told.telling is not Telling.COMPLETED] == []
        if effect in ended:
            assert state(followed) in (RequestState.EXPIRED, None)
        if state(followed) is RequestState.EXPIRED:
            ended.add(effect)
