"""Who has an account on the fake code host, who is in which team, and who may write."""

from collections.abc import Iterator

from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from controller.ownership.owner import TeamOwner, UserOwner


class Accounts:
    """Accounts by login and teams by organization and slug; everybody may write who is not said not to."""

    def __init__(self, ids: Iterator[int]) -> None:
        self.powerless: set[str] = set()
        """Owners, as CODEOWNERS names them in lower case, that have no write access."""
        self.secret_teams: set[str] = set()
        """Teams, as CODEOWNERS names them in lower case, that only their members see."""
        self.teams: dict[tuple[str, str], tuple[Account, ...]] = {}
        """Keyed in lower case."""
        self._ids = ids
        self._known: dict[str, tuple[Account, str]] = {}

    def account(self, login: str, *, id: int | None = None, email: str | None = None) -> Account:  # GitHub's word
        """Return the account of `login`, made on first use."""
        if login not in self._known:
            kind = AccountKind.BOT if login.endswith("[bot]") else AccountKind.USER
            made = Account(next(self._ids) if id is None else id, Login(login), kind)
            self._known[login] = (made, email or f"{login.removesuffix('[bot]')}@example.com")
        return self._known[login][0]

    def address(self, account: Account) -> str:
        """Return the address somebody commits with."""
        return self._known[account.login][1]

    def of_id(self, number: int) -> Account | None:
        """Return the account with this id."""
        return next((account for account, _ in self._known.values() if account.id == number), None)

    def members(self, team: TeamOwner) -> tuple[Account, ...]:
        """Return a team's members; of none, when there is no such team."""
        return self.teams.get((team.organization.lower(), team.slug.lower()), ())

    def may_write(self, team: TeamOwner) -> bool:
        """Return whether the host takes `team` as an owner: it may write and is visible."""
        is_known = (team.organization.lower(), team.slug.lower()) in self.teams
        return is_known and str(team).lower() not in self.powerless | self.secret_teams

    def writer(self, owner: UserOwner) -> Account | None:
        """Return the account of `owner`, if it may write."""
        found = {login.lower(): account for login, (account, _) in self._known.items()}
        return None if str(owner).lower() in self.powerless else found.get(owner.login.lower())
