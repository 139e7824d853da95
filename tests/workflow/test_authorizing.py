"""One function says who may do what at every door, and writes down each answer."""

import uuid
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.adapters.opa.servers import OpaServers
from controller.errors import PolicyError, UnavailableError
from controller.identity.principal import Principal
from controller.ledger.event import EventType
from controller.policy.authorization import Permission
from controller.ports.journal import Mark
from controller.workflow.authorizing import Authorizing, Denied, Entry, Granted
from controller.workflow.chronicle import Chronicle
from controller.workflow.unadmitted import Unadmitted
from tests.workflow.steps import DEVELOPMENT, edited
from tests.workflow.test_refusals import BrokenEngine
from tests.workflow.world import World

ENTRY = Entry("api", "pull/7", {"comment": 5}, (Mark("pull/7"),))


def authorizing(world: World) -> Authorizing:
    chronicle = Chronicle(world.journal, world.workflows.sealer, world.clock, lambda: str(uuid.uuid4()))
    return Authorizing(Unadmitted(world.host, chronicle.history), world.engine, chronicle, "main")


def somebody(world: World, login: str) -> Principal | None:
    return world.directory.look_up(frozenset(), frozenset(), frozenset({login})).by_login[login]


def test_what_a_role_permits_is_granted_and_marked_in_one_write(world: World) -> None:
    answer = authorizing(world).may(somebody(world, "dana-dev"), Permission.VALIDATE, ENTRY)
    assert isinstance(answer, Granted)
    [event] = world.events(EventType.AUTHZ_GRANTED, "pull/7")
    assert (event.id, event.actor) == (answer.event, "github:1001")
    assert event.details == {"permission": "validate", "door": "api", "comment": 5}
    assert world.queue.take() == "pull/7"


@pytest.mark.parametrize(
    ("login", "permission", "reason"),
    [
        ("vera-view", Permission.VALIDATE, "no group of theirs gives validate"),
        ("nobody-knows", Permission.VIEW_STATUS, "the directory does not know this account"),
    ],
)
def test_what_no_role_permits_is_denied_and_marks_nothing(
    world: World, login: str, permission: Permission, reason: str
) -> None:
    world.settle()
    assert authorizing(world).may(somebody(world, login), permission, ENTRY) == Denied(reason)
    [event] = world.events(EventType.AUTHZ_DENIED, "pull/7")
    assert event.details["reason"] == reason
    assert world.queue.take() == "seal"
    assert world.queue.take() is None


@pytest.mark.parametrize("error", [PolicyError("it is undefined"), UnavailableError("it is slow", component="opa")])
def test_an_engine_without_an_answer_permits_nothing_and_says_why(world: World, error: Exception) -> None:
    """ATTACKS 044."""
    world.engine = BrokenEngine(error)  # type: ignore[assignment]  # it keeps only the failing part of the port
    answer = authorizing(world).may(somebody(world, "ada-admin"), Permission.VIEW_STATUS, ENTRY)
    assert isinstance(answer, Denied)
    assert str(error) in answer.reason


@pytest.mark.parametrize("method", ["compare", "snapshot", "contents"])
def test_policies_that_cannot_be_read_permit_nothing(world: World, method: str) -> None:
    world.host.trouble[method] = UnavailableError("GitHub is down", component="github")
    answer = authorizing(world).may(somebody(world, "ada-admin"), Permission.VIEW_STATUS, ENTRY)
    assert isinstance(answer, Denied)
    assert "GitHub is down" in answer.reason


def test_only_the_policies_of_main_answer(world: World) -> None:
    """A pull request that gives everybody everything gives nobody anything before it merges."""
    parameters = "policies/rego/dvo/parameters/data.yaml"
    widened = world.file(parameters).replace(b"viewer: [DVO-Viewers]", b"viewer: [DVO-Viewers]\n  admin: [DVO-Viewers]")
    world.propose("vera-view", "widen", {parameters: widened})
    answer = authorizing(world).may(somebody(world, "vera-view"), Permission.MANAGE_POLICIES, ENTRY)
    assert isinstance(answer, Denied)


def test_policies_that_were_pushed_past_everybody_permit_nothing(world: World) -> None:
    """ATTACKS 079, 088: neither before the push is refused nor after that, until they are admitted."""
    parameters = "policies/rego/dvo/parameters/data.yaml"
    vera, before = somebody(world, "vera-view"), world.file(parameters)
    widened = before.replace(b"viewer: [DVO-Viewers]", b"viewer: []").replace(b"[DVO-Admins]", b"[DVO-Viewers]")
    world.host.push_main({parameters: widened}, by=world.account("ada-admin"))
    for seconds in (0, 31):
        world.travel(world.clock.moment + timedelta(seconds=seconds))
        world.look("main")
        assert isinstance(authorizing(world).may(vera, Permission.MANAGE_POLICIES, ENTRY), Denied)
        assert isinstance(authorizing(world).may(vera, Permission.VIEW_STATUS, ENTRY), Granted)
    assert len(world.events(EventType.DEPLOY_REFUSED)) == 1


def test_before_main_was_ever_looked_at_its_tip_answers(engine: OpaServers, pool: Executor) -> None:
    fresh = World(engine, pool)
    assert isinstance(authorizing(fresh).may(somebody(fresh, "vera-view"), Permission.VIEW_STATUS, ENTRY), Granted)
    fresh.host.trouble["tip"] = UnavailableError("GitHub is down", component="github")
    assert isinstance(authorizing(fresh).may(somebody(fresh, "vera-view"), Permission.VIEW_STATUS, ENTRY), Denied)


def test_a_standing_says_which_groups_give_which_role(world: World) -> None:
    dana = somebody(world, "dana-dev")
    assert dana is not None
    standing = authorizing(world).standing(dana)
    assert set(standing.roles) == {"viewer", "developer"}
    assert Permission.DEPLOY_DEV in standing.permissions


def test_a_change_of_roles_between_two_looks_is_told_once(world: World) -> None:
    dana = somebody(world, "dana-dev")
    assert dana is not None
    asking = authorizing(world)
    for principal in (dana, dana, replace(dana, groups=frozenset({"DVO-Viewers"})), replace(dana, groups=frozenset())):
        asking.standing(principal)
        # Another replica, or this one after a restart, knows what was told.
        authorizing(world).standing(principal)
    told = [event.details for event in world.events(EventType.AUTHZ_ROLE_CHANGE, dana.id)]
    assert told == [
        {"before": None, "after": ["developer", "viewer"]},
        {"before": ["developer", "viewer"], "after": ["viewer"]},
        {"before": ["viewer"], "after": []},
    ]


def test_roles_are_watched_where_pull_requests_are_judged_too(world: World) -> None:
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas="2")})
    world.look(f"pull/{number}")
    [first] = world.events(EventType.AUTHZ_ROLE_CHANGE, "github:1001")
    assert first.details["after"] == ["developer", "viewer"]
    [at] = [index for index, person in enumerate(world.directory.people) if person.login == "dana-dev"]
    world.directory.people[at] = replace(world.directory.people[at], groups=frozenset({"DVO-Viewers"}))
    world.look(f"pull/{number}")
    newest = world.events(EventType.AUTHZ_ROLE_CHANGE, "github:1001")[-1]
    assert newest.details == {"before": ["developer", "viewer"], "after": ["viewer"]}
