"""Admitted policies that answer nothing any more: a pull request mends them, judged by the newest that still do."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from controller.errors import PolicyError, UnavailableError
from controller.ledger.event import EventType
from controller.policy.answer import Answer
from controller.policy.bundle import PolicyBundle
from controller.ports.policy_engine import PolicyEngine
from tests.fakes.directory import Person
from tests.workflow.steps import DEVELOPMENT
from tests.workflow.test_broken_policy import LATE, RULE, proposed
from tests.workflow.world import World

BROKEN = LATE.replace("count(input.deployments) > 0", 'input.now >= "2027-03-10"')
"""From then on it answers every question with something malformed."""
ADMINS = ("alma-admin", "axel-admin")


@pytest.fixture
def broken(world: World) -> World:
    """A world with three administrators whose admitted policies answer nothing any more."""
    for number, login in enumerate(ADMINS, 2001):
        world.host.person(login, id=number)
        groups = frozenset({"DVO-Admins"})
        world.directory.people.append(Person(login, number, (f"{login}@example.com",), groups, mfa=True))
    world.host.team("acme-agents", "admins", *map(world.account, ("ada-admin", *ADMINS, "rita-release")))
    bring_policy(world, "late", BROKEN)
    world.travel(world.clock.moment + timedelta(days=2))
    world.look("main", "sweep")
    return world


def bring_policy(world: World, branch: str, content: str | None) -> str:
    number = world.propose("ada-admin", branch, {RULE: content})
    world.approve("alma-admin", number)
    assert world.conclusions(number) == ("success", "success")
    return world.merge("ada-admin", number)


def test_two_administrators_mend_what_answers_nothing_and_everything_is_judged_again(broken: World) -> None:
    world, other = broken, proposed(broken, "dev")
    assert world.conclusions(other)[0] == "failure"
    number = world.propose("ada-admin", "mend", {RULE: None})
    assert world.conclusions(number) == ("success", "action_required")
    assert "judged by the newest admitted ones that do" in world.check(number, "dvo/policy").summary
    world.approve("alma-admin", number)
    assert world.conclusions(number)[1] == "action_required"
    assert "policy-mending" in world.check(number, "dvo/approval").summary
    world.approve("rita-release", number)
    assert world.conclusions(number)[1] == "action_required", "rita owns it and is no administrator"
    world.approve("axel-admin", number)
    assert world.conclusions(number) == ("success", "success")
    told = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1]
    assert told.details["stood_in_by"] is not None
    merge = world.merge("ada-admin", number)
    assert world.events(EventType.POLICY_EVALUATED, f"merge/{merge}")[-1].details["outcome"] == "admitted"
    world.look("sweep")
    assert world.conclusions(other) == ("success", "success")
    assert world.events(EventType.DEPLOY_REFUSED) == ()


def test_the_author_is_none_of_the_two(broken: World) -> None:
    """ATTACKS 017."""
    number = broken.propose("alma-admin", "mend", {RULE: None})
    broken.approve("ada-admin", number)
    broken.approve("alma-admin", number)
    assert broken.conclusions(number)[1] == "action_required"


@pytest.mark.parametrize("path", [DEVELOPMENT, ".github/CODEOWNERS", "environments/development/environment.yaml"])
def test_whatever_else_a_change_touches_nothing_stands_in_for_it(broken: World, path: str) -> None:
    """ATTACKS 088: earlier policies judge nothing but policies."""
    number = broken.propose("ada-admin", "mend", {RULE: None, path: broken.file(path) + b"# more\nreplicas: 9\n"})
    for login in ADMINS:
        broken.approve(login, number)
    assert broken.conclusions(number)[0] == "failure"
    assert "gives no valid answer" in broken.check(number, "dvo/policy").summary


def test_policies_that_would_answer_nothing_either_mend_nothing(broken: World) -> None:
    number = broken.propose("ada-admin", "mend", {RULE: BROKEN + "\n# no better\n"})
    for login in ADMINS:
        broken.approve(login, number)
    assert broken.conclusions(number)[0] == "failure"
    assert "The policies this brings give no valid answer" in broken.check(number, "dvo/policy").summary


def test_the_newest_that_still_answers_stands_in_also_with_an_empty_database(broken: World) -> None:
    """What mended once and breaks later is followed back past both; what was never admitted is not."""
    number = broken.propose("ada-admin", "mend", {RULE: BROKEN.replace("2027-03-10", "2027-03-12")})
    for login in ADMINS:
        broken.approve(login, number)
    merge = broken.merge("ada-admin", number)
    broken.travel(broken.clock.moment + timedelta(days=2))
    broken.lose_database()
    again = broken.propose("ada-admin", "again", {RULE: None})
    told = broken.events(EventType.POLICY_EVALUATED, f"pull/{again}")[-1]
    assert told.details["stood_in_by"] not in (None, merge)
    assert broken.conclusions(again) == ("success", "action_required")


def test_policies_that_were_pushed_past_the_gate_stand_in_for_nobody(world: World) -> None:
    """ATTACKS 079: only what was admitted judges; a mend that brings along what was refused is refused."""
    world.look("main")
    world.host.push_main({RULE: LATE.replace("count(input.deployments) > 0", "true")}, by=world.account("ada-admin"))
    world.look("main")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.look("main", "sweep")
    number = world.propose("ada-admin", "other", {"policies/rego/company/more.md": "more"})
    assert world.conclusions(number)[0] == "failure"
    assert "which was refused" in world.check(number, "dvo/policy").summary
    back = world.propose("ada-admin", "back", {RULE: None})
    assert world.conclusions(back) == ("success", "action_required")


class DownForOthers:
    """An engine that has no time for any policies but those it finds malformed first."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine, self._bundles = engine, set[str]()

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        try:
            answer = self._engine.decide(bundle, document)
        except PolicyError:
            self._bundles.add(bundle.digest)
            raise
        if self._bundles:
            raise UnavailableError("it is slow", component="opa")
        return answer


def test_an_engine_that_does_not_answer_is_nothing_that_earlier_policies_stand_in_for(broken: World) -> None:
    """ATTACKS 086."""
    broken.engine = DownForOthers(broken.engine)  # type: ignore[assignment]  # it keeps only the part of the port that judges
    broken.workflows = broken.wired()
    number = broken.propose("ada-admin", "mend", {RULE: None})
    assert broken.conclusions(number)[0] == "failure"
    assert "gave no answer" in broken.check(number, "dvo/policy").summary
