"""What an attacker with a developer's rights, an impatient administrator or a false clock may try."""

from dataclasses import replace

import pytest

from controller.change.facts import PullRequest, PullRequestState, ReviewState
from controller.change.names import RepoPath
from controller.decision.check import Conclusion
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import InputError, PolicyError, UnavailableError
from controller.ledger.event import EventType
from tests.fakes.code_host import WEB_FLOW
from tests.fakes.git_objects import Authorship, Signature
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, bring, edited, publish, ready_for_production
from tests.workflow.test_refusals import BrokenEngine
from tests.workflow.world import MONDAY, SATURDAY, World

ANL_DEVELOPMENT_SUBJECT = "development/ANL"


def approved_for_production(world: World) -> int:
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "success")
    return number


def test_a_merge_that_is_not_judged_yet_is_never_shown_as_nothing_to_deploy(world: World) -> None:
    """ATTACKS 078: the sweep shows progress while the engine is down."""
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    engine = world.engine
    world.engine = BrokenEngine(UnavailableError("it is down", component="opa"))  # type: ignore[assignment]
    world.workflows = world.wired()
    merge = world.merge("dana-dev", number)
    world.look("sweep")
    check = world.check(merge, "dvo/deploy")
    assert check.conclusion is None
    assert "judged" in check.title
    world.engine = engine
    world.workflows = world.wired()
    world.look("sweep")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_an_approval_repeated_after_the_merge_does_not_shadow_the_one_before(world: World) -> None:
    world.travel(SATURDAY)
    number = approved_for_production(world)
    merge = world.merge("omar-ops", number)
    world.host.review(number, world.account("rita-release"))
    world.travel(MONDAY)
    world.settle()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_an_approval_given_only_after_the_merge_does_not_count(world: World) -> None:
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    world.approve("rita-release", number)
    world.host.review(number, world.account("rita-release"), ReviewState.CHANGES_REQUESTED)
    merge = world.merge("omar-ops", number)
    world.host.review(number, world.account("rita-release"))
    world.travel(MONDAY)
    world.settle()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_a_review_dismissed_while_its_merge_is_held_stops_the_deployment(world: World) -> None:
    world.travel(SATURDAY)
    number = approved_for_production(world)
    merge = world.merge("omar-ops", number)
    [review] = world.host.reviews(number)
    world.host.dismiss(number, review.id)
    world.travel(MONDAY)
    world.settle()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_a_change_that_cannot_be_read_is_recorded_as_refused_and_judged_when_it_can(world: World) -> None:
    world.host.trouble["compare"] = InputError("251 commits lie between")
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    assert world.conclusions(number) == ("failure", "failure")
    [told] = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")
    assert told.details["outcome"] == "refused"
    world.look(f"pull/{number}")
    assert len(world.events(EventType.POLICY_EVALUATED, f"pull/{number}")) == 1
    world.host.trouble.clear()
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")


def test_a_merge_that_was_never_admitted_is_refused_even_when_it_cannot_be_judged(world: World) -> None:
    """ATTACKS 079: a bypass must not stay undecided because the policy of its base is broken."""
    number = world.host.open_pull_request(
        "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)}, by=world.account("dana-dev")
    )
    world.engine = BrokenEngine(PolicyError("decision is undefined"))  # type: ignore[assignment]
    world.workflows = world.wired()
    merge = world.merge("ada-admin", number)
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert refused.details["deployments"] == [ANL_DEVELOPMENT_SUBJECT]
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


def test_an_admission_of_another_head_does_not_count_even_with_the_same_effect(world: World) -> None:
    """ATTACKS 071: pushed after the last green check and merged past it."""
    content = edited(world.file(DEVELOPMENT), replicas=3)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: content})
    world.host.push("dev", {DEVELOPMENT: content + b"# smuggled\n"}, by=world.account("omar-ops"))
    merge = world.merge("ada-admin", number)
    [refused] = world.events(EventType.DEPLOY_REFUSED, f"merge/{merge}")
    assert "admitted" in str(refused.details["reason"])


def test_pushing_back_to_an_admitted_head_that_was_refused_since_does_not_revive_it(world: World) -> None:
    """ATTACKS 014, 077: the newest judgement of that very head and effect decides."""
    number = approved_for_production(world)
    head = world.host.pull_request(number).head
    [review] = world.host.reviews(number)
    world.host.dismiss(number, review.id)
    world.look(f"pull/{number}")
    world.host.push("prod", {"README.md": "more\n"}, by=world.account("omar-ops"))
    world.look(f"pull/{number}")
    world.host.move("prod", head, by=world.account("omar-ops"))
    merge = world.merge("ada-admin", number)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


PATHS = ["environments/development/\udcff.yaml", "agents/anl/kb/\udce9.md", "policies/\udcff.rego"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_no_text_is_refused_and_shown(world: World, path: str) -> None:
    """ATTACKS 005, 097."""
    number = world.propose("dana-dev", "odd", {path: "x\n"})
    assert world.failures == []
    assert world.conclusions(number)[0] == "failure"


def test_a_judgement_that_overlaps_its_own_merge_does_not_take_the_admission_back(world: World) -> None:
    """ATTACKS 008, 118: the state was read before the merge, the trees after it."""
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    open_still = world.host.pull_request(number)
    merge = world.host.merge(number, by=world.account("dana-dev"), method="squash")
    merged = world.host.pull_request(number)
    restore = _stale_once(world, open_still)
    world.look(f"pull/{number}")
    restore(merged)
    world.look("main")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def _stale_once(world: World, facts: PullRequest):  # type: ignore[no-untyped-def]
    """Make the host show a pull request as it was; the result puts it right."""
    pull = world.host._pulls[facts.number]  # noqa: SLF001 - the fake's own record
    pull.facts = facts

    def restore(merged: PullRequest) -> None:
        pull.facts = merged

    return restore


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_an_updated_branch_merges_in_each_way(world: World, method: str) -> None:
    """ATTACKS 075: a rebase leaves the merges of main out, so fewer commits than the pull request had."""
    fields = publish(world)
    first = edited(world.file(DEVELOPMENT), **fields)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: first})
    gha = "environments/development/gha.yaml"
    other = world.propose("omar-ops", "other", {gha: edited(world.file(gha), replicas=4)})
    world.merge("omar-ops", other)
    dana = world.account("dana-dev")
    on_page = Authorship(world.host.signature(dana), Signature(WEB_FLOW, "noreply@github.com"), is_verified=True)
    parents = (world.host.branches["dev"], world.host.branches["main"])
    updated = world.host.commit({gha: world.file(gha)}, parents=parents, who=on_page)
    world.host.move("dev", updated.sha, by=dana)
    world.host.push("dev", {DEVELOPMENT: edited(first, replicas=3)}, by=world.account("dana-dev"))
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")
    merge = world.merge("dana-dev", number, method)
    assert world.events(EventType.DEPLOY_REFUSED) == ()
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_a_change_on_top_of_a_held_one_falls_with_it(world: World) -> None:
    """ATTACKS 057: the approver of the first lost the role over the weekend; the second was approved by another."""
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    merges = []
    for branch, replicas, approver in (("one", 3, "rita-release"), ("two", 5, "ravi-release")):
        number = world.propose(
            "omar-ops", branch, {PRODUCTION: edited(world.file(PRODUCTION), **fields, replicas=replicas)}
        )
        world.approve(approver, number)
        assert world.conclusions(number) == ("success", "success")
        merges.append(world.merge("omar-ops", number))
    people = world.directory.people
    people[:] = [replace(one, groups=frozenset()) if one.login == "rita-release" else one for one in people]
    world.travel(MONDAY)
    world.workflows.look_at(f"merge/{merges[1]}")
    world.settle()
    assert [world.check(merge, "dvo/deploy").conclusion for merge in merges] == [Conclusion.FAILURE] * 2
    assert not [effect for effect in world.target.effects if effect.key.environment == "production"]


def test_a_held_merge_holds_up_only_what_builds_on_it(world: World) -> None:
    fields = ready_for_production(world)
    world.travel(SATURDAY)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    world.approve("rita-release", number)
    world.merge("omar-ops", number)
    merge = bring(world, "dana-dev", DEVELOPMENT, fields, "dev")
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.SUCCESS


def test_somebody_who_reviews_a_commit_that_cannot_be_read_stops_nobody(world: World) -> None:
    """ATTACKS 116: anybody who may read may review."""
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=3)})
    huge = world.host.push("dev", {"environments/development/huge.yaml": "x" * 9}, by=world.account("dana-dev"))
    world.host.push("dev", {"environments/development/huge.yaml": None}, by=world.account("dana-dev"))
    for state in (ReviewState.COMMENTED, ReviewState.APPROVED):
        world.host.review(number, world.account("vera-view"), state, commit=huge)
    blob = world.host.objects.trees[world.host.objects.commits[huge].tree][
        RepoPath("environments/development/huge.yaml")
    ]
    del world.host.objects.blobs[blob.blob]
    world.look(f"pull/{number}")
    assert world.conclusions(number) == ("success", "success")
    assert world.check(world.merge("dana-dev", number), "dvo/deploy").conclusion is Conclusion.SUCCESS


@pytest.mark.parametrize("content", ["package nonsense {", None], ids=["does not compile", "gone"])
def test_a_policy_that_could_judge_nothing_is_never_admitted(world: World, content: str | None) -> None:
    """ATTACKS 080: once on main it would refuse everything, its own mending included."""
    path = "policies/rego/rules/mc_audit_all.rego"
    number = world.propose("omar-ops", "broken", {path: content})
    world.approve("ada-admin", number)
    assert world.conclusions(number)[0] == "failure"
    assert "policy" in world.check(number, "dvo/policy").summary


def test_a_policy_that_judges_is_admitted_when_its_owners_approve(world: World) -> None:
    path = "policies/rego/rules/mc_audit_all.rego"
    number = world.propose("omar-ops", "better", {path: world.file(path) + b"\n# a remark\n"})
    world.approve("ada-admin", number)
    assert world.conclusions(number) == ("success", "success")
    merge = world.merge("omar-ops", number)
    assert world.check(merge, "dvo/deploy").title == "Nothing to deploy"


def test_the_green_check_of_another_pull_request_with_the_same_head_deploys_nothing(world: World) -> None:
    """ATTACKS 078: checks stand on commits, admissions on pull requests."""
    fields = ready_for_production(world)
    content = edited(world.file(PRODUCTION), **fields)
    borrowed = world.propose("dana-dev", "mine", {PRODUCTION: content})
    world.host.move("theirs", world.host.branches["mine"], by=world.account("omar-ops"))
    number = world.host.open_pull_request("theirs", by=world.account("omar-ops"))
    world.host.checks.clear()  # the second judgement of a commit takes its checks over
    world.look(f"pull/{number}")
    world.host.review(number, world.account("rita-release"))
    world.look(f"pull/{number}")
    merge = world.merge("dana-dev", borrowed)
    assert world.check(merge, "dvo/deploy").conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(("replicas", "ends"), [(3, Conclusion.SUCCESS), (9, Conclusion.FAILURE)])
def test_a_merge_made_by_hand_is_what_was_admitted_or_is_refused(world: World, replicas: int, ends: Conclusion) -> None:
    """ATTACKS 077, 079: GitHub takes a pull request for merged when its head becomes reachable."""
    manifest = world.file(DEVELOPMENT)
    number = world.propose("dana-dev", "dev", {DEVELOPMENT: edited(manifest, replicas=3)})
    ada = world.account("ada-admin")
    parents = (world.host.branches["main"], world.host.branches["dev"])
    files = {DEVELOPMENT: edited(manifest, replicas=replicas)}
    made = world.host.commit(files, parents=parents, who=world.host.authorship(ada))
    world.host.move("main", made.sha, by=ada)
    world.host.edit(
        number, state=PullRequestState.MERGED, merge_commit=made.sha, merged_by=ada, merged_at=world.clock.moment
    )
    world.look("main")
    assert world.check(made.sha, "dvo/deploy").conclusion is ends


def test_a_development_manifest_without_a_digest_does_not_follow_the_release_by_itself(world: World) -> None:
    """ATTACKS 033: a version is what was published under it, whatever `agents/` holds."""
    content = b"".join(
        line for line in world.file(DEVELOPMENT).splitlines(keepends=True) if not line.startswith(b"digest:")
    )
    bring(world, "dana-dev", DEVELOPMENT, {"replicas": 4}, "first")
    number = world.propose("dana-dev", "unpinned", {DEVELOPMENT: content.replace(b"replicas: 1", b"replicas: 4")})
    if world.conclusions(number) == ("success", "success"):
        world.merge("dana-dev", number)
    before = world.target.live(Key(EnvironmentName("development"), AgentCode("ANL")))
    publish(world)
    assert world.target.live(Key(EnvironmentName("development"), AgentCode("ANL"))) == before
