"""What merges, by every method and through the queue; what is pushed instead, and what the controller proposes."""

import pytest

from controller.change.facts import AccountKind, PullRequestState
from controller.change.names import CommitSha, RepoPath
from controller.decision.check import Conclusion
from controller.ports.proposer import ProposedChange
from tests.contracts.code_hosts.checks import check_run
from tests.contracts.code_hosts.stage import MANIFEST, Stage


class MergeContract:
    """See the module."""

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
                stage.writer.write_check(check_run(group.head, Conclusion.SUCCESS, "Admitted", notes=0, name=name))
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
            stage.writer.write_check(check_run(first.head, Conclusion.FAILURE, "Denied", notes=0))
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


def _queued(stage: Stage, method: str) -> tuple[int, int]:
    numbers = []
    for name in ("a", "b"):
        stage.push(name, {f"environments/development/{name}.yaml": b"version: 1.0.0\n"}, "dana")
        numbers.append(stage.open(name, "dana"))
    for number in numbers:
        stage.enqueue(number, "olga", method)
    return numbers[0], numbers[1]
