"""Who a CODEOWNERS line names: a user, a team, or an e-mail address."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserOwner:
    """``@login``; compared without case, as GitHub does."""

    login: str

    def __str__(self) -> str:
        return f"@{self.login}"


@dataclass(frozen=True, slots=True)
class TeamOwner:
    """``@organization/team``: the team's members and those of the teams below it."""

    organization: str
    slug: str

    def __str__(self) -> str:
        return f"@{self.organization}/{self.slug}"


@dataclass(frozen=True, slots=True)
class EmailOwner:
    """``person@example.com``."""

    address: str

    def __str__(self) -> str:
        return self.address


Owner = UserOwner | TeamOwner | EmailOwner
