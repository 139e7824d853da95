"""Who the owners that CODEOWNERS names are: a team's members, and who GitHub takes as an owner.

Follows GitHub docs "About code owners", "List team members", "Check team permissions for a
repository", "Get a team by name" and "Get repository permissions for a user". Each answer is at
most a minute old. GitHub ignores owners without write access of their own and teams that are not
visible; a 404, or an answer that does not say so, is taken for neither.
"""

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from controller.adapters.github.answer import at, number
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import account_of
from controller.adapters.github.memory import Memory
from controller.change.facts import Account
from controller.errors import InputError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.ownership.standing import TeamStanding

_SECONDS = 60.0
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_WITH_ROLE = "application/vnd.github.v3.repository+json"
_WRITING = frozenset({"admin", "maintain", "write", "push"})
"""GitHub itself says `admin` and `write` here; others who speak its language give the role."""
_VISIBLE = "closed"
"""GitHub's word for a team that everybody in the organization sees; the other one is `secret`."""

Found = TypeVar("Found")
_Answers: TypeAlias = Memory[tuple[str, str], tuple[float, Found]]
"""What was answered, and when."""


class Owners:
    """Looks up owners, the last few from memory."""

    def __init__(self, app: GitHubApp, clock: Callable[[], float]) -> None:
        """Ask through `app`; `clock` tells seconds that never go back."""
        self._app = app
        self._clock = clock
        self._teams: _Answers[tuple[Account, ...]] = Memory()
        self._access: _Answers[bool] = Memory()
        self._writers: _Answers[Account | None] = Memory()

    def members(self, team: TeamOwner) -> tuple[Account, ...]:
        """Return the members of `team` and of the teams below it."""
        return self._recent(self._teams, _key(team), lambda: self._members(team)) if _is_proper(team) else ()

    def may_write(self, team: TeamOwner) -> bool:
        """Return whether `team` is visible and has write access of its own."""
        return _is_proper(team) and self._recent(self._access, _key(team), lambda: self._may_write(team))

    def writer(self, owner: UserOwner) -> Account | None:
        """Return the account `owner` names, if it has write access."""
        return self._recent(self._writers, _key(owner), lambda: self._writer(owner)) if _is_proper(owner) else None

    def _recent(self, memory: _Answers[Found], key: tuple[str, str], ask: Callable[[], Found]) -> Found:
        known = memory.get(key)
        if known is not None and self._clock() - known[0] < _SECONDS:
            return known[1]
        asked_at = self._clock()
        found = ask()
        memory.put(key, (asked_at, found))
        return found

    def _members(self, team: TeamOwner) -> tuple[Account, ...]:
        try:
            found = self._app.pages(f"/orgs/{team.organization}/teams/{team.slug}/members")
        except InputError:
            return ()
        return tuple(account for each in found if number(each, "id") and (account := account_of(each)) is not None)

    def _may_write(self, team: TeamOwner) -> bool:
        standing = team_standing(self._app, team)
        return standing is not None and standing.is_visible and standing.may_write

    def _writer(self, owner: UserOwner) -> Account | None:
        try:
            said = self._app.get(self._app.path(f"/collaborators/{owner.login}/permission"))
        except InputError:
            return None
        return account_of(at(said, "user")) if at(said, "permission") in _WRITING else None


def team_standing(app: GitHubApp, team: TeamOwner) -> TeamStanding | None:
    """Return how things are with a team, as of now; None when there is none that the App can see."""
    place = f"/orgs/{team.organization}/teams/{team.slug}"
    try:
        is_visible = at(app.get(place), "privacy") == _VISIBLE
    except InputError:
        return None
    try:
        may_write = at(app.get(place + app.path(""), accept=_WITH_ROLE), "permissions", "push") is True
    except InputError:
        may_write = False
    return TeamStanding(is_visible, may_write)


def _is_proper(owner: UserOwner | TeamOwner) -> bool:
    names = (owner.login,) if isinstance(owner, UserOwner) else (owner.organization, owner.slug)
    return all(_NAME.fullmatch(name) for name in names)


def _key(owner: UserOwner | TeamOwner) -> tuple[str, str]:
    if isinstance(owner, UserOwner):
        return "", owner.login.lower()
    return owner.organization.lower(), owner.slug.lower()
