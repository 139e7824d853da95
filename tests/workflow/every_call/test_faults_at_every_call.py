"""One fault at every single call of a judgement: nothing undeserved is ever green or runs, and it recovers.

Which calls there are is found by a look without trouble, so a new call is covered by itself. The contents of
files are read by an id that says what they are, all by the same code: there each read meets one kind of trouble
and every kind meets several reads.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import cycle

import pytest

from controller.ports.policy_engine import PolicyEngine
from controller.sandbox.faults import Fault
from tests.workflow.every_call.stage import Moment, Outcome, Stage
from tests.workflow.every_call.troubles import LIE, READS, Call, befalling
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production

_TRIES = 4
"""On a busy machine another call may be late before the one that is meant, and the look ends without it."""
POLICY, APPROVAL, DEPLOY = "dvo/policy", "dvo/approval", "dvo/deploy"


@dataclass(frozen=True)
class Told:
    """A story up to the look in question: what is looked at, what that needs, and what it deserves."""

    begins: Moment
    keys: tuple[str, ...]
    calls: tuple[Call, ...]
    at_once: Outcome
    in_the_end: Outcome


@dataclass
class Stories:
    """The stories of one stage, told when they are first asked for."""

    stage: Stage
    fields: dict[str, object]
    start: Moment
    told: dict[str, Told]

    def tell(self, name: str) -> Told:
        """Return what comes of a story when nothing goes wrong."""
        if name not in self.told:
            stage = self.stage
            stage.back_to(self.start)
            keys = STORIES[name](stage, self.fields)
            begins = stage.moment()
            stage.back_to(begins)
            calls = stage.recorded(*keys)
            assert stage.world.failures == []
            at_once = stage.outcome()
            stage.recover(*keys)
            assert stage.world.failures == []
            self.told[name] = Told(begins, keys, calls, at_once, stage.outcome())
        return self.told[name]

    def suffer(self, told: Told, call: Call) -> list[str]:
        """Let one trouble after another befall `call` and return what was wrong with the course of that, if anything.

        Each look is also the first try to make good what the one before left; when its calls are
        not those of the beginning any more, the story begins again.
        """
        found = []
        self.stage.back_to(told.begins)
        for name, fault in befalling(call).items():
            if not self.stage.troubled(replace(fault), *told.keys):
                found += self._recovered(told, name)
                if not any(self._begun_again(told, fault) for _ in range(_TRIES)):
                    found.append(f"{name}: the call was not made")
            found += [f"{name}: {wrong}" for wrong in self.stage.outcome().beyond(told.at_once)]
        found += self._recovered(told, "the last")
        self.stage.back_to(told.begins)
        self.stage.troubled(call.befallen(LIE), *told.keys)
        return found + [f"a lie: {wrong}" for wrong in self.stage.outcome().beyond(told.at_once)]

    def _begun_again(self, told: Told, fault: Fault) -> bool:
        """Let `fault` befall the story from its beginning, and tell whether it did."""
        self.stage.back_to(told.begins)
        return self.stage.troubled(replace(fault), *told.keys)

    def _recovered(self, told: Told, last: str) -> list[str]:
        """Let everything be made good and return what is not."""
        self.stage.recover(*told.keys)
        return [f"before {last}: {wrong}" for wrong in self.stage.outcome().other_than(told.in_the_end)]


Story = Callable[[Stage, dict[str, object]], tuple[str, ...]]


def _proposed(stage: Stage, fields: dict[str, object], replicas: int) -> int:
    world = stage.world
    return world.propose("omar-ops", "topic", {PRODUCTION: edited(world.file(PRODUCTION), **fields, replicas=replicas)})


def _pushed(stage: Stage, fields: dict[str, object], replicas: int) -> None:
    content = edited(stage.world.file(PRODUCTION), **fields, replicas=replicas)
    stage.host.push("topic", {PRODUCTION: content}, by=stage.world.account("omar-ops"))


def _main_moves(stage: Stage) -> None:
    """Let somebody else's harmless change be merged, so that every comparison with main is another."""
    world = stage.world
    number = world.propose("dana-dev", "other", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=4)})
    world.merge("dana-dev", number)


def an_approval_of_something_else(stage: Stage, fields: dict[str, object]) -> tuple[str, ...]:
    """Red: what was approved was replaced; it was looked at before main moved."""
    number = _proposed(stage, fields, 2)
    stage.world.approve("rita-release", number)
    assert stage.world.conclusions(number) == ("success", "success")
    _pushed(stage, fields, 9)
    stage.look(f"pull/{number}")
    assert stage.world.conclusions(number) == ("success", "action_required")
    _main_moves(stage)
    _pushed(stage, fields, 8)
    return (f"pull/{number}",)


def an_approval_of_what_is_there(stage: Stage, fields: dict[str, object]) -> tuple[str, ...]:
    """Green for the last head; what was there before was never approved."""
    number = _proposed(stage, fields, 9)
    _pushed(stage, fields, 2)
    stage.look(f"pull/{number}")
    assert stage.world.conclusions(number) == ("success", "action_required")
    _main_moves(stage)
    stage.host.review(number, stage.world.account("rita-release"))
    return (f"pull/{number}",)


def a_merge_that_was_approved(stage: Stage, fields: dict[str, object]) -> tuple[str, ...]:
    """To be rolled out."""
    number = _proposed(stage, fields, 2)
    stage.world.approve("rita-release", number)
    stage.host.merge(number, by=stage.world.account("omar-ops"))
    return ("main",)


def a_merge_of_something_else(stage: Stage, fields: dict[str, object]) -> tuple[str, ...]:
    """To be refused, and put back: pushed and merged before anybody looked."""
    number = _proposed(stage, fields, 2)
    stage.world.approve("rita-release", number)
    _pushed(stage, fields, 9)
    stage.host.merge(number, by=stage.world.account("omar-ops"))
    return ("main",)


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        an_approval_of_something_else,
        an_approval_of_what_is_there,
        a_merge_that_was_approved,
        a_merge_of_something_else,
    )
}


@pytest.fixture(scope="module")
def stories(engine: PolicyEngine, pool: Executor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stories]:
    stage = Stage(engine, pool, tmp_path_factory.mktemp("every-call"))
    stage.look("main")
    fields = dict(ready_for_production(stage.world))
    yield Stories(stage, fields, stage.moment(), {})
    stage.host.close()


@pytest.mark.parametrize("story", STORIES)
def test_no_fault_at_any_call_grants_what_is_not_deserved_and_all_is_made_good(stories: Stories, story: str) -> None:
    """ATTACKS 010, 029, 044."""
    told = stories.tell(story)
    calls = [call for call in told.calls if not call.is_of_an_object]
    assert {call.method for call in calls} >= {"GET", "POST"}
    wrong = {call: found for call in calls if (found := stories.suffer(told, call))}
    assert wrong == {}, "\n".join(f"{call}\n  " + "\n  ".join(found) for call, found in wrong.items())


def test_no_fault_at_any_read_of_a_file_grants_what_is_not_deserved_and_all_is_made_good(stories: Stories) -> None:
    """ATTACKS 010, 044."""
    stage, told = stories.stage, stories.tell(an_approval_of_what_is_there.__name__)
    stage.back_to(told.begins, contents="cold")
    calls = sorted(call for call in stage.recorded(*told.keys) if call.is_of_an_object)
    troubles = [name for name in READS if name != "stale"]
    assert len(calls) > 2 * len(troubles)
    stage.back_to(told.begins, contents="colder")
    for call, name in zip(calls, cycle(troubles), strict=False):
        fault = befalling(call)[name]
        assert any(stage.troubled(replace(fault), *told.keys) for _ in range(_TRIES)), (call, name)
        assert stage.outcome().beyond(told.at_once) == [], (call, name)
    stage.recover(*told.keys)
    assert stage.outcome().other_than(told.in_the_end) == []
