"""Who took part in making a change, and may therefore not approve it.

The author, the person a bot asked for, whoever pushed any of its commits, and whoever a commit names as author,
committer or co-author. A commit's account comes first and its address second; where both
lead to somebody, both took part. An address is believed only against its owner: it can
exclude, never admit. Who reviews what is weighed in `approval`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.change.facts import Account, AccountKind, Change, Commit
from controller.change.names import CommitSha, login
from controller.identity.principal import People, Principal, PrincipalId

WEB_FLOW_ID = 19864447
"""GitHub's own account, which commits what people do on its pages."""
WEB_FLOW_ADDRESS = "noreply@github.com"
_NOREPLY = re.compile(r"([1-9][0-9]{0,17})\+([a-z0-9][a-z0-9_-]{0,99}(?:\[bot\])?)@users\.noreply\.github\.com")


@dataclass(frozen=True, slots=True)
class Participants:
    """Everyone who took part in a change, as principals."""

    author: PrincipalId | None
    """Who opened the pull request; None when the directory does not know."""
    requester: PrincipalId | None
    """The person a bot opened it for."""
    excluded: Mapping[PrincipalId, str]
    """Who may not approve, and as what they took part first."""
    unattributable: tuple[CommitSha, ...]
    """Commits that name somebody the directory does not know."""
    pusher_is_known: bool
    """Of every push of the change that was told of; False when none of the head was."""


@dataclass(frozen=True, slots=True)
class BaseMerge:
    """A merge that GitHub made of the base into a branch."""

    commit: Commit
    base: CommitSha
    """Its parent on the base."""
    own: CommitSha
    """Its parent on the branch."""


def accounts_to_resolve(change: Change) -> frozenset[Account]:
    """Return every account that judging `change` must know the person behind."""
    pull_request = change.pull_request
    seen = [pull_request.author, pull_request.merged_by, *change.head_pushers, *change.earlier_pushers]
    seen += [review.author for review in change.reviews]
    seen += [account for commit in change.commits for account in (commit.author, commit.committer)]
    accounts = {account.id: account for account in seen if account is not None and account.id != WEB_FLOW_ID}
    for address in _addresses(change):
        account = _noreply_account(address)
        if account is not None:
            accounts.setdefault(account.id, account)
    return frozenset(accounts.values())


def addresses_to_resolve(change: Change) -> frozenset[str]:
    """Return every e-mail address, in lower case, that only the directory can lead to a person."""
    own = {address for address in _addresses(change) if _noreply_account(address) is None}
    return frozenset(own - {WEB_FLOW_ADDRESS})


def participants(change: Change, people: People, requester: PrincipalId | None) -> Participants:
    """Return who took part in `change`, of the `people` its accounts and addresses lead to."""
    author = people.of_account(change.pull_request.author)
    pushers = [people.of_account(account) for account in (*change.head_pushers, *change.earlier_pushers)]
    excluded: dict[PrincipalId, str] = {}
    for part, principal in _beyond_commits(author, requester, pushers):
        excluded.setdefault(principal, part)
    unattributable = []
    for commit in change.commits:
        named = _named_by(commit, change.clean_merges)
        attributed = [(part, _behind(people, account, address)) for part, account, address in named]
        for part, principals in attributed:
            for principal in sorted(principals):
                excluded.setdefault(principal, part)
        if not all(principals for _, principals in attributed):
            unattributable.append(commit.sha)
    pusher_is_known = bool(change.head_pushers) and None not in pushers
    return Participants(author.id if author else None, requester, excluded, tuple(unattributable), pusher_is_known)


def merges_of_base(commits: Sequence[Commit]) -> tuple[BaseMerge, ...]:
    """Return those of the `commits` of a change that GitHub made as merges of the base into the branch.

    Of two parents, one is not of this change. Whether such a merge is clean, or holds what
    somebody typed to resolve a conflict, its trees tell.
    """
    own = frozenset(commit.sha for commit in commits)
    found = []
    for commit in filter(_is_web_flow, commits):
        ours = [parent for parent in commit.parents if parent in own]
        theirs = [parent for parent in commit.parents if parent not in own]
        if len(ours) == len(theirs) == 1:
            found.append(BaseMerge(commit, theirs[0], ours[0]))
    return tuple(found)


def _beyond_commits(
    author: Principal | None, requester: PrincipalId | None, pushers: Iterable[Principal | None]
) -> Iterator[tuple[str, PrincipalId]]:
    """Yield who took part whatever the commits say, and as what."""
    if author is not None:
        yield "author", author.id
    if requester is not None:
        yield "requester", requester
    yield from (("pusher", one.id) for one in pushers if one is not None)


def _addresses(change: Change) -> Iterator[str]:
    for commit in change.commits:
        for address in (commit.author_email, commit.committer_email, *commit.co_author_emails):
            yield address.lower()


def _named_by(commit: Commit, clean_merges: frozenset[CommitSha]) -> Iterator[tuple[str, Account | None, str]]:
    """Yield everyone a commit names; nobody where GitHub itself wrote down what somebody clicked."""
    if commit.sha not in clean_merges:
        yield "commit author", commit.author, commit.author_email
        if not _is_web_flow(commit):
            yield "committer", commit.committer, commit.committer_email
    for address in commit.co_author_emails:
        yield "co-author", None, address


def _is_web_flow(commit: Commit) -> bool:
    return (
        commit.is_verified
        and commit.committer is not None
        and commit.committer.id == WEB_FLOW_ID
        and commit.committer_email.lower() == WEB_FLOW_ADDRESS
    )


def _behind(people: People, account: Account | None, address: str) -> frozenset[PrincipalId]:
    found = {people.of_account(account), people.of_email(address), people.of_account(_noreply_account(address.lower()))}
    return frozenset(principal.id for principal in found if principal is not None)


def _noreply_account(address: str) -> Account | None:
    """Return the account in ``<id>+<login>@users.noreply.github.com``; only the id in it identifies."""
    match = _NOREPLY.fullmatch(address)
    if match is None:
        return None
    kind = AccountKind.BOT if match[2].endswith("[bot]") else AccountKind.USER
    return Account(int(match[1]), login(match[2]), kind)
