"""What GitHub cuts short, pages, forgets or moves is still read completely, or refused."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from controller.adapters.github.reading import GitHubReader
from controller.change.facts import FileMode, ReviewState
from controller.change.names import CommitSha, ObjectId
from controller.errors import InputError, StaleError, UnavailableError
from controller.ownership.owner import TeamOwner
from controller.sandbox.faults import Fault, FaultKind
from controller.sandbox.records import Review
from tests.adapters.github.conftest import REPOSITORY, SandboxStage
from tests.adapters.github.scripted import Said, Script, scripted
from tests.contracts.code_host import MANIFEST

SHA = {letter: letter * 40 for letter in "abcdef"}


def git(stage: SandboxStage, *arguments: str) -> str:
    """Run git in the sandbox's own repository, as a big push would have filled it."""
    store = stage.sandbox.world.repository(*REPOSITORY.split("/")).store
    return store.run(*arguments).decode().strip()


def chain(stage: SandboxStage, length: int, *, first_by: str = "dana") -> CommitSha:
    """Return the last of `length` commits on main, without a ref."""
    tip = git(stage, "rev-parse", "refs/heads/main")
    for number in range(length):
        who = first_by if number == 0 else "dana"
        config = ("-c", f"user.name={who}", "-c", f"user.email={who}@example.com")
        tip = git(stage, *config, "commit-tree", "-p", tip, "-m", f"Step {number}", f"{tip}^{{tree}}")
    return CommitSha(tip)


def test_the_first_of_many_commits_is_not_overlooked(stage: SandboxStage) -> None:
    """ATTACKS 007: the approver wrote commit 1 of 250."""
    head = chain(stage, 250, first_by="olga")
    between = stage.reader.compare("main", head)
    assert len(between.commits) == 250
    assert between.commits[0].author == stage.account("olga")
    assert between.commits[-1].sha == head
    assert stage.sandbox.faults.counts().by_route["GET /repos/{owner}/{repo}/compare/{basehead}"] == 3


def test_more_than_250_commits_are_refused(stage: SandboxStage) -> None:
    """ATTACKS 007."""
    with pytest.raises(InputError, match="251 commits .* split the pull request"):
        stage.reader.compare("main", chain(stage, 251))


def test_a_comparison_of_two_ids_is_asked_for_once(stage: SandboxStage) -> None:
    head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    base = stage.reader.tip("main")
    stage.sandbox.faults.reset_counts()
    assert stage.reader.compare(base, head) == stage.reader.compare(base, head)
    stage.reader.compare("main", head)
    stage.reader.compare("main", head)
    assert stage.sandbox.faults.counts().reads == 3


@pytest.mark.parametrize("ref", ["", "../../user", "a..b", "a\nb", "a\0b"], ids=repr)
def test_a_ref_leads_nowhere_else(stage: SandboxStage, ref: str) -> None:
    """ATTACKS 036."""
    stage.sandbox.faults.reset_counts()
    for ask in (lambda: stage.reader.tip(ref), lambda: stage.reader.compare("main", ref)):
        with pytest.raises(InputError):
            ask()
    assert stage.sandbox.faults.counts().reads == 0


@pytest.mark.parametrize("branch", ["feature/a", "50%", "a#c", "ä", "a;b", "a&b=c", "main;x", "a+b", "50%25"])
def test_a_branch_of_any_name_is_read_as_itself(stage: SandboxStage, branch: str) -> None:
    head = chain(stage, 1)
    git(stage, "update-ref", f"refs/heads/{branch}", head)
    assert stage.reader.tip(branch) == head
    assert stage.reader.compare("main", branch).head.sha == head


def compare_answer(**changed: object) -> Said:
    def commit(sha: str, *parents: str) -> dict[str, object]:
        person = {"email": "dana@example.com"}
        inner = {"tree": {"sha": SHA["f"]}, "author": person, "committer": person, "message": "x", "verification": None}
        known = [{"sha": parent} for parent in parents]
        return {"sha": sha, "parents": known, "author": None, "committer": None, "commit": inner}

    answer: dict[str, object] = {
        "total_commits": 2,
        "behind_by": 0,
        "base_commit": commit(SHA["a"]),
        "merge_base_commit": commit(SHA["a"]),
        "commits": [commit(SHA["b"], SHA["a"]), commit(SHA["c"], SHA["b"])],
    }
    return Said(json.dumps(answer | changed).encode())


def reader_of(script: Script, folder: Path, ask: str) -> object:
    with scripted(script) as (app, _):
        return GitHubReader(app, folder).compare(SHA["a"], ask)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"total_commits": 3}, UnavailableError),
        ({"total_commits": 1}, UnavailableError),
        ({"total_commits": 0, "commits": []}, UnavailableError),
        ({"merge_base_commit": None}, InputError),
        ({"total_commits": -1}, UnavailableError),
    ],
    ids=str,
)
def test_a_comparison_that_does_not_add_up_is_refused(
    tmp_path: Path, changed: dict[str, object], error: type[Exception]
) -> None:
    """ATTACKS 006."""
    with pytest.raises(error):
        reader_of(lambda method, path: compare_answer(**changed), tmp_path, SHA["c"])


def test_a_comparison_of_another_commit_is_refused(tmp_path: Path) -> None:
    assert reader_of(lambda method, path: compare_answer(), tmp_path, SHA["c"])
    with pytest.raises(UnavailableError, match="was asked for"):
        reader_of(lambda method, path: compare_answer(), tmp_path, SHA["d"])


def test_a_branch_that_moves_between_two_pages_is_stale(tmp_path: Path) -> None:
    def moving(_: str, path: str) -> Said:
        return compare_answer(total_commits=120 if "page=1" in path.partition("&")[0] else 121)

    with pytest.raises(StaleError):
        reader_of(moving, tmp_path, SHA["c"])


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
    assert stage.reader.open_pull_requests() == tuple(range(number, number + 230))


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


@pytest.mark.parametrize(
    ("organization", "slug"), [("acme", ".."), ("..", "x"), ("acme", "a/b"), ("acme", ""), ("é", "x")]
)
def test_a_team_that_cannot_exist_has_no_members(stage: SandboxStage, organization: str, slug: str) -> None:
    """ATTACKS 036: an owner's line is text of the repository."""
    stage.sandbox.faults.reset_counts()
    assert stage.reader.team_members(TeamOwner(organization, slug)) == ()
    assert stage.sandbox.faults.counts().reads == 0


def test_a_fork_is_told_and_its_pusher_is_unknown(stage: SandboxStage) -> None:
    stage.sandbox.seeds.add_fork("rita/agents", of=REPOSITORY)
    theirs = stage.sandbox.person("rita", "rita/agents")
    theirs.commit("topic", {MANIFEST: b"version: 6.6.6\n"}, "A change")
    answer = stage.person("rita").call("POST", "/pulls", {"title": "x", "head": "rita:topic", "base": "main"})
    pull = stage.reader.pull_request(int(str(answer["number"])))
    assert pull.is_from_fork
    stage.sandbox.faults.reset_counts()
    assert stage.reader.pusher(pull.number, pull.head) is None
    assert stage.sandbox.faults.counts().reads == 0


def test_who_last_pushed_the_same_head_is_the_pusher(stage: SandboxStage) -> None:
    """ATTACKS 017."""
    number = stage.open_topic()
    head = stage.reader.pull_request(number).head
    stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "olga")
    stage.person("rita").call("PATCH", "/git/refs/heads/topic", {"sha": head, "force": True})
    assert stage.reader.pusher(number, head) == stage.account("rita")


def test_a_pusher_who_is_gone_is_unknown(stage: SandboxStage) -> None:
    number = stage.open_topic()
    head = stage.reader.pull_request(number).head
    activity = json.dumps([{"after": head, "actor": None}])
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", "*/activity", 1, 200, {}, activity))
    assert stage.reader.pusher(number, head) is None


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


def test_a_tree_is_asked_for_once(stage: SandboxStage) -> None:
    tip = stage.reader.compare("main", "main").base
    first = stage.reader.snapshot(tip.sha, tip.tree)
    stage.sandbox.faults.reset_counts()
    assert stage.reader.snapshot(CommitSha(SHA["a"]), tip.tree).entries == first.entries
    assert stage.sandbox.faults.counts().reads == 0


def test_modes_are_told_as_they_are(stage: SandboxStage) -> None:
    """ATTACKS 038."""
    blob = git(stage, "rev-parse", f"refs/heads/main:{MANIFEST}")
    rows = [
        f"100755 blob {blob}\tagents/anl/run.sh",
        f"120000 blob {blob}\tenvironments/development/link.yaml",
        f"160000 commit {SHA['a']}\tpolicies/module",
        f"120000 blob {blob}\tEnvironments",
    ]
    snapshot = stage.reader.snapshot(CommitSha(SHA["a"]), _tree(stage, rows))
    assert {str(path): entry.mode for path, entry in snapshot.entries.items()} == {
        "agents/anl/run.sh": FileMode.EXECUTABLE,
        "environments/development/link.yaml": FileMode.SYMLINK,
        "policies/module": FileMode.SUBMODULE,
        "Environments": FileMode.SYMLINK,
    }


def _tree(stage: SandboxStage, rows: list[str]) -> ObjectId:
    """Store a tree of whole paths."""
    store = stage.sandbox.world.repository(*REPOSITORY.split("/")).store
    folders: dict[str, list[str]] = {}
    here = []
    for row in rows:
        head, _, path = row.partition("\t")
        folder, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(folder, []).append(f"{head}\t{rest}")
        else:
            here.append((path, head))
    here += [(folder, f"040000 tree {_tree(stage, inner)}") for folder, inner in folders.items()]
    here.sort(key=lambda pair: pair[0] + ("/" if "tree" in pair[1] else ""))
    raw = b"".join(
        f"{head.split()[0].lstrip('0')} {name}".encode() + b"\0" + bytes.fromhex(head.split()[2]) for name, head in here
    )
    return ObjectId(store.write("tree", raw))


class Forest:
    """Trees of a repository, told in parts like those of a very large one."""

    def __init__(self, trees: Mapping[str, list[tuple[str, str, str]]], cut: frozenset[str]) -> None:
        self._trees = trees
        self._cut = cut

    def __call__(self, method: str, path: str) -> Said:
        oid, _, query = path.rpartition("/")[2].partition("?")
        rows = self._trees[oid]
        if query and oid not in self._cut:
            rows = list(self._below(oid, ""))
        truncated = bool(query) and oid in self._cut
        listed = [{"path": name, "mode": mode, "type": _kind(mode), "sha": sha} for name, mode, sha in rows]
        return Said(
            json.dumps({"sha": oid, "tree": listed[:1] if truncated else listed, "truncated": truncated}).encode()
        )

    def _below(self, oid: str, prefix: str) -> list[tuple[str, str, str]]:
        found = []
        for name, mode, sha in self._trees[oid]:
            found.append((prefix + name, mode, sha))
            if mode == "040000":
                found += self._below(sha, f"{prefix}{name}/")
        return found


def _kind(mode: str) -> str:
    return {"040000": "tree", "160000": "commit"}.get(mode, "blob")


TREES = {
    SHA["a"]: [
        ("README.md", "100644", SHA["f"]),
        ("environments", "040000", SHA["b"]),
        ("src", "040000", SHA["d"]),
        ("docs", "040000", SHA["e"]),
    ],
    SHA["b"]: [("production", "040000", SHA["c"])],
    SHA["c"]: [("anl.yaml", "100644", SHA["f"])],
    SHA["e"]: [("CODEOWNERS", "100644", SHA["f"]), ("guide.md", "100644", SHA["f"])],
}


@pytest.mark.parametrize(
    "cut", [frozenset[str](), {SHA["a"]}, {SHA["a"], SHA["b"]}, {SHA["a"], SHA["b"], SHA["c"]}], ids=len
)
def test_a_tree_that_is_cut_short_is_walked_folder_by_folder(tmp_path: Path, cut: frozenset[str]) -> None:
    """ATTACKS 006: the production file is behind the cut."""
    forest = Forest(TREES if cut else {**TREES, SHA["d"]: []}, frozenset(cut))
    with scripted(forest) as (app, server):
        snapshot = GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"]))
        assert set(snapshot.entries) == {"environments/production/anl.yaml", "docs/CODEOWNERS"}
        assert {"environments", "environments/production"} <= set(snapshot.subtrees)
        assert not any(SHA["d"] in call for call in server.calls)


def test_a_folder_larger_than_github_lists_is_refused(tmp_path: Path) -> None:
    def endless(_: str, path: str) -> Said:
        return Said(b'{"tree": [], "truncated": true}')

    with scripted(endless) as (app, _), pytest.raises(UnavailableError, match="more files than GitHub lists"):
        GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"]))


def test_an_unknown_mode_of_a_controlled_file_is_refused(tmp_path: Path) -> None:
    trees = {SHA["a"]: [("CODEOWNERS", "100666", SHA["f"])]}
    with scripted(Forest(trees, frozenset())) as (app, _), pytest.raises(UnavailableError, match="100666"):
        GitHubReader(app, tmp_path).snapshot(CommitSha(SHA["f"]), ObjectId(SHA["a"]))


def test_a_first_judgement_costs_six_reads_and_one_for_each_changed_blob(stage: SandboxStage) -> None:
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
    before_blobs = stage.sandbox.faults.counts().reads
    blobs = stage.sandbox.faults.counts().by_route["GET /repos/{owner}/{repo}/git/blobs/{file_sha}"]
    assert (before_blobs - blobs, blobs) == (6, 6)  # three blobs before, three after
    stage.sandbox.faults.reset_counts()
    _judge(stage, number)
    assert stage.sandbox.faults.counts().reads == 3


def _judge(stage: SandboxStage, number: int) -> None:
    reader = stage.reader
    pull = reader.pull_request(number)
    between = reader.compare("main", pull.head)
    reader.reviews(number)
    reader.pusher(number, pull.head)
    base = reader.snapshot(between.base.sha, between.base.tree)
    head = reader.snapshot(pull.head, between.head.tree)
    differing = {
        entry.blob
        for side, other in ((base, head), (head, base))
        for path, entry in side.entries.items()
        if other.entries.get(path) != entry
    }
    reader.contents(frozenset(differing))
