"""Owners that count for nobody, each told with its line and with what to do."""

from collections.abc import Callable, Mapping

import pytest

from controller.ownership.codeowners import CodeOwners
from controller.ownership.owner import EmailOwner, TeamOwner, UserOwner
from controller.ownership.standing import TeamStanding, ignored_owners, named_owners

Read = Callable[[str], CodeOwners]
TEAM = TeamOwner("acme", "one")
FIT = TeamStanding(is_visible=True, may_write=True)


def test_every_owner_is_named_once_with_its_first_line(read: Read) -> None:
    found = named_owners(read("* @acme/one @a\n/x/ @b @acme/one\n/y/ c@example.com\n"))

    assert found == {TEAM: 1, UserOwner("a"): 1, UserOwner("b"): 2, EmailOwner("c@example.com"): 3}


def test_who_can_be_seen_and_may_write_is_not_told(read: Read) -> None:
    assert ignored_owners(read("* @acme/one @a c@example.com\n"), {TEAM: FIT}, frozenset()) == ()


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (None, ["is no team the App can see"]),
        (TeamStanding(is_visible=False, may_write=True), ["is a secret team"]),
        (TeamStanding(is_visible=True, may_write=False), ["has no write access as a team"]),
        (TeamStanding(is_visible=False, may_write=False), ["is a secret team", "has no write access as a team"]),
    ],
)
def test_a_team_is_told_for_each_thing_it_lacks(read: Read, standing: TeamStanding | None, said: list[str]) -> None:
    """ATTACKS 022."""
    teams: Mapping[TeamOwner, TeamStanding | None] = {TEAM: standing}
    found = ignored_owners(read("# who\n* @acme/one\n"), teams, frozenset())

    starts = [f"@acme/one (.github/CODEOWNERS:2) {part}" for part in said]
    assert all(each.startswith(start) for each, start in zip(found, starts, strict=True))


def test_people_without_write_access_are_told_by_how_they_are_named(read: Read) -> None:
    """ATTACKS 022."""
    owners = (UserOwner("a"), EmailOwner("c@example.com"))
    found = ignored_owners(read("* @a c@example.com\n"), {}, owners)

    assert "@a (.github/CODEOWNERS:1) is nobody with write access" in found[0]
    assert "c@example.com (.github/CODEOWNERS:1) leads to nobody with write access" in found[1]
