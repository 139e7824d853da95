"""Who is involved in a change: those who took part, and those who could approve it.

Owners come from CODEOWNERS of the base and from live teams; everyone is resolved to one
principal each before policy is asked, so that it can say what roles they hold.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

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

_NOBODY = People({}, {})


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
    """One account of each person who could be asked, by GitHub's own word.

    The account that holds a login of CODEOWNERS today is here only for the person the directory gives it to.
    """


@dataclass(frozen=True, slots=True)
class PeopleStanding:
    """What a judgement's people rest on: another value whenever one of them may have another standing."""

    revision: str
    """The directory's."""
    owners: Mapping[Owner, tuple[bool, list[int]]]
    """Of each owner: whether GitHub ignores it, and the accounts behind it."""


@dataclass(frozen=True, slots=True)
class _Behind:
    """Which accounts the code host says are behind some owners."""

    teams: Mapping[TeamOwner, tuple[Account, ...]]
    writers: Mapping[Owner, Account | None]
    """Who a line names without a team; None for whom GitHub ignores."""
    powerless_teams: frozenset[Owner]

    @property
    def powerless(self) -> frozenset[Owner]:
        """The owners that GitHub ignores: without write access, or teams nobody sees."""
        return self.powerless_teams | {owner for owner, writer in self.writers.items() if writer is None}

    @property
    def accounts(self) -> frozenset[Account]:
        """Every account behind any of them."""
        return frozenset(account for owner in (*self.teams, *self.writers) for account in self.of(owner))

    def of(self, owner: Owner) -> tuple[Account, ...]:
        """Return the accounts behind `owner`."""
        if isinstance(owner, TeamOwner):
            return self.teams[owner]
        writer = self.writers[owner]
        return () if writer is None else (writer,)


class Involving:
    """Finds out who is involved, from the code host's teams and the directory."""

    def __init__(self, host: OwnerReader, directory: Directory, pool: Executor) -> None:
        """Ask `host` for teams and who may write, in parallel on `pool`, and `directory` for people."""
        self._host = host
        self._directory = directory
        self.pool = pool

    def look_up(self, change: Change, proposal: Proposal, requester: PrincipalId | None) -> Involved | Unanswered:
        """Return who is involved; `Unanswered` when the directory cannot say.

        Raises `UnavailableError` when the code host cannot be asked.
        """
        codeowners = codeowners_of(change.base, change.contents)
        found = {path: owners_of(codeowners, path) for path in changed_paths(proposal)}
        owners = {path: ownership.owners for path, ownership in found.items()}
        named = frozenset(owner for several in owners.values() for owner in several)
        asked = owners_to_resolve(owners)
        addressed = self._people(frozenset(), asked.emails) if asked.emails else _NOBODY
        if isinstance(addressed, Unanswered):
            return addressed
        behind = self._behind(named, addressed)
        accounts = accounts_to_resolve(change) | behind.accounts
        known = self._people(accounts, addresses_to_resolve(change), asked.logins)
        if isinstance(known, Unanswered):
            return known
        # Whoever is behind an address is the one whose write access was asked about.
        people = replace(known, by_email={**known.by_email, **addressed.by_email})
        powerless = behind.powerless
        members = {
            **members_of(named - powerless, people, behind.teams),
            **dict.fromkeys(powerless, frozenset[PrincipalId]()),
        }
        doubts = {path: tuple(_doubts(codeowners, ownership, powerless)) for path, ownership in found.items()}
        stewards = () if codeowners.path is None else owners_of(codeowners, codeowners.path).owners
        askable = _accounts(behind.accounts, people)
        return Involved(participants(change, people, requester), people, owners, members, doubts, stewards, askable)

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
        behind = self._behind(owners, people)
        return PeopleStanding(
            revision,
            {owner: (owner in behind.powerless, sorted(one.id for one in behind.of(owner))) for owner in owners},
        )

    def _people(
        self, accounts: frozenset[Account], addresses: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People | Unanswered:
        try:
            return self._directory.look_up(accounts, addresses, logins)
        except UnavailableError as error:
            return Unanswered(Cause.DIRECTORY_UNAVAILABLE, f"The directory of people gave no answer: {error}")

    def _behind(self, owners: frozenset[Owner], people: People) -> _Behind:
        """Ask who is behind `owners`, and which of them GitHub ignores, as far as it says."""
        teams = {owner for owner in owners if isinstance(owner, TeamOwner)}
        members = {team: self.pool.submit(self._host.team_members, team) for team in teams}
        access = {team: self.pool.submit(self._host.may_write, team) for team in teams}
        writers = {
            owner: self.pool.submit(self._host.writer, account_owner(owner, people))
            for owner in owners
            if not isinstance(owner, TeamOwner)
        }
        return _Behind(
            {team: found.result() for team, found in members.items()},
            {owner: found.result() for owner, found in writers.items()},
            frozenset(team for team, may_write in access.items() if not may_write.result()),
        )


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
