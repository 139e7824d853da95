"""Who is involved in a change: those who took part, and those who could approve it.

Owners come from CODEOWNERS of the base and from live teams; everyone is resolved to one
principal each before policy is asked, so that it can say what roles they hold.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from controller.approval.ownership import account_owner, members_of, owners_to_resolve
from controller.approval.requirements import changed_paths
from controller.change.facts import Account, AccountKind, Change
from controller.change.names import RepoPath
from controller.decision.verdict import Cause, Unanswered
from controller.desired_state.proposal import Proposal
from controller.errors import UnavailableError
from controller.identity.participants import Participants, accounts_to_resolve, addresses_to_resolve, participants
from controller.identity.principal import People, PrincipalId
from controller.ownership.codeowners import CodeOwners, Ownership, codeowners_of, owners_of, why_unowned
from controller.ownership.owner import EmailOwner, Owner, TeamOwner
from controller.ports.code_host import OwnerReader
from controller.ports.directory import Directory


@dataclass(frozen=True, slots=True)
class Involved:
    """Everyone a judgement is about."""

    participants: Participants
    people: People
    owners: Mapping[RepoPath, tuple[Owner, ...]]
    members: Mapping[Owner, frozenset[PrincipalId]]
    doubts: Mapping[RepoPath, tuple[str, ...]]
    """Why a path has fewer owners than CODEOWNERS names, or none."""
    stewards: tuple[Owner, ...]
    """Who owns CODEOWNERS itself, and so could name other owners."""
    accounts: Mapping[PrincipalId, Account]
    """One account of each person who could be asked, by GitHub's own word; a login of CODEOWNERS names none."""


@dataclass(frozen=True, slots=True)
class PeopleStanding:
    """What a judgement's people rest on: another value whenever one of them may have another standing."""

    revision: str
    """The directory's."""
    owners: Mapping[Owner, tuple[bool, list[int]]]
    """Of each owner: whether GitHub ignores it, and the accounts of a team's members."""


class Involving:
    """Finds out who is involved, from the code host's teams and the directory."""

    def __init__(self, host: OwnerReader, directory: Directory, pool: Executor) -> None:
        """Ask `host` for teams and who may write, in parallel on `pool`, and `directory` for people."""
        self._host = host
        self._directory = directory
        self._pool = pool

    def look_up(self, change: Change, proposal: Proposal, requester: PrincipalId | None) -> Involved | Unanswered:
        """Return who is involved; `Unanswered` when the directory cannot say.

        Raises `UnavailableError` when the code host cannot be asked.
        """
        codeowners = codeowners_of(change.base, change.contents)
        found = {path: owners_of(codeowners, path) for path in changed_paths(proposal)}
        owners = {path: ownership.owners for path, ownership in found.items()}
        asked = owners_to_resolve(owners)
        teams = self._teams(asked.teams)
        accounts = accounts_to_resolve(change) | {account for members in teams.values() for account in members}
        try:
            people = self._directory.look_up(accounts, addresses_to_resolve(change) | asked.emails, asked.logins)
        except UnavailableError as error:
            return Unanswered(Cause.DIRECTORY_UNAVAILABLE, f"The directory of people gave no answer: {error}")
        named = frozenset(owner for several in owners.values() for owner in several)
        powerless = self._powerless(named, people)
        members = {**members_of(named - powerless, people, teams), **dict.fromkeys(powerless, frozenset[PrincipalId]())}
        doubts = {path: tuple(_doubts(codeowners, ownership, powerless)) for path, ownership in found.items()}
        stewards = () if codeowners.path is None else owners_of(codeowners, codeowners.path).owners
        known = _accounts(accounts, people)
        return Involved(participants(change, people, requester), people, owners, members, doubts, stewards, known)

    def standing_of(self, owners: frozenset[Owner]) -> PeopleStanding | None:
        """Return how `owners` and everybody in the directory stand; None when the directory cannot tell.

        Raises `UnavailableError` when the code host cannot be asked.
        """
        asked = owners_to_resolve({RepoPath(""): tuple(owners)})
        try:
            revision = self._directory.revision()
            people = self._directory.look_up(frozenset(), asked.emails)
        except UnavailableError:
            return None
        if revision is None:
            return None
        teams = self._teams(asked.teams)
        powerless = self._powerless(owners, people)
        members = {team: sorted(account.id for account in accounts) for team, accounts in teams.items()}
        return PeopleStanding(
            revision,
            {owner: (owner in powerless, members[owner] if isinstance(owner, TeamOwner) else []) for owner in owners},
        )

    def _teams(self, teams: frozenset[TeamOwner]) -> dict[TeamOwner, tuple[Account, ...]]:
        asked = {team: self._pool.submit(self._host.team_members, team) for team in teams}
        return {team: members.result() for team, members in asked.items()}

    def _powerless(self, owners: frozenset[Owner], people: People) -> frozenset[Owner]:
        """Return the owners that GitHub ignores, as far as it says: without write access, or teams nobody sees."""
        asked = {owner: self._pool.submit(self._host.may_write, account_owner(owner, people)) for owner in owners}
        return frozenset(owner for owner, may_write in asked.items() if not may_write.result())


def _accounts(accounts: Iterable[Account], people: People) -> Mapping[PrincipalId, Account]:
    """Return the oldest account of each person."""
    found: dict[PrincipalId, Account] = {}
    for account in sorted(accounts, key=lambda account: account.id):
        person = people.of_account(account)
        if person is not None and account.kind is AccountKind.USER:
            found.setdefault(person.id, account)
    return found


def _doubts(codeowners: CodeOwners, ownership: Ownership, powerless: frozenset[Owner]) -> Iterator[str]:
    reason = why_unowned(codeowners, ownership)
    if reason is not None:
        yield f"nobody owns {ownership.path}: {reason}"
    for owner in ownership.owners:
        if owner in powerless:
            where = f"{codeowners.path}:{ownership.line}"
            yield f"{owner} ({where}) counts for nobody: it is not known to {_needs(owner)}"


def _needs(owner: Owner) -> str:
    if isinstance(owner, TeamOwner):
        return "be a visible team with write access of its own to this repository"
    if isinstance(owner, EmailOwner):
        return "name somebody with write access to this repository, and GitHub takes no address of a managed user"
    return "have write access to this repository"
