"""Who is involved in a change: those who took part, and those who could approve it.

Owners come from CODEOWNERS of the base and from live teams; everyone is resolved to one
principal each before policy is asked, so that it can say what roles they hold.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from controller.approval.requirements import changed_paths
from controller.change.facts import Account, Change
from controller.change.names import RepoPath
from controller.decision.verdict import Cause, Unanswered
from controller.desired_state.proposal import Proposal
from controller.errors import UnavailableError
from controller.identity.participants import Participants, accounts_to_resolve, addresses_to_resolve, participants
from controller.identity.principal import People, PrincipalId
from controller.ownership.codeowners import CodeOwners, codeowners_path, owners_of, parse_codeowners
from controller.ownership.owner import EmailOwner, Owner, TeamOwner, UserOwner
from controller.ports.code_host import TreeReader
from controller.ports.directory import Directory


@dataclass(frozen=True, slots=True)
class Involved:
    """Everyone a judgement is about."""

    participants: Participants
    people: People
    owners: Mapping[RepoPath, tuple[Owner, ...]]
    members: Mapping[Owner, frozenset[PrincipalId]]


class Involving:
    """Finds out who is involved, from the code host's teams and the directory."""

    def __init__(self, trees: TreeReader, directory: Directory, pool: Executor) -> None:
        """Ask `trees` for teams, in parallel on `pool`, and `directory` for people."""
        self._trees = trees
        self._directory = directory
        self._pool = pool

    def look_up(self, change: Change, proposal: Proposal, requester: PrincipalId | None) -> Involved | Unanswered:
        """Return who is involved; `Unanswered` when the directory cannot say.

        Raises `UnavailableError` when the code host cannot be asked.
        """
        owners = _owners(change, proposal)
        named = frozenset(owner for several in owners.values() for owner in several)
        teams = self._teams(named)
        accounts = accounts_to_resolve(change) | {account for members in teams.values() for account in members}
        emails = addresses_to_resolve(change) | {owner.address for owner in named if isinstance(owner, EmailOwner)}
        logins = frozenset(owner.login for owner in named if isinstance(owner, UserOwner))
        try:
            people = self._directory.look_up(accounts, emails, logins)
        except UnavailableError as error:
            return Unanswered(Cause.DIRECTORY_UNAVAILABLE, f"The directory of people gave no answer: {error}")
        members = {owner: _principals(owner, people, teams) for owner in named}
        return Involved(participants(change, people, requester), people, owners, members)

    def _teams(self, owners: frozenset[Owner]) -> dict[TeamOwner, tuple[Account, ...]]:
        asked = {
            owner: self._pool.submit(self._trees.team_members, owner)
            for owner in owners
            if isinstance(owner, TeamOwner)
        }
        return {team: members.result() for team, members in asked.items()}


def _owners(change: Change, proposal: Proposal) -> dict[RepoPath, tuple[Owner, ...]]:
    """Return the owners, by CODEOWNERS of the base, of every path the change touches."""
    codeowners = _codeowners(change)
    return {path: () if codeowners is None else owners_of(codeowners, path).owners for path in changed_paths(proposal)}


def _codeowners(change: Change) -> CodeOwners | None:
    path = codeowners_path(change.base)
    if path is None:
        return None
    return parse_codeowners(path, change.contents[change.base.entries[path].blob])


def _principals(owner: Owner, people: People, teams: Mapping[TeamOwner, tuple[Account, ...]]) -> frozenset[PrincipalId]:
    match owner:
        case TeamOwner():
            found = [people.of_account(account) for account in teams[owner]]
        case UserOwner(login):
            found = [people.by_login.get(login.lower())]
        case EmailOwner(address):
            found = [people.of_email(address)]
    return frozenset(principal.id for principal in found if principal is not None)
