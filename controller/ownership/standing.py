"""Which owners that a CODEOWNERS file names count for nobody, and what to do about each.

Follows GitHub docs "About code owners": an owner needs write access of its own, and a team must
be visible. How things are with each owner was asked elsewhere; this puts it into sentences.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from controller.ownership.codeowners import CodeOwners
from controller.ownership.owner import EmailOwner, Owner, TeamOwner, UserOwner


@dataclass(frozen=True, slots=True)
class TeamStanding:
    """What GitHub says of a team that owns something."""

    is_visible: bool
    may_write: bool
    """By a role on the repository that was given to the team itself."""


def named_owners(codeowners: CodeOwners) -> Mapping[Owner, int]:
    """Return every owner the file names, with the first line that does."""
    found: dict[Owner, int] = {}
    for rule in sorted(codeowners.rules, key=lambda rule: rule.line):
        for owner in rule.owners:
            found.setdefault(owner, rule.line)
    return found


def ignored_owners(
    codeowners: CodeOwners, teams: Mapping[TeamOwner, TeamStanding | None], powerless: Collection[Owner]
) -> tuple[str, ...]:
    """Return a sentence for each owner that counts for nobody, in the order of the file.

    `teams` holds None for a team that is not there; `powerless` are the people who may not write.
    """
    said = []
    for owner, line in named_owners(codeowners).items():
        if isinstance(owner, TeamOwner):
            reasons = list(_of_team(owner, teams[owner]))
        else:
            reasons = [_of_person(owner)] if owner in powerless else []
        said += [f"{owner} ({codeowners.path}:{line}) {reason}" for reason in reasons]
    return tuple(said)


def _of_team(team: TeamOwner, standing: TeamStanding | None) -> Iterator[str]:
    if standing is None:
        yield f"is no team the App can see. Correct the line, or make the team in {team.organization}."
        return
    if not standing.is_visible:
        yield "is a secret team, and GitHub takes only visible ones as owners. Choose `Visible` in the team's settings."
    if not standing.may_write:
        yield (
            "has no write access as a team, whatever its members have. Give it the role `Write` under the"
            " repository's Settings > Collaborators and teams."
        )


def _of_person(owner: UserOwner | EmailOwner) -> str:
    if isinstance(owner, EmailOwner):
        return "leads to nobody with write access. Name the person's login or a team instead."
    return "is nobody with write access. Give them the role `Write`, or correct the line."
