"""Which comment is a command: a whole one, of a person, as it was first written."""

from dataclasses import replace

import pytest

from controller.change.facts import Account, AccountKind, Comment
from controller.change.names import login
from controller.decision.command import Command, command_in, command_of
from controller.policy.authorization import Permission

DANA = Account(1001, login("dana-dev"), AccountKind.USER)
SAID = Comment(501, 7, True, DANA, "/dvo recheck", False, False)


@pytest.mark.parametrize("command", list(Command))
def test_a_comment_of_exactly_a_command_is_one(command: Command) -> None:
    assert command_in(f"/dvo {command}") is command
    assert command_in(f"/dvo {command}\r\n \n") is command


@pytest.mark.parametrize(
    "body",
    [
        "",
        "/dvo",
        "/dvo approve",
        "/DVO recheck",
        "/dvo  recheck",
        "/dvo recheck now",
        "/dvo recheck\nthank you",
        "> /dvo recheck",
        "    /dvo recheck",
        " /dvo recheck",
        "\n/dvo recheck",
        "`/dvo recheck`",
        "```\n/dvo recheck\n```",
        "<!-- \n/dvo recheck\n-->",
        "/dvo re\u200bcheck",
        "/dvo recheck; rm -rf /",
    ],
)
def test_anything_else_is_conversation(body: str) -> None:
    """ATTACKS 001, 036."""
    assert command_in(body) is None


def test_only_a_person_commands_and_only_by_what_was_first_written() -> None:
    """ATTACKS 003, 121."""
    assert command_of(SAID) is Command.RECHECK
    assert command_of(replace(SAID, is_edited=True)) is None
    assert command_of(replace(SAID, is_by_app=True)) is None
    assert command_of(replace(SAID, author=None)) is None
    assert command_of(replace(SAID, author=replace(DANA, kind=AccountKind.BOT))) is None


def test_looking_takes_view_status_and_judging_again_takes_validate() -> None:
    assert {command: command.permission for command in Command} == {
        Command.EXPLAIN: Permission.VIEW_STATUS,
        Command.HELP: Permission.VIEW_STATUS,
        Command.RECHECK: Permission.VALIDATE,
    }
