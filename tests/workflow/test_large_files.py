"""A file larger than is ever read, pushed straight to main: only what touches it stands still."""

from datetime import timedelta

import pytest

from controller.change.facts import LARGEST_FILE
from controller.decision.check import Conclusion
from controller.ledger.event import EventType
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, STAGING, bring, edited, publish
from tests.workflow.world import World

LARGE = b"#" * (LARGEST_FILE + 1)
LIBRARY = "policies/rego/company/large.rego"


def pushed(world: World, path: str) -> None:
    """Push a large file past everybody and wait until that is told."""
    world.look("main")
    world.host.push_main({path: LARGE}, by=world.account("ada-admin"))
    world.look("main")
    world.travel(world.clock.moment + timedelta(seconds=31))
    world.settle()
    assert len(world.events(EventType.DEPLOY_REFUSED)) == 1


@pytest.mark.parametrize("path", [STAGING, "agents/gha/kb/large.md", "environments/development/gha.yaml"])
def test_a_large_file_on_main_stops_only_what_touches_it(world: World, path: str) -> None:
    fields = publish(world)
    pushed(world, path)
    merge = bring(world, "dana-dev", DEVELOPMENT, fields, "dev")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
    number = world.propose("omar-ops", "touches", {path: LARGE + b"\n"})
    assert world.conclusions(number)[0] == "failure"
    shown = world.check(number, "dvo/policy")
    assert path in {note.path for note in shown.annotations if "cannot be read" in note.message}


def test_a_large_file_can_be_put_back_and_the_way_is_free_again(world: World) -> None:
    fields = publish(world)
    before = world.file(STAGING)
    pushed(world, STAGING)
    number = world.propose("omar-ops", "back", {STAGING: before})
    assert world.conclusions(number) == ("success", "success")
    world.merge("omar-ops", number)
    assert world.events(EventType.CONFIG_CHANGED, "main/clean") != ()
    bring(world, "omar-ops", STAGING, fields, "staging")


def test_large_policies_answer_nothing_and_name_the_file(world: World) -> None:
    pushed(world, LIBRARY)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number)[0] == "failure"
    summary = world.check(number, "dvo/policy").summary
    assert "large.rego" in summary
    assert "its content cannot be read" in summary


@pytest.mark.parametrize("path", [LIBRARY, PRODUCTION, "agents/anl/kb/large.md", ".github/CODEOWNERS"])
def test_a_pull_request_that_brings_a_large_file_is_red_at_its_path(world: World, path: str) -> None:
    number = world.propose("ada-admin", "large", {path: LARGE})
    assert world.conclusions(number)[0] == "failure"
    shown = world.check(number, "dvo/policy")
    assert [note.message for note in shown.annotations if note.path == path and "cannot be read" in note.message]


def test_an_agent_whose_folder_holds_a_large_file_publishes_nothing(world: World) -> None:
    pushed(world, "agents/anl/kb/large.md")
    files = {"agents/anl/agent.yaml": edited(world.file("agents/anl/agent.yaml"), version="9.9.9")}
    number = world.propose("dana-dev", "release", files)
    assert world.conclusions(number)[0] == "failure"
    assert "agents/anl/kb/large.md" in {note.path for note in world.check(number, "dvo/policy").annotations}
