"""What is not known is never green: parts that fail, facts that lack, input that is bad."""

import pytest

from controller.decision.check import AnnotationLevel, Conclusion
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import PolicyError, UnavailableError
from controller.ledger.event import EventType
from tests.fakes.git_objects import Authorship, Signature
from tests.workflow.steps import DEVELOPMENT, bring, edited, publish
from tests.workflow.world import World

ANL_DEVELOPMENT = Key(EnvironmentName("development"), AgentCode("ANL"))


class BrokenEngine:
    """A policy engine that fails as the port says it may."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def decide(self, bundle: object, document: object) -> None:
        del bundle, document
        raise self.error

    def authorize(self, bundle: object, document: object) -> None:
        del bundle, document
        raise self.error

    def standing(self, bundle: object, document: object) -> None:
        del bundle, document
        raise self.error


@pytest.mark.parametrize(
    "error",
    [UnavailableError("it is down", component="opa"), PolicyError("decision is undefined")],
    ids=["down", "undefined"],
)
def test_a_policy_engine_without_an_answer_is_red_by_name_and_green_when_it_is_back(
    world: World, error: Exception
) -> None:
    """ATTACKS 044, 080, 086."""
    engine = world.engine
    world.engine = BrokenEngine(error)  # type: ignore[assignment]  # it keeps only the failing part of the port
    world.workflows = world.wired()
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number) == ("failure", "failure")
    assert str(error) in world.check(number, "dvo/policy").summary
    assert [key for key, _ in world.failures] == [f"pull/{number}"]
    world.engine = engine
    world.workflows = world.wired()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def test_a_directory_without_an_answer_is_red_by_name_and_green_when_it_is_back(world: World) -> None:
    """ATTACKS 044."""
    world.directory.broken = "the file is gone"
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number) == ("failure", "failure")
    assert "directory of people gave no answer" in world.check(number, "dvo/policy").summary
    world.directory.broken = None
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


@pytest.mark.parametrize(
    "method", ["compare", "reviews", "snapshot", "contents", "team_members", "may_write", "pushes"]
)
def test_a_code_host_that_fails_at_any_read_leaves_nothing_green(world: World, method: str) -> None:
    """ATTACKS 010, 044."""
    world.host.trouble[method] = UnavailableError("502", component="github")
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    head = world.host.branches["dev"]
    assert (head, "dvo/policy") not in world.host.checks or method in ("team_members", "may_write")
    world.host.trouble.clear()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def test_an_unknown_author_is_refused(world: World) -> None:
    world.host.person("stranger")
    number = world.propose("stranger", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number)[0] == "failure"
    assert "does not know who opened this change" in world.check(number, "dvo/policy").summary


def test_a_commit_of_nobody_is_refused_by_its_id(world: World) -> None:
    """ATTACKS 017."""
    nobody = Signature(None, "nobody@nowhere.example")
    who = Authorship(nobody, nobody)
    sha = world.host.push(
        "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)}, by=world.account("dana-dev"), who=who
    )
    number = world.host.open_pull_request("dev", by=world.account("dana-dev"))
    world.look(f"pull/{number}")
    assert sha[:12] in world.check(number, "dvo/policy").summary


def test_a_draft_never_passes(world: World) -> None:
    """ATTACKS 011."""
    number = world.host.open_pull_request(
        "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)}, by=world.account("dana-dev")
    )
    world.host.edit(number, is_draft=True)
    world.look(f"pull/{number}")
    assert world.conclusions(number)[0] == "failure"
    world.host.edit(number, is_draft=False)
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def test_a_fork_and_another_base_get_no_judgement(world: World) -> None:
    fork = world.host.open_pull_request(
        "fork", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)}, by=world.account("dana-dev"), is_fork=True
    )
    world.look(f"pull/{fork}")
    assert world.host.checks == {}


def test_a_change_to_both_rules_and_deployments_is_refused(world: World) -> None:
    """ATTACKS 088."""
    files = {
        DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3),
        "policies/rego/company/loose.rego": b"package company\n",
    }
    number = world.propose("dana-dev", "both", files)
    assert world.conclusions(number)[0] == "failure"
    assert "Split it" in world.check(number, "dvo/policy").summary


def test_a_change_of_policy_is_judged_by_the_policy_of_main_and_needs_its_owners(world: World) -> None:
    """ATTACKS 088: the pull request that removes a rule is judged with that rule."""
    number = world.propose("dana-dev", "loosen", {"policies/rego/rules/mc_prod_approval.rego": None})
    assert world.conclusions(number)[1] == "action_required"
    assert "mc-prod-approval" in world.check(number, "dvo/policy").text
    world.approve("rita-release", number)
    assert world.conclusions(number)[1] == "action_required"
    world.approve("ada-admin", number)
    assert world.conclusions(number)[1] == "success"


FAULTY = {
    "unknown key": (b"replica: 2\n", "replica"),
    "duplicate key": (b"replicas: 2\n", "replicas"),
    "alias": (b"labels: &a {}\n", "labels"),
    "wrong type": (b"regions: 5\n", "regions"),
}


@pytest.mark.parametrize(("line", "names"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_manifest_is_annotated_at_its_line_and_hides_nothing_else(
    world: World, line: bytes, names: str
) -> None:
    """ATTACKS 122, 123, 124, 128."""
    good = "environments/development/gha.yaml"
    content = world.file(DEVELOPMENT)
    if names == "regions":
        content = b"\n".join(row for row in content.split(b"\n") if not row.startswith(b"regions"))
    number = world.propose("dana-dev", "bad", {DEVELOPMENT: content + line, good: edited(world.file(good), replicas=4)})
    check = world.check(number, "dvo/policy")
    assert check.conclusion is Conclusion.FAILURE
    lines = (content + line).decode().splitlines()
    notes = [note for note in check.annotations if note.path == DEVELOPMENT and note.level is AnnotationLevel.FAILURE]
    assert any(lines[note.line - 1].startswith(names) for note in notes)
    assert "`GHA`" in check.summary


def test_a_faulty_agent_definition_is_told_in_the_pull_request(world: World) -> None:
    path = "agents/anl/agent.yaml"
    content = world.file(path).replace(b"version: 1.0.0", b"version: 1.1.0") + b"nonsense: true\n"
    number = world.propose("dana-dev", "agent", {path: content})
    notes = world.check(number, "dvo/policy").annotations
    assert [note.line for note in notes if note.path == path] == [len(content.decode().splitlines())]


def test_agent_content_that_changes_under_a_published_version_is_refused(world: World) -> None:
    number = world.propose("dana-dev", "agent", {"agents/anl/kb/projections.md": b"# Other words\n\nThey changed.\n"})
    assert world.conclusions(number)[0] == "failure"


def test_a_new_version_that_fails_its_own_tests_never_takes_over(world: World) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    before = world.target.live(ANL_DEVELOPMENT)
    world.target.mute.add("ANL")
    merge = bring(world, "dana-dev", DEVELOPMENT, {"replicas": 2}, "dev2")
    assert world.target.live(ANL_DEVELOPMENT) == before
    check = world.check(merge, "dvo/deploy")
    assert check.conclusion is Conclusion.FAILURE
    assert "what ran before still runs" in check.summary
    [kept] = world.events(EventType.DEPLOY_ROLLED_BACK)
    assert kept.details["how"] == "kept"
    effects = len(world.target.effects)
    world.look("sweep")
    assert len(world.target.effects) == effects


def test_when_nothing_healthy_runs_any_more_the_last_good_plan_is_restored(world: World) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    good = world.target.live(ANL_DEVELOPMENT)
    assert good is not None
    world.target.mute.add("ANL")
    bring(world, "dana-dev", DEVELOPMENT, {"replicas": 2}, "dev2")
    world.target.mute.clear()
    world.target.crash(ANL_DEVELOPMENT)
    world.look("sweep")
    live = world.target.live(ANL_DEVELOPMENT)
    assert live is not None
    assert (live.plan, live.bundle) == (good.plan, good.bundle)
    assert world.events(EventType.DEPLOY_ROLLED_BACK)[-1].details["how"] == "restored"


def test_an_agent_that_died_is_started_again_as_it_was_admitted(world: World) -> None:
    bring(world, "dana-dev", DEVELOPMENT, publish(world), "dev")
    good = world.target.live(ANL_DEVELOPMENT)
    assert good is not None
    world.target.crash(ANL_DEVELOPMENT)
    world.look("sweep")
    live = world.target.live(ANL_DEVELOPMENT)
    assert live is not None
    assert (live.plan, live.bundle) == (good.plan, good.bundle)


def test_a_target_that_is_down_is_tried_again(world: World) -> None:
    fields = publish(world)
    world.target.is_down = True
    merge = bring(world, "dana-dev", DEVELOPMENT, fields, "dev")
    assert world.failures[-1][0] == "deployment/development/ANL"
    assert world.check(merge, "dvo/deploy").conclusion is None
    world.target.is_down = False
    world.look("sweep")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS
