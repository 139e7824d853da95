"""The sweep of each minute looks only at what changed since it was marked, and at nothing too late."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from controller.change.facts import PullRequestState, ReviewState
from controller.errors import ControllerError, InputError, UnavailableError
from controller.ledger.event import EventType
from controller.ports.journal import Mark
from controller.workflow.survey import Standing, read_survey, survey_document
from tests.fakes.journal import MemoryQueue
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, publish, ready_for_production
from tests.workflow.test_requests import kinds
from tests.workflow.world import World

MINUTE = timedelta(minutes=1)


def minutes(world: World, count: int) -> Counter[int]:
    """Let minutes pass, each with its sweep; return how often which pull request was looked at."""
    looked: list[int] = []
    read = world.host.pull_request

    def counting(number: int) -> object:
        looked.append(number)
        return read(number)

    world.host.pull_request = counting  # type: ignore[assignment,method-assign]  # counted, and answered all the same
    for _ in range(count):
        world.travel(world.clock.moment + MINUTE)
        world.look("changes")
    world.host.pull_request = read  # type: ignore[method-assign]
    return Counter(looked)


def wait_for_quiet(world: World) -> None:
    """Let minutes pass until none of a few pull requests has its turn within the next ten."""
    minutes(world, 2)
    while not minutes(world, 1):
        pass
    while minutes(world, 1):
        pass


def propose(world: World, count: int) -> list[int]:
    content = world.file(DEVELOPMENT)
    return [
        world.propose("dana-dev", f"dev-{each}", {DEVELOPMENT: edited(content, replicas=2 + each)})
        for each in range(count)
    ]


def test_what_stays_as_it_is_is_looked_at_once_in_a_quarter_of_an_hour_and_never_all_at_once(world: World) -> None:
    publish(world)
    numbers = propose(world, 15)
    world.look("sweep")
    each_minute = [minutes(world, 1) for _ in range(15)]
    assert sum(each_minute, Counter()) == Counter(numbers)
    assert max(looked.total() for looked in each_minute) <= 2


def test_what_changed_is_looked_at_and_nothing_else(world: World) -> None:
    publish(world)
    numbers = propose(world, 3)
    wait_for_quiet(world)
    world.host.edit(numbers[1])
    assert minutes(world, 1) == {numbers[1]: 1}
    assert minutes(world, 1) == {}


def test_a_label_that_came_to_ask_for_break_glass_or_no_more_is_looked_at_although_nothing_was_touched(
    world: World,
) -> None:
    """It was renamed: the pull request itself stays as it was."""
    publish(world)
    numbers = propose(world, 3)
    wait_for_quiet(world)
    for body in ("without a reason", None):
        world.host.ask_break_glass(numbers[1], body)
        assert minutes(world, 1) == {numbers[1]: 1}
        minutes(world, 1)  # it is green no more, or again, which is told apart too
    assert minutes(world, 1) == {}


@pytest.fixture
def waiting(world: World) -> int:
    """A pull request to production that waits for its first approval, all by itself."""
    fields = ready_for_production(world)
    return world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})


def test_a_moment_whose_timer_was_lost_is_looked_at_by_the_next_sweep(world: World, waiting: int) -> None:
    """ATTACKS 119."""
    begun = world.clock.moment
    for hours, kind in ((12, "reminder"), (20, "escalation"), (24, "expired")):
        world.travel(begun + timedelta(hours=hours) - MINUTE - MINUTE)
        minutes(world, 1)
        world.queue.timers.clear()
        assert minutes(world, 1)[waiting] == 1
        assert kinds(world, waiting)[-1] == kind


def test_the_end_of_break_glass_whose_timer_was_lost_is_looked_at_by_the_next_sweep(world: World, waiting: int) -> None:
    world.host.ask_break_glass(waiting, "Break-glass-reason: x\nBreak-glass-ticket: INC-1")
    world.look(f"pull/{waiting}")
    world.travel(world.clock.moment + timedelta(hours=4) - MINUTE - MINUTE)
    minutes(world, 1)
    world.queue.timers.clear()
    minutes(world, 1)
    assert "too long ago" in world.check(waiting, "dvo/policy").summary


def test_a_dismissed_objection_is_noticed_by_the_next_sweep_although_nothing_was_touched(
    world: World, waiting: int
) -> None:
    """ATTACKS 119."""
    objection = world.host.review(waiting, world.account("rita-release"), ReviewState.CHANGES_REQUESTED)
    world.look(f"pull/{waiting}")
    minutes(world, 2)
    world.host.dismiss(waiting, objection)
    assert minutes(world, 1) == {waiting: 1}
    assert "requests changes" not in world.check(waiting, "dvo/approval").summary


def test_a_moved_base_is_looked_at_once_by_whatever_sweep_comes_first(world: World) -> None:
    publish(world)
    numbers = propose(world, 3)
    wait_for_quiet(world)
    for webhook in (["main", "sweep"], []):
        merged = world.propose("dana-dev", f"readme-{len(webhook)}", {"README.md": f"{webhook}\n"})
        assert minutes(world, 1) == {merged: 1}
        world.host.merge(merged, by=world.account("dana-dev"))
        world.look(*webhook)
        assert minutes(world, 1).keys() == (set() if webhook else {merged, *numbers})
        assert minutes(world, 1) == {}


def test_what_is_closed_without_a_word_is_looked_at_once_more(world: World) -> None:
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.look("sweep")
    world.host.edit(number, state=PullRequestState.CLOSED)
    assert minutes(world, 2) == {number: 1}
    assert len(world.events(EventType.APPROVAL_CANCELLED, f"pull/{number}")) == 1


def test_people_who_changed_are_looked_at_again_when_no_replica_remembers_them_otherwise(world: World) -> None:
    """Another replica may look with members it remembers, for up to a minute."""
    publish(world)
    (number,) = propose(world, 1)
    wait_for_quiet(world)
    world.directory.people.pop()
    assert minutes(world, 1) == {number: 1}
    assert (world.clock.moment + MINUTE, f"pull/{number}") in world.queue.timers


@pytest.mark.parametrize("error", [UnavailableError("down", component="github"), InputError("too large")])
@pytest.mark.parametrize("method", ["compare", "contents", "may_write"])
def test_what_cannot_be_told_equals_nothing(world: World, method: str, error: ControllerError) -> None:
    publish(world)
    (number,) = propose(world, 1)
    world.look("sweep")
    world.look("changes")
    world.host.trouble[method] = error
    assert minutes(world, 3)[number] == 3
    world.host.trouble.clear()
    assert minutes(world, 1)[number] == 1
    assert minutes(world, 2)[number] <= 1


def test_what_could_not_be_marked_is_marked_next_time(world: World) -> None:
    publish(world)
    (number,) = propose(world, 1)
    wait_for_quiet(world)
    known = dict(world.index.facts)
    world.host.edit(number, is_draft=True)
    world.queue = _Away()
    away = world.wired()
    with pytest.raises(UnavailableError):
        away.look_at("changes")
    assert world.index.facts == known


class _Away(MemoryQueue):
    """A queue whose database is away when a pull request is marked."""

    def mark(self, marks: Sequence[Mark]) -> None:
        if any(mark.key.startswith("pull/") for mark in marks):
            raise UnavailableError("it is away", component="database")
        super().mark(marks)


@pytest.mark.parametrize(
    "text", [None, "", "no", "[]", "7", '{"x": ["a", "b"]}', '{"7": 1}', '{"7": ["a"]}', '{"7": ["a", "b"]}']
)
def test_a_memory_that_cannot_be_read_is_none(text: str | None) -> None:
    assert read_survey(text) == {}


def test_a_survey_is_remembered_as_it_was() -> None:
    survey = {7: Standing("a", "b", is_admitted=True), 8: Standing("c", None, is_admitted=False)}
    assert read_survey(survey_document(survey)) == survey
