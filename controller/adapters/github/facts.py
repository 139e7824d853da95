"""GitHub's JSON as our frozen facts: accounts, commits, pull requests, reviews.

What GitHub leaves open stays open (a deleted account is None); what it must tell and does not
is an `UnavailableError`. Titles, bodies and names of people are never taken over, except for the
two lines of a body that ask for break-glass, checked, when the label says so.
"""

import re

from controller.adapters.github.answer import at, items, moment, number, sha, text, truth
from controller.adapters.github.answer import oid as object_at
from controller.adapters.github.refusals import unavailable
from controller.change.break_glass import LABEL, BreakGlass, MalformedBreakGlass, break_glass_in
from controller.change.facts import (
    Account,
    AccountKind,
    Commit,
    PullRequest,
    PullRequestState,
    Review,
    ReviewState,
)
from controller.change.names import login
from controller.errors import InputError
from controller.ports.code_host import OpenPullRequest

_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"<([^<>]*)>")


def account_of(answer: object) -> Account | None:
    """Return the account an answer describes; None for null, GitHub's `{}`, and kinds that are nobody."""
    if answer is None or answer == {}:
        return None
    kind = text(answer, "type")
    if kind not in list(AccountKind):
        return None  # for example an import's "Mannequin"
    try:
        name = login(text(answer, "login"))
    except InputError as error:
        raise unavailable(f"GitHub's answer makes no sense: {error}") from None
    return Account(id=number(answer, "id"), login=name, kind=AccountKind(kind))


def commit_of(answer: object) -> Commit:
    """Return the commit an element of `compare` describes."""
    return Commit(
        sha=sha(answer, "sha"),
        tree=object_at(answer, "commit", "tree", "sha"),
        parents=tuple(sha(parent, "sha") for parent in items(answer, "parents")),
        author=account_of(at(answer, "author")),
        author_email=text(answer, "commit", "author", "email").lower(),
        committer=account_of(at(answer, "committer")),
        committer_email=text(answer, "commit", "committer", "email").lower(),
        co_author_emails=_co_authors(text(answer, "commit", "message")),
        is_verified=_is_verified(at(answer, "commit")),
    )


def pull_request_of(answer: object) -> PullRequest:
    """Return the pull request the long form describes; a test merge is never taken for a merge."""
    author = account_of(at(answer, "user"))
    if author is None:
        raise unavailable(f"GitHub does not say who opened pull request {number(answer, 'number')}")
    state = _state_of(answer)
    is_merged = state is PullRequestState.MERGED
    return PullRequest(
        number=number(answer, "number"),
        state=state,
        author=author,
        head=sha(answer, "head", "sha"),
        base_branch=text(answer, "base", "ref"),
        is_draft=truth(answer, "draft"),
        is_from_fork=_is_from_fork(answer),
        merge_commit=sha(answer, "merge_commit_sha") if is_merged else None,
        merged_by=account_of(at(answer, "merged_by")) if is_merged else None,
        commit_count=number(answer, "commits"),
        updated_at=moment(answer, "updated_at"),
        merged_at=moment(answer, "merged_at") if is_merged else None,
        break_glass=_break_glass(answer),
        requested=frozenset(one.id for one in map(account_of, items(answer, "requested_reviewers")) if one is not None),
    )


def open_pull_request_of(answer: object) -> OpenPullRequest:
    """Return the pull request that an element of a list of open ones describes."""
    head, touched = sha(answer, "head", "sha"), moment(answer, "updated_at")
    return OpenPullRequest(number(answer, "number"), head, touched, _asks_break_glass(answer))


def review_of(answer: object) -> Review | None:
    """Return the review an answer describes; None for one that is still being written."""
    said = text(answer, "state")
    if said not in list(ReviewState):
        raise unavailable(f"GitHub's answer makes no sense: a review cannot be {said[:40]!a}")
    state = ReviewState(said)
    if state is ReviewState.PENDING:
        return None
    return Review(
        id=number(answer, "id"),
        author=account_of(at(answer, "user")),
        state=state,
        commit=None if at(answer, "commit_id") is None else sha(answer, "commit_id"),
        submitted_at=moment(answer, "submitted_at"),
    )


def _break_glass(answer: object) -> BreakGlass | MalformedBreakGlass | None:
    if not _asks_break_glass(answer):
        return None
    return break_glass_in(None if at(answer, "body") is None else text(answer, "body"))


def _asks_break_glass(answer: object) -> bool:
    return any(text(label, "name") == LABEL for label in items(answer, "labels"))


def _state_of(answer: object) -> PullRequestState:
    if truth(answer, "merged"):
        return PullRequestState.MERGED
    said = text(answer, "state")
    if said not in ("open", "closed"):
        raise unavailable(f"GitHub's answer makes no sense: a pull request cannot be {said[:40]!a}")
    return PullRequestState(said)


def _is_from_fork(answer: object) -> bool:
    home = number(answer, "base", "repo", "id")
    return at(answer, "head", "repo") is None or number(answer, "head", "repo", "id") != home


def _is_verified(commit: object) -> bool:
    known = isinstance(commit, dict) and commit.get("verification") is not None
    return known and truth(commit, "verification", "verified")


def _co_authors(message: str) -> tuple[str, ...]:
    # Wider than git's trailers on purpose: wherever somebody is credited, they do not judge themselves.
    credited = [said.strip() for said in _CO_AUTHOR.findall(message)]
    found = [_ADDRESS.findall(said)[-1] if _ADDRESS.search(said) else said for said in credited]
    return tuple(sorted({address.strip().lower() for address in found} - {""}))
