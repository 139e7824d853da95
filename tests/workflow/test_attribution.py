"""Nobody approves what they made themselves, whoever is named as its author."""

import pytest

from tests.fakes.code_host import WEB_FLOW
from tests.fakes.git_objects import Authorship, Signature
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, bring, edited, ready_for_production
from tests.workflow.world import World


def test_whoever_pushed_a_commit_in_anothers_name_cannot_approve_after_the_other_pushed_on_top(world: World) -> None:
    """ATTACKS 017: rita pushes a change that names omar as its author, omar pushes a remark, rita approves."""
    fields = ready_for_production(world)
    omar = world.account("omar-ops")
    manifest = edited(world.file(PRODUCTION), **fields)
    world.host.push("prod", {PRODUCTION: manifest}, by=world.account("rita-release"), who=world.host.authorship(omar))
    world.host.push("prod", {PRODUCTION: manifest + b"# a remark\n"}, by=omar)
    number = world.host.open_pull_request("prod", by=omar)
    world.approve("rita-release", number)
    assert world.conclusions(number)[1] == "action_required"
    assert "as pusher" in world.check(number, "dvo/approval").summary
    world.approve("ravi-release", number)
    assert world.conclusions(number) == ("success", "success")


def test_whoever_pushed_a_commit_first_cannot_approve_after_another_pushed_the_same_again(world: World) -> None:
    """ATTACKS 017: rita pushes a change that names omar as its author, and omar's account pushes that very commit."""
    fields = ready_for_production(world)
    omar, rita = world.account("omar-ops"), world.account("rita-release")
    start = world.host.branches["main"]
    manifest = edited(world.file(PRODUCTION), **fields)
    head = world.host.push("prod", {PRODUCTION: manifest}, by=rita, who=world.host.authorship(omar))
    number = world.host.open_pull_request("prod", by=omar)
    world.look(f"pull/{number}")
    world.host.move("prod", start, by=omar)
    world.host.move("prod", head, by=omar)
    world.approve("rita-release", number)
    assert world.conclusions(number)[1] == "action_required"
    assert "as pusher" in world.check(number, "dvo/approval").summary
    world.approve("ravi-release", number)
    assert world.conclusions(number) == ("success", "success")


@pytest.mark.parametrize(("typed", "counts"), [({}, True), ({"replicas": 4}, False)], ids=["clean", "typed"])
def test_whoever_resolves_a_conflict_on_githubs_page_cannot_approve_what_they_typed(
    world: World, typed: dict[str, object], *, counts: bool
) -> None:
    """ATTACKS 017: it looks like the update-branch button; nobody can say who pushed it, so two are needed."""
    fields = ready_for_production(world)
    manifest = edited(world.file(PRODUCTION), **fields)
    number = world.propose("omar-ops", "prod", {PRODUCTION: manifest})
    bring(world, "omar-ops", DEVELOPMENT, {"replicas": 3}, "dev")
    rita = world.host.signature(world.account("rita-release"))
    on_page = Authorship(rita, Signature(WEB_FLOW, "noreply@github.com"), is_verified=True)
    parents = (world.host.branches["prod"], world.host.branches["main"])
    files = {DEVELOPMENT: world.file(DEVELOPMENT), PRODUCTION: edited(manifest, **typed)}
    world.host.move("prod", world.host.commit(files, parents=parents, who=on_page).sha, by=None)
    world.approve("ravi-release", number)
    world.approve("rita-release", number)
    assert (world.conclusions(number)[1] == "success") is counts
    assert ("as commit author" in world.check(number, "dvo/approval").summary) is not counts


def test_an_update_by_hand_of_a_file_both_sides_changed_attributes_who_made_it(world: World) -> None:
    """ATTACKS 017: which side's file stands there was somebody's choice."""
    fields = ready_for_production(world)
    mine = edited(world.file(PRODUCTION), **fields)
    number = world.propose("omar-ops", "prod", {PRODUCTION: mine})
    other = world.propose("omar-ops", "other", {PRODUCTION: world.file(PRODUCTION) + b"# a remark\n"})
    world.merge("omar-ops", other)
    rita = world.host.signature(world.account("rita-release"))
    on_page = Authorship(rita, Signature(WEB_FLOW, "noreply@github.com"), is_verified=True)
    parents = (world.host.branches["prod"], world.host.branches["main"])
    world.host.move("prod", world.host.commit({PRODUCTION: mine}, parents=parents, who=on_page).sha, by=None)
    world.approve("ravi-release", number)
    world.approve("rita-release", number)
    assert world.conclusions(number)[1] == "action_required"
    assert "as commit author" in world.check(number, "dvo/approval").summary
