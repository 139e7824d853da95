"""Reading pull requests: their facts, their reviews, and who pushed what."""

from controller.change.facts import Account, AccountKind, PullRequestState, Push, ReviewState
from controller.change.names import CommitSha
from controller.ports.code_host import OpenPullRequest
from tests.contracts.code_hosts.stage import MANIFEST, Stage


class PullRequestContract:
    """See the module."""

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

    def test_whether_it_was_ever_led_elsewhere_is_told(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        assert stage.reader.retargeted_at(stage.open("topic", "dana")) is None

    def test_the_pusher_is_who_pushed_the_head(self, stage: Stage) -> None:
        """ATTACKS 017."""
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        head = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "rita")
        assert _pushers(stage, number, head) == [stage.account("rita")]
        assert _pushers(stage, number, CommitSha("0" * 40)) == []

    def test_whoever_pushed_earlier_is_told_too(self, stage: Stage) -> None:
        """ATTACKS 017: pushing something on top of one's own does not hide who pushed it."""
        first = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "rita")
        head = stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "dana")
        number = stage.open("topic", "dana")
        rita, dana = stage.account("rita"), stage.account("dana")
        told = stage.reader.pushes(number)
        assert told == (Push(first, rita, made_branch=True), Push(head, dana))

    def test_whoever_pushed_the_same_commit_before_is_told_too(self, stage: Stage) -> None:
        """ATTACKS 017: a commit that somebody else pushes once more keeps whoever pushed it first."""
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "rita")
        number = stage.open("topic", "dana")
        assert _pushers(stage, number, head) == [stage.account("rita")]
        stage.push("topic", {MANIFEST: b"version: 1.0.2\n"}, "olga")
        stage.move("topic", head, "dana")
        assert _pushers(stage, number, head) == [stage.account("rita"), stage.account("dana")]


def _pushers(stage: Stage, number: int, head: CommitSha) -> list[Account | None]:
    return [push.by for push in stage.reader.pushes(number) if push.commit == head]
