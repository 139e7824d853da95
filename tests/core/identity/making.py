"""Changes and people to ask about, made of as little as possible."""

from datetime import UTC, datetime

from controller.change.facts import (
    Account,
    AccountKind,
    Change,
    Commit,
    PullRequest,
    PullRequestState,
    Review,
    Snapshot,
)
from controller.change.names import CommitSha, Login, ObjectId

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SNAPSHOT = Snapshot(CommitSha("0" * 40), ObjectId("0" * 40), {})


def account(number: int, name: str = "somebody", kind: AccountKind = AccountKind.USER) -> Account:
    return Account(number, Login(name), kind)


def sha(digit: str) -> CommitSha:
    return CommitSha(digit * 40)


def a_commit(digit: str = "1", /, **fields: object) -> Commit:
    values: dict[str, object] = {
        "sha": sha(digit),
        "tree": ObjectId("0" * 40),
        "parents": (sha("0"),),
        "author": None,
        "author_email": "dana@example.com",
        "committer": None,
        "committer_email": "dana@example.com",
        "co_author_emails": (),
        "is_verified": False,
    }
    return Commit(**{**values, **fields})  # type: ignore[arg-type]  # the fields are named by each test


def a_change(
    *commits: Commit,
    author: Account | None = None,
    pusher: Account | None = None,
    earlier_pushers: tuple[Account | None, ...] = (),
    clean_merges: frozenset[CommitSha] = frozenset(),
    merged_by: Account | None = None,
    reviews: tuple[Review, ...] = (),
) -> Change:
    opened_by = author or account(1001)
    pull_request = PullRequest(
        7, PullRequestState.OPEN, opened_by, sha("9"), "main", False, False, None, merged_by, 1, NOW
    )
    return Change(
        pull_request=pull_request,
        base=SNAPSHOT,
        merge_base=SNAPSHOT,
        head=SNAPSHOT,
        commits=commits,
        clean_merges=clean_merges,
        head_pushers=(pusher or opened_by,),
        earlier_pushers=earlier_pushers,
        reviews=reviews,
        reviewed={},
        contents={},
    )
