"""Reading who the owners of CODEOWNERS are, and whom the host takes as one."""

import pytest

from controller.ownership.owner import TeamOwner, UserOwner
from tests.contracts.code_hosts.stage import Stage


class OwnerContract:
    """See the module."""

    def test_team_members_are_told_and_no_such_team_is_empty(self, stage: Stage) -> None:
        assert stage.reader.team_members(TeamOwner("acme", "platform")) == (stage.account("olga"),)
        assert stage.reader.team_members(TeamOwner("ACME", "Platform")) == (stage.account("olga"),)
        assert stage.reader.team_members(TeamOwner("acme", "nobody")) == ()
        assert stage.reader.team_members(TeamOwner("elsewhere", "platform")) == ()

    @pytest.mark.parametrize(
        ("team", "may"),
        [
            (TeamOwner("acme", "platform"), True),
            (TeamOwner("ACME", "Platform"), True),
            (TeamOwner("acme", "readers"), False),
            (TeamOwner("acme", "hidden"), False),
            (TeamOwner("acme", "nobody"), False),
            (TeamOwner("elsewhere", "platform"), False),
        ],
    )
    def test_only_who_is_seen_and_was_given_write_access_may_write(
        self, stage: Stage, team: TeamOwner, may: bool
    ) -> None:
        """ATTACKS 022: the team of readers may only read, though olga, who is in it, may write.

        A secret team may write, and GitHub takes it as no owner all the same.
        """
        assert stage.reader.may_write(team) is may

    @pytest.mark.parametrize(("login", "named"), [("dana", "dana"), ("DANA", "dana"), ("nobody", None), ("rick", None)])
    def test_a_login_names_its_account_if_that_may_write(self, stage: Stage, login: str, named: str | None) -> None:
        """ATTACKS 022: rick may only read."""
        expected = None if named is None else stage.account(named)
        assert stage.reader.writer(UserOwner(login)) == expected
