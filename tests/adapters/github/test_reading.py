"""What GitHub cuts short, pages, forgets or moves is still read completely, or refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.github.reading import GitHubReader
from controller.change.break_glass import LABEL
from controller.change.facts import Push, ReviewState
from controller.change.names import CommitSha
from controller.errors import UnavailableError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.sandbox.faults import Fault, FaultKind
from controller.sandbox.records import Review
from tests.adapters.github.conftest import REPOSITORY, SandboxStage
from tests.contracts.code_host import MANIFEST

SHA = {letter: letter * 40 for letter in "abcdef"}


def test_a_late_review_is_not_overlooked(stage: SandboxStage) -> None:
    """ATTACKS 007: the objection is on the fourth page."""
    number = stage.open_topic()
    stage.review(number, "olga", ReviewState.APPROVED)
    world = stage.sandbox.world
    with world.lock:
        pull = world.repository(*REPOSITORY.split("/")).pulls[number]
        first = pull.reviews[0]
        rita = world.account("rita")
        pull.reviews += [replace(first, id=world.next_id(), state="COMMENTED") for _ in range(350)]
        pull.reviews.append(
            Review(world.next_id(), rita, "CHANGES_REQUESTED", "No", first.commit_id, first.submitted_at)
        )
    reviews = stage.reader.reviews(number)
    assert len(reviews) == 352
    assert (reviews[-1].author, reviews[-1].state) == (stage.account("rita"), ReviewState.CHANGES_REQUESTED)


def test_a_late_team_member_and_a_late_pull_request_are_found(stage: SandboxStage) -> None:
    """ATTACKS 007."""
    number = stage.open_topic()
    world = stage.sandbox.world
    people = [f"p{each}" for each in range(230)]
    for each, login in enumerate(people):
        stage.sandbox.seeds.add_person(login, github_id=20_000 + each, emails=[f"{login}@example.com"])
    stage.sandbox.seeds.add_team("acme", "everyone")
    stage.sandbox.seeds.add_team("acme", "below", members=[*people, "rita"], parent="everyone")
    assert len(stage.reader.team_members(TeamOwner("acme", "everyone"))) == 231
    with world.lock:
        pulls = world.repository(*REPOSITORY.split("/")).pulls
        for each in range(number + 1, number + 230):
            issue = replace(pulls[number].issue, number=each, id=world.next_id())
            pulls[each] = replace(pulls[number], issue=issue, id=world.next_id())
    listed = [pull.number for pull in stage.reader.open_pull_requests()]
    assert listed == list(range(number, number + 230))


def test_team_members_are_at_most_a_minute_old(stage: SandboxStage, tmp_path: Path) -> None:
    time = [0.0]
    reader = GitHubReader(stage.app, tmp_path / "other", clock=lambda: time[0])
    team = TeamOwner("acme", "platform")
    assert [member.login for member in reader.team_members(team)] == ["olga"]
    stage.sandbox.world.team("acme", "platform").members.clear()
    time[0] = 59
    assert [member.login for member in reader.team_members(team)] == ["olga"]
    time[0] = 60
    assert reader.team_members(team) == ()


def test_the_list_of_open_pull_requests_tells_who_asks_for_break_glass_also_by_a_renamed_label(
    stage: SandboxStage,
) -> None:
    number, dana = stage.open_topic(), stage.person("dana")

    def asks() -> bool:
        (found,) = stage.reader.open_pull_requests()
        return found.asks_break_glass

    dana.call("POST", f"/issues/{number}/labels", {"labels": ["urgent"]})
    assert not asks()
    dana.call("PATCH", "/labels/urgent", {"new_name": LABEL})
    assert asks()
    dana.call("DELETE", f"/labels/{LABEL.replace('/', '%2F')}")
    assert not asks()


def test_write_access_is_at_most_a_minute_old(stage: SandboxStage, tmp_path: Path) -> None:
    """ATTACKS 022."""
    time = [0.0]
    reader = GitHubReader(stage.app, tmp_path / "other", clock=lambda: time[0])
    team, rita = TeamOwner("acme", "platform"), UserOwner("rita")
    assert reader.may_write(team)
    assert reader.writer(rita) == stage.account("rita")
    stage.sandbox.seeds.grant(REPOSITORY, "read", team="platform")
    stage.sandbox.seeds.grant(REPOSITORY, "read", person="rita")
    time[0] = 59
    assert reader.may_write(team)
    assert reader.writer(rita) == stage.account("rita")
    time[0] = 60
    assert not reader.may_write(team)
    assert reader.writer(rita) is None


@pytest.mark.parametrize(
    ("organization", "slug"), [("acme", ".."), ("..", "x"), ("acme", "a/b"), ("acme", ""), ("é", "x")]
)
def test_a_team_that_cannot_exist_has_no_members(stage: SandboxStage, organization: str, slug: str) -> None:
    """ATTACKS 036: an owner's line is text of the repository."""
    stage.sandbox.faults.reset_counts()
    assert stage.reader.team_members(TeamOwner(organization, slug)) == ()
    assert not stage.reader.may_write(TeamOwner(organization, slug))
    assert stage.reader.writer(UserOwner(f"{organization}/{slug}")) is None
    assert stage.sandbox.faults.counts().reads == 0


def test_when_a_pull_request_was_led_to_another_base_is_told(stage: SandboxStage) -> None:
    """ATTACKS 077: the last time counts, whichever branches it was about."""
    stage.push("elsewhere", {MANIFEST: b"version: 1.0.5\n"}, "dana")
    number = stage.open_topic()
    dana, told = stage.person("dana"), []
    for base in ("elsewhere", "main"):
        assert dana.send("PATCH", f"/pulls/{number}", {"base": base}).status_code == 200
        told.append(stage.reader.retargeted_at(number))
    first, last = told
    assert first is not None
    assert last is not None
    assert first <= last


@pytest.mark.parametrize("event", ["base_ref_changed", "automatic_base_change_succeeded", "renamed"])
def test_of_what_happened_to_a_pull_request_only_another_base_matters(stage: SandboxStage, event: str) -> None:
    number = stage.open_topic()
    told = json.dumps([{"event": event, "created_at": "2026-03-02T09:00:00Z"}])
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", "*/events", 1, 200, {}, told))
    expected = None if event == "renamed" else datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert stage.reader.retargeted_at(number) == expected


def test_a_fork_is_told_and_its_pusher_is_unknown(stage: SandboxStage) -> None:
    stage.sandbox.seeds.add_fork("rita/agents", of=REPOSITORY)
    theirs = stage.sandbox.person("rita", "rita/agents")
    theirs.commit("topic", {MANIFEST: b"version: 6.6.6\n"}, "A change")
    answer = stage.person("rita").call("POST", "/pulls", {"title": "x", "head": "rita:topic", "base": "main"})
    pull = stage.reader.pull_request(int(str(answer["number"])))
    assert pull.is_from_fork
    stage.sandbox.faults.reset_counts()
    assert stage.reader.pushes(pull.number) == ()
    assert stage.sandbox.faults.counts().reads == 0


def test_many_later_pushes_do_not_hide_an_earlier_one(stage: SandboxStage) -> None:
    """ATTACKS 007, 017: whoever pushed first is on the third page."""
    first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "rita")
    stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "dana")
    number = stage.open("topic", "dana")
    world = stage.sandbox.world
    with world.lock:
        activities = world.repository(*REPOSITORY.split("/")).activities
        activities += [replace(activities[-1], id=world.next_id()) for _ in range(250)]
    assert stage.reader.pushes(number)[0] == Push(first, stage.account("rita"), made_branch=True)


def test_a_pusher_who_is_gone_is_unknown(stage: SandboxStage) -> None:
    number = stage.open_topic()
    head = stage.reader.pull_request(number).head
    activity = json.dumps([{"after": head, "actor": None, "activity_type": "push"}])
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", "*/activity", 1, 200, {}, activity))
    assert stage.reader.pushes(number) == (Push(head, None),)


def test_a_branch_that_was_deleted_and_made_again_tells_of_both(stage: SandboxStage) -> None:
    """ATTACKS 017: who deleted it, as after a merge, pushed nothing."""
    first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "rita")
    stage.person("olga").send("DELETE", "/git/refs/heads/topic")
    number = stage.open_topic()
    head = stage.reader.pull_request(number).head
    told = stage.reader.pushes(number)
    assert [(push.commit, push.made_branch) for push in told if push.made_branch] == [(first, True), (head, True)]
    assert stage.account("olga") not in {push.by for push in told}


def test_who_pushed_is_still_known_when_nothing_is_told_of_the_branch_any_more(stage: SandboxStage) -> None:
    number = stage.open_topic()
    head = stage.reader.pull_request(number).head
    told = stage.reader.pushes(number)
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", "*/activity", 1, 404, {}, "{}"))
    assert head in {push.commit for push in told}
    assert stage.reader.pushes(number) == told


def test_a_pull_request_is_never_remembered(stage: SandboxStage) -> None:
    """ATTACKS 008."""
    number = stage.open_topic()
    first = stage.reader.pull_request(number)
    second = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "dana")
    stage.sandbox.show_stale_head(REPOSITORY, number, reads=1)
    assert stage.reader.pull_request(number).head == first.head
    assert stage.reader.pull_request(number).head == second


def test_another_pull_request_than_asked_for_is_refused(stage: SandboxStage) -> None:
    number = stage.open_topic()
    body = json.dumps({**stage.person("dana").pull(number), "number": number + 1})
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", "*/pulls/*", 1, 200, {}, body))
    with pytest.raises(UnavailableError, match="instead of"):
        stage.reader.pull_request(number)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_is_found_where_commits_cannot_be_asked(stage: SandboxStage, method: str) -> None:
    """A host without `commits/:sha/pulls` still lists what was closed."""
    numbers = []
    for name in ("a", "b"):
        stage.push(name, {f"environments/development/{name}.yaml": b"version: 1.0.0\n"}, "dana")
        numbers.append(stage.open(name, "dana"))
    merges = [stage.merge(number, "olga", method) for number in numbers]
    stage.sandbox.faults.plan(
        Fault(FaultKind.STATUS, "GET", "*/commits/*/pulls", 9, 404, {}, '{"message": "Not Found"}')
    )
    found = [stage.reader.merged_pull_request(merge) for merge in merges]
    assert [pull and pull.number for pull in found] == numbers
    assert stage.reader.merged_pull_request(CommitSha(SHA["a"])) is None


def test_a_merge_to_another_branch_is_none_of_ours(stage: SandboxStage) -> None:
    stage.push("release", {"README.md": b"Release\n"}, "dana")
    stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    answer = stage.person("dana").call("POST", "/pulls", {"title": "x", "head": "topic", "base": "release"})
    merge = stage.merge(int(str(answer["number"])), "olga", "merge")
    assert stage.reader.merged_pull_request(merge) is None
    assert stage.reader.open_pull_requests() == ()


def test_a_first_judgement_costs_six_reads_beside_the_tip_and_one_for_each_changed_blob(stage: SandboxStage) -> None:
    stage.sandbox.seeds.commit(
        REPOSITORY,
        {f"environments/{env}/anl.yaml": f"in: {env}\n".encode() for env in ("staging", "production")},
        author="olga",
        message="Fill",
    )
    changed = {
        f"environments/{env}/anl.yaml": b"version: 2\n" + env.encode()
        for env in ("development", "staging", "production")
    }
    stage.push("topic", changed, "dana")
    number = stage.open("topic", "dana")
    stage.reader.tip("main")
    stage.sandbox.faults.reset_counts()
    _judge(stage, number)
    counts = stage.sandbox.faults.counts()
    blobs = counts.by_route["GET /repos/{owner}/{repo}/git/blobs/{file_sha}"]
    assert (counts.reads - blobs, blobs, counts.not_modified) == (7, 6, 1)  # three blobs before, three after
    stage.sandbox.faults.reset_counts()
    _judge(stage, number)
    assert stage.sandbox.faults.counts().reads == 4


def _judge(stage: SandboxStage, number: int) -> None:
    reader = stage.reader
    pull = reader.pull_request(number)
    between = reader.compare("main", pull.head)
    reader.reviews(number)
    reader.pushes(number)
    base = reader.snapshot(between.base.sha, between.base.tree)
    head = reader.snapshot(pull.head, between.head.tree)
    differing = {
        entry.blob
        for side, other in ((base, head), (head, base))
        for path, entry in side.entries.items()
        if other.entries.get(path) != entry
    }
    reader.contents(frozenset(differing))
