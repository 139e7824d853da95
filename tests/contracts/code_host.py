"""What every code host must do for the controller, whether GitHub's adapter or the fake.

A test module gives `CodeHostContract` a `stage` fixture: a repository with the files of
`BEGINNING`, the people dana, olga and rita, the team acme/platform with olga in it, rick and the
team acme/readers (also olga) who may only read, the secret team acme/hidden (olga again) that may
write, and ways to act.
"""

from collections.abc import Mapping
from typing import Protocol

import pytest

from controller.change.facts import LARGEST_FILE, Account, AccountKind, FileMode, PullRequestState, ReviewState
from controller.change.names import CommitSha, ObjectId, RepoPath
from controller.decision.check import Annotation, AnnotationLevel, CheckRun, Conclusion
from controller.errors import InputError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.ports.code_host import CodeHostWriter, OpenPullRequest, OwnerReader, PullRequestReader, TreeReader
from controller.ports.merge_queue import MergeQueueReader
from controller.ports.proposer import ProposedChange, Proposer

MANIFEST = "environments/development/anl.yaml"
BEGINNING: Mapping[str, bytes] = {
    "README.md": b"Agents of acme\n",
    "CODEOWNERS": b"* @acme/platform\n",
    MANIFEST: b"version: 1.0.0\n",
    "environments/production/environment.yaml": b"tier: production\n",
    "agents/anl/agent.yaml": b"code: ANL\n",
    "agents/anl/instructions/main.md": b"Analyse.\n",
    "policies/rego/dvo.rego": b"package dvo\n",
    "src/tool.py": b"print()\n",
}


class Reader(PullRequestReader, TreeReader, OwnerReader, Protocol):
    """All sides of reading."""


class Stage(Protocol):
    """A repository, what the controller holds of it, and what people can do there."""

    @property
    def reader(self) -> Reader:
        """Return how the controller reads."""
        ...

    @property
    def writer(self) -> CodeHostWriter:
        """Return how the controller writes."""
        ...

    def account(self, login: str) -> Account:
        """Return whose login this is."""
        ...

    def push(self, branch: str, files: Mapping[str, bytes | None], by: str) -> CommitSha:
        """Put a commit on a branch, made from main when it is new."""
        ...

    def move(self, branch: str, commit: CommitSha, by: str) -> None:
        """Force-push a branch to a commit there is."""
        ...

    def open(self, branch: str, by: str) -> int:
        """Open a pull request from a branch to main."""
        ...

    def review(self, number: int, by: str, state: ReviewState) -> int:
        """Review the head of a pull request and return the review's id."""
        ...

    def dismiss(self, number: int, review: int) -> None:
        """Dismiss a review."""
        ...

    def merge(self, number: int, by: str, method: str) -> CommitSha:
        """Merge a pull request and return the new tip of main."""
        ...

    @property
    def proposer(self) -> Proposer:
        """Return how the controller opens pull requests."""
        ...

    @property
    def queue(self) -> MergeQueueReader:
        """Return how the controller reads the merge queue."""
        ...

    def enqueue(self, number: int, by: str, method: str) -> None:
        """Put a pull request into the merge queue of main, which takes one with the first of them."""
        ...

    def close(self, number: int) -> None:
        """Close a pull request."""
        ...

    def check(self, commit: CommitSha, name: str) -> tuple[str | None, str, int]:
        """Return conclusion, title and number of annotations of the check that stands."""
        ...

    def comments(self, number: int) -> list[str]:
        """Return the controller's comments."""
        ...

    def requested(self, number: int) -> set[str]:
        """Return who is asked to review."""
        ...

    def writes(self) -> int:
        """Return how often something was written so far."""
        ...


class CodeHostContract:
    """Tests that hold for every stage."""

    def test_a_pull_request_is_told_with_author_head_and_base(self, stage: Stage) -> None:
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        pull = stage.reader.pull_request(number)
        assert (pull.number, pull.state, pull.head, pull.base_branch) == (number, PullRequestState.OPEN, head, "main")
        assert pull.author == stage.account("dana")
        assert pull.author.kind is AccountKind.USER
        assert (pull.is_draft, pull.is_from_fork, pull.commit_count) == (False, False, 1)
        assert (pull.merge_commit, pull.merged_by, pull.merged_at) == (None, None, None)

    def test_the_head_moves_with_every_push(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        stage.reader.pull_request(number)
        second = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "rita")
        assert stage.reader.pull_request(number).head == second

    def test_open_pull_requests_leave_out_what_is_closed_or_merged(self, stage: Stage) -> None:
        numbers = []
        for name in ("a", "b", "c"):
            stage.push(name, {f"environments/development/{name}.yaml": b"version: 1.0.0\n"}, "dana")
            numbers.append(stage.open(name, "dana"))
        stage.close(numbers[0])
        stage.merge(numbers[1], "olga", "merge")
        kept = stage.reader.pull_request(numbers[2])
        assert stage.reader.open_pull_requests() == (OpenPullRequest(kept.number, kept.head, kept.updated_at),)
        assert stage.reader.pull_request(numbers[0]).state is PullRequestState.CLOSED

    def test_what_does_not_exist_is_an_input_error(self, stage: Stage) -> None:
        nothing = "0" * 40
        with pytest.raises(InputError):
            stage.reader.pull_request(4711)
        with pytest.raises(InputError):
            stage.reader.reviews(4711)
        with pytest.raises(InputError):
            stage.reader.tip("nowhere")
        with pytest.raises(InputError):
            stage.reader.compare("main", nothing)
        with pytest.raises(InputError):
            stage.reader.snapshot(CommitSha(nothing), ObjectId(nothing))
        with pytest.raises(InputError):
            stage.reader.contents(frozenset({ObjectId(nothing)}))

    def test_comparison_holds_every_commit_oldest_first(self, stage: Stage) -> None:
        base = stage.reader.tip("main")
        first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        second = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "rita")
        between = stage.reader.compare("main", second)
        assert [commit.sha for commit in between.commits] == [first, second]
        assert (between.base.sha, between.merge_base.sha, between.behind_by) == (base, base, 0)
        assert between.commits[0].author == between.commits[0].committer == stage.account("dana")
        assert between.commits[1].author == stage.account("rita")
        assert between.commits[1].author_email == "rita@example.com"
        assert between.commits[1].parents == (first,)
        assert between.head.sha == second

    def test_comparison_tells_the_merge_base_after_main_moved(self, stage: Stage) -> None:
        before = stage.reader.tip("main")
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        tip = stage.push("main", {"src/tool.py": b"pass\n"}, "olga")
        between = stage.reader.compare("main", head)
        assert (between.base.sha, between.merge_base.sha, between.behind_by) == (tip, before, 1)
        assert stage.reader.tip("main") == tip

    def test_comparison_of_a_commit_with_itself_is_empty(self, stage: Stage) -> None:
        between = stage.reader.compare("main", "main")
        assert between.commits == ()
        assert between.head == between.base == between.merge_base

    def test_snapshot_holds_controlled_files_and_the_folders_on_the_way(self, stage: Stage) -> None:
        tip = stage.reader.compare("main", "main").base
        snapshot = stage.reader.snapshot(tip.sha, tip.tree)
        assert set(snapshot.entries) == BEGINNING.keys() - {"README.md", "src/tool.py"}
        assert {"agents", "agents/anl", "agents/anl/instructions", "environments/development"} <= set(snapshot.subtrees)
        assert {entry.mode for entry in snapshot.entries.values()} == {FileMode.REGULAR}
        assert (snapshot.commit, snapshot.tree) == (tip.sha, tip.tree)

    def test_snapshot_holds_wrong_cases_too(self, stage: Stage) -> None:
        """ATTACKS 092."""
        head = stage.push("topic", {"Environments/production/anl.yaml": b"version: 6.6.6\n"}, "dana")
        snapshot = stage.reader.snapshot(head, stage.reader.compare("main", head).head.tree)
        assert "Environments/production/anl.yaml" in snapshot.entries

    def test_contents_are_the_bytes_behind_the_ids(self, stage: Stage) -> None:
        tip = stage.reader.compare("main", "main").base
        entries = stage.reader.snapshot(tip.sha, tip.tree).entries
        contents = stage.reader.contents(frozenset(entry.blob for entry in entries.values()))
        assert {path: contents[entry.blob] for path, entry in entries.items()} == {
            path: BEGINNING[path] for path in entries
        }
        assert stage.reader.contents(frozenset()) == {}

    def test_a_file_too_large_to_be_read_is_left_out(self, stage: Stage) -> None:
        large = {"agents/anl/large.md": b"x" * (LARGEST_FILE + 1), "agents/anl/largest.md": b"x" * LARGEST_FILE}
        head = stage.push("topic", large, "dana")
        entries = stage.reader.snapshot(head, stage.reader.compare("main", head).head.tree).entries
        blobs = {name: entries[RepoPath(f"agents/anl/{name}.md")].blob for name in ("large", "largest")}
        for _ in range(2):
            assert stage.reader.contents(frozenset(blobs.values())).keys() == {blobs["largest"]}

    def test_reviews_come_in_order_with_the_commit_each_saw(self, stage: Stage) -> None:
        first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        stage.review(number, "olga", ReviewState.APPROVED)
        second = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "dana")
        stage.review(number, "rita", ReviewState.CHANGES_REQUESTED)
        stage.review(number, "olga", ReviewState.COMMENTED)
        reviews = stage.reader.reviews(number)
        assert [(review.author, review.state, review.commit) for review in reviews] == [
            (stage.account("olga"), ReviewState.APPROVED, first),
            (stage.account("rita"), ReviewState.CHANGES_REQUESTED, second),
            (stage.account("olga"), ReviewState.COMMENTED, second),
        ]

    def test_a_dismissed_review_says_so(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        stage.dismiss(number, stage.review(number, "olga", ReviewState.APPROVED))
        assert [review.state for review in stage.reader.reviews(number)] == [ReviewState.DISMISSED]

    @pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
    def test_a_merge_is_found_by_its_commit(self, stage: Stage, method: str) -> None:
        """ATTACKS 075."""
        before = stage.reader.tip("main")
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        stage.push("topic", {"agents/anl/agent.yaml": b"code: ANL2\n"}, "rita")
        number = stage.open("topic", "dana")
        merge = stage.merge(number, "olga", method)
        found = stage.reader.merged_pull_request(merge)
        assert found is not None
        assert found == stage.reader.pull_request(number)
        assert (found.state, found.merge_commit) == (PullRequestState.MERGED, merge)
        assert found.merged_by == stage.account("olga")
        assert found.merged_at is not None
        step = stage.reader.compare(before, merge)
        parents = {"merge": (before, found.head), "squash": (before,)}
        assert step.head.parents == parents.get(method, step.head.parents)
        after = stage.reader.snapshot(merge, step.head.tree)
        assert set(stage.reader.contents(frozenset({after.entries[RepoPath(MANIFEST)].blob})).values()) == {
            b"version: 1.0.1\n"
        }

    @pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
    def test_groups_of_the_merge_queue_stand_on_each_other_and_merge_when_green(
        self, stage: Stage, method: str
    ) -> None:
        """ATTACKS 075."""
        assert stage.queue.merge_groups() == ()
        before = stage.reader.tip("main")
        numbers = _queued(stage, method)
        first, second = stage.queue.merge_groups()
        assert (first.pull, second.pull) == numbers
        assert (first.base, second.base) == (before, first.head)
        tree = stage.reader.compare(before, second.head).head.tree
        assert {"a", "b"} <= {path[-6:-5] for path in stage.reader.snapshot(second.head, tree).entries}
        for group in (second, first):
            assert stage.reader.tip("main") == before
            for name in ("dvo/policy", "dvo/approval"):
                stage.writer.write_check(_check(group.head, Conclusion.SUCCESS, "Admitted", notes=0, name=name))
        assert stage.reader.tip("main") == second.head
        assert stage.queue.merge_groups() == ()
        for group in (first, second):
            merged = stage.reader.pull_request(group.pull)
            assert (merged.state, merged.merge_commit) == (PullRequestState.MERGED, group.head)
            assert stage.reader.merged_pull_request(group.head) == merged

    @pytest.mark.parametrize("cause", ["red", "push"])
    def test_a_group_that_goes_red_or_whose_branch_moves_is_taken_out(self, stage: Stage, cause: str) -> None:
        """ATTACKS 071."""
        before = stage.reader.tip("main")
        numbers = _queued(stage, "merge")
        first, second = stage.queue.merge_groups()
        if cause == "red":
            stage.writer.write_check(_check(first.head, Conclusion.FAILURE, "Denied", notes=0))
        else:
            stage.push("a", {MANIFEST: b"version: 6.6.6\n"}, "rita")
        (left,) = stage.queue.merge_groups()
        assert (left.pull, left.base) == (numbers[1], before)
        assert left.head != second.head
        assert stage.reader.tip("main") == before

    def test_a_change_is_proposed_once_by_the_controllers_own_bot_and_changes_nothing_else(self, stage: Stage) -> None:
        tip = stage.reader.compare("main", "main").base
        before = stage.reader.snapshot(tip.sha, tip.tree).entries
        owners, manifest = RepoPath("CODEOWNERS"), RepoPath(MANIFEST)
        files = {manifest: before[owners], owners: None}
        change = ProposedChange("dvo/restore-abc", tip.sha, tip.tree, files, "Put it back", "Because.")
        number = stage.proposer.propose(change)
        assert stage.proposer.propose(change) == number
        assert [pull.number for pull in stage.reader.open_pull_requests()] == [number]
        pull = stage.reader.pull_request(number)
        assert pull.author.kind is AccountKind.BOT
        between = stage.reader.compare("main", pull.head)
        (commit,) = between.commits
        assert (commit.author, commit.is_verified, commit.committer_email) == (pull.author, True, "noreply@github.com")
        after = stage.reader.snapshot(pull.head, commit.tree).entries
        assert after == {path: entry for path, entry in {**before, manifest: before[owners]}.items() if path != owners}
        stage.close(number)
        assert stage.proposer.propose(change) == number
        assert stage.reader.open_pull_requests() == ()

    def test_a_direct_push_belongs_to_no_pull_request(self, stage: Stage) -> None:
        """ATTACKS 079."""
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        stage.open("topic", "dana")
        tip = stage.push("main", {MANIFEST: b"version: 6.6.6\n"}, "olga")
        assert stage.reader.merged_pull_request(tip) is None
        assert stage.reader.merged_pull_request(CommitSha("0" * 40)) is None

    def test_the_pusher_is_who_pushed_the_head(self, stage: Stage) -> None:
        """ATTACKS 017."""
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        head = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "rita")
        assert stage.reader.pushers(number, head)[head] == (stage.account("rita"),)
        assert CommitSha("0" * 40) not in stage.reader.pushers(number, CommitSha("0" * 40))

    def test_whoever_pushed_earlier_is_told_too(self, stage: Stage) -> None:
        """ATTACKS 017: pushing something on top of one's own does not hide who pushed it."""
        first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "rita")
        head = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "dana")
        number = stage.open("topic", "dana")
        told = stage.reader.pushers(number, head)
        assert (told[first], told[head]) == ((stage.account("rita"),), (stage.account("dana"),))

    def test_whoever_pushed_the_same_commit_before_is_told_too(self, stage: Stage) -> None:
        """ATTACKS 017: a commit that somebody else pushes once more keeps whoever pushed it first."""
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "rita")
        number = stage.open("topic", "dana")
        assert stage.reader.pushers(number, head)[head] == (stage.account("rita"),)
        stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "olga")
        stage.move("topic", head, "dana")
        assert set(stage.reader.pushers(number, head)[head]) == {stage.account("rita"), stage.account("dana")}

    def test_team_members_are_told_and_no_such_team_is_empty(self, stage: Stage) -> None:
        assert stage.reader.team_members(TeamOwner("acme", "platform")) == (stage.account("olga"),)
        assert stage.reader.team_members(TeamOwner("ACME", "Platform")) == (stage.account("olga"),)
        assert stage.reader.team_members(TeamOwner("acme", "nobody")) == ()
        assert stage.reader.team_members(TeamOwner("elsewhere", "platform")) == ()

    @pytest.mark.parametrize(
        ("owner", "may"),
        [
            (UserOwner("dana"), True),
            (UserOwner("DANA"), True),
            (UserOwner("nobody"), False),
            (UserOwner("rick"), False),
            (TeamOwner("acme", "platform"), True),
            (TeamOwner("ACME", "Platform"), True),
            (TeamOwner("acme", "readers"), False),
            (TeamOwner("acme", "hidden"), False),
            (TeamOwner("acme", "nobody"), False),
            (TeamOwner("elsewhere", "platform"), False),
        ],
    )
    def test_only_who_is_seen_and_was_given_write_access_may_write(
        self, stage: Stage, owner: UserOwner | TeamOwner, may: bool
    ) -> None:
        """ATTACKS 022: rick and the team of readers may only read, though olga, who is in it, may write.

        A secret team may write, and GitHub takes it as no owner all the same.
        """
        assert stage.reader.may_write(owner) is may

    def test_an_equal_check_is_not_written_again(self, stage: Stage) -> None:
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        stage.writer.write_check(_check(head, Conclusion.FAILURE, "Denied", notes=2))
        assert stage.check(head, "dvo/policy") == ("failure", "Denied", 2)
        before = stage.writes()
        stage.writer.write_check(_check(head, Conclusion.FAILURE, "Denied", notes=2))
        assert stage.writes() == before

    def test_a_first_check_and_comment_need_no_look(self, stage: Stage) -> None:
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        for is_first in (True, False):
            stage.writer.write_check(_check(head, Conclusion.FAILURE, "Denied", notes=1), is_first=is_first)
            stage.writer.write_comment(number, "Denied", is_first=is_first)
        assert stage.check(head, "dvo/policy") == ("failure", "Denied", 1)
        assert stage.comments(number) == ["Denied"]

    def test_a_check_goes_from_running_to_done_and_is_superseded(self, stage: Stage) -> None:
        """ATTACKS 078."""
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        for conclusion, title, notes in [
            (None, "Looking", 0),
            (Conclusion.FAILURE, "Denied", 3),
            (None, "Looking again", 0),
            (Conclusion.ACTION_REQUIRED, "Approval needed", 1),
            (Conclusion.SUCCESS, "Admitted", 0),
        ]:
            stage.writer.write_check(_check(head, conclusion, title, notes=notes))
            assert stage.check(head, "dvo/policy") == (conclusion.value if conclusion else None, title, notes)

    def test_the_sticky_comment_is_one_rewritten_and_removed(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        before = stage.writes()
        stage.writer.write_comment(number, None)
        assert stage.writes() == before
        for text in ("Two things", "Two things", "One thing"):
            stage.writer.write_comment(number, text)
        assert stage.comments(number) == ["One thing"]
        assert stage.writes() == before + 2
        stage.writer.write_comment(number, None)
        stage.writer.write_comment(number, None)
        assert stage.comments(number) == []
        assert stage.writes() == before + 3

    def test_reviews_are_requested_once_for_each_occasion_also_of_those_heard(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        stage.review(number, "rita", ReviewState.COMMENTED)
        before = stage.writes()
        people = [stage.account("olga"), stage.account("rita")]
        stage.writer.request_reviews(number, people)
        stage.writer.request_reviews(number, people)
        assert stage.requested(number) == {"olga", "rita"}
        assert stage.writes() == before + 1
        stage.review(number, "rita", ReviewState.APPROVED)
        before = stage.writes()
        stage.writer.request_reviews(number, people)
        assert stage.writes() == before
        stage.writer.request_reviews(number, people, "another effect")
        stage.writer.request_reviews(number, people, "another effect")
        assert stage.writes() == before + 1

    def test_asking_the_author_to_review_is_an_input_error(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        with pytest.raises(InputError):
            stage.writer.request_reviews(number, [stage.account("dana")])


def _queued(stage: Stage, method: str) -> tuple[int, int]:
    numbers = []
    for name in ("a", "b"):
        stage.push(name, {f"environments/development/{name}.yaml": b"version: 1.0.0\n"}, "dana")
        numbers.append(stage.open(name, "dana"))
    for number in numbers:
        stage.enqueue(number, "olga", method)
    return numbers[0], numbers[1]


def _check(
    commit: CommitSha, conclusion: Conclusion | None, title: str, *, notes: int, name: str = "dvo/policy"
) -> CheckRun:
    annotations = tuple(
        Annotation(MANIFEST, 1, AnnotationLevel.FAILURE, f"Note {each}", "Something is wrong") for each in range(notes)
    )
    return CheckRun(name, commit, conclusion, title, "A summary", "Details", annotations)
