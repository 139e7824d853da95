"""Everything the sandbox knows, in one place: lookups, new ids, the clock, one lock.

All operations run under `lock`, so a request sees a consistent world; with a handful of people and one controller
that costs nothing. What an operation means is in the other modules.
"""

import base64
import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from controller.sandbox.deliveries import Outbox
from controller.sandbox.rates import Rates
from controller.sandbox.records import Account, App, Permission, Repository, Team
from controller.sandbox.refusal import not_found
from controller.sandbox.urls import Urls

Clock = Callable[[], datetime]
FIRST_ID = 2_400_000_001
WEB_FLOW_ID = 19864447
WEB_FLOW_EMAIL = "noreply@github.com"


def real_time() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)  # noqa: TID251 - the one place where the sandbox reads the clock


@dataclass(frozen=True, slots=True)
class Token:
    """What a token stands for; only those of installations have permissions and an end."""

    account: Account
    app: App | None = None
    permissions: Mapping[str, str] | None = None
    expires_at: datetime | None = None


@dataclass(slots=True)
class World:
    """The state of one sandbox."""

    folder: Path
    outbox: Outbox = field(default_factory=Outbox)
    urls: Urls = field(default_factory=lambda: Urls("http://127.0.0.1"))
    clock: Clock = real_time
    token_clock: Clock = real_time
    lock: threading.RLock = field(default_factory=threading.RLock)
    accounts: dict[int, Account] = field(default_factory=dict)
    owners: dict[int, set[int]] = field(default_factory=dict)
    teams: dict[tuple[int, str], Team] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    tokens: dict[str, Token] = field(default_factory=dict)
    stale_heads: dict[tuple[int, int], int] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(FIRST_ID))

    def now(self) -> datetime:
        """Return the time of the sandbox, in whole seconds as GitHub tells it."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def next_id(self) -> int:
        """Return a new numeric id."""
        return next(self._ids)

    def account(self, login: str) -> Account:
        """Return the account of that login, whatever its case."""
        for account in self.accounts.values():
            if account.login.lower() == login.lower():
                return account
        raise not_found()

    def person_by_email(self, email: str) -> Account | None:
        """Return whose address this is, GitHub's no-reply addresses included."""
        wanted = email.lower()
        for account in self.accounts.values():
            if wanted in (address.lower() for address in (*account.emails, noreply_address(account))):
                return account
        return None

    def repository(self, owner: str, name: str) -> Repository:
        """Return a repository by its name, whatever its case."""
        found = self.repositories.get(f"{owner}/{name}".lower())
        if found is None:
            raise not_found()
        return found

    def team(self, organization: str, slug: str) -> Team:
        """Return a team of an organization."""
        account = self.account(organization)
        found = self.teams.get((account.id, slug.lower()))
        if found is None:
            raise not_found()
        return found

    def team_members(self, team: Team) -> set[int]:
        """Return the members of a team and of the teams below it."""
        members = set(team.members)
        for child in self.teams.values():
            if child.organization.id == team.organization.id and child.parent == team.slug:
                members |= self.team_members(child)
        return members

    def permission(self, account: Account, repository: Repository) -> Permission:
        """Return the strongest role an account has on a repository: own, as owner, by team, or public."""
        if account.id == repository.owner.id or account.id in self.owners.get(repository.owner.id, set()):
            return Permission.ADMIN
        held = [repository.collaborators.get(account.id, Permission.NONE)]
        if not repository.private:
            held.append(Permission.READ)
        held += [
            team.repositories[repository.id]
            for team in self._teams_with(repository)
            if account.id in self.team_members(team)
        ]
        return max(held, key=lambda permission: permission.rank)

    def app_of_bot(self, account: Account) -> App | None:
        """Return the App an account is the bot of."""
        return next((app for app in self.apps.values() if app.bot.id == account.id), None)

    def _teams_with(self, repository: Repository) -> list[Team]:
        return [team for team in self.teams.values() if repository.id in team.repositories]


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody does something in a repository."""

    world: World
    repository: Repository
    person: Account


def noreply_address(account: Account) -> str:
    """Return the address GitHub gives an account that hides its own."""
    return f"{account.id}+{account.login}@users.noreply.github.com"


def node_id(kind: str, number: int | str) -> str:
    """Return the opaque id GraphQL would use."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def moment(when: datetime) -> str:
    """Write a time as GitHub does."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_moment(when: datetime | None) -> str | None:
    """Write a time as GitHub does, or null."""
    return None if when is None else moment(when)
