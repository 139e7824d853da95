"""Who an account is, is its number and kind and what the directory says of it: never its name."""

import pytest

from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from controller.identity.principal import PrincipalKind
from tests.fakes.directory import Person
from tests.fakes.git_objects import Authorship
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited, ready_for_production
from tests.workflow.world import PEOPLE, TEAMS, World

MANAGERS = frozenset({"DVO-ReleaseManagers"})


def waiting(world: World) -> int:
    """Return a pull request that waits for a release manager who owns production."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    assert world.conclusions(number) == ("success", "action_required")
    return number


def reviewed_by(world: World, account: Account, number: int) -> tuple[str | None, str | None]:
    """Let an account that is in the owning team approve."""
    members = [world.account(login) for login in TEAMS["release-managers"]]
    world.host.team("acme-agents", "release-managers", *members, account)
    world.host.review(number, account)
    world.look(f"pull/{number}")
    assert world.failures == []
    return world.conclusions(number)


@pytest.mark.parametrize(
    ("kind", "behind"),
    [
        (AccountKind.BOT, PrincipalKind.BOT),
        (AccountKind.BOT, PrincipalKind.PERSON),
        (AccountKind.USER, PrincipalKind.BOT),
        (AccountKind.USER, PrincipalKind.SERVICE),
        (AccountKind.ORGANIZATION, PrincipalKind.PERSON),
    ],
)
def test_no_machine_approves_whatever_role_and_team_it_was_given(
    world: World, kind: AccountKind, behind: PrincipalKind
) -> None:
    """ATTACKS 003, 020: by GitHub's word or by the directory's, the one that says so is enough."""
    number = waiting(world)
    account = Account(41898282, Login("github-actions[bot]" if kind is AccountKind.BOT else "helper"), kind)
    world.directory.people.append(
        Person(account.login, account.id, ("b@example.com",), MANAGERS, mfa=True, kind=behind)
    )
    assert reviewed_by(world, account, number) == ("success", "action_required")
    told = world.check(number, "dvo/approval").summary
    assert "only people approve" in told or "does not come from a person's account" in told


def test_a_new_account_under_the_login_of_an_owner_approves_nothing(world: World) -> None:
    """ATTACKS 024: the login was given up, and somebody else took it."""
    number = waiting(world)
    assert reviewed_by(world, Account(9999, Login("rita-release"), AccountKind.USER), number)[1] == "action_required"
    assert "directory does not know" in world.check(number, "dvo/approval").summary


def test_the_same_account_under_a_new_login_approves(world: World) -> None:
    """ATTACKS 024."""
    number = waiting(world)
    assert reviewed_by(world, Account(PEOPLE["rita-release"][0], Login("rita-new"), AccountKind.USER), number) == (
        "success",
        "success",
    )


def test_a_new_account_under_a_known_login_proposes_nothing(world: World) -> None:
    """ATTACKS 024."""
    taken = Account(9999, Login("omar-ops"), AccountKind.USER)
    number = world.host.open_pull_request("dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)}, by=taken)
    world.look(f"pull/{number}")
    assert world.conclusions(number)[0] == "failure"
    assert "does not know who opened this change" in world.check(number, "dvo/policy").summary


def test_whoever_committed_to_a_bots_pull_request_cannot_approve_it(world: World) -> None:
    """ATTACKS 003: the bot opens it, and a release manager's commit lies in it."""
    fields = ready_for_production(world)
    bot = Account(9001, Login("helper[bot]"), AccountKind.BOT)
    world.directory.people.append(Person(bot.login, bot.id, ("bot@example.com",), kind=PrincipalKind.BOT))
    rita = world.host.signature(world.account("rita-release"))
    files: dict[str, bytes | str | None] = {PRODUCTION: edited(world.file(PRODUCTION), **fields)}
    world.host.push("bots", files, by=bot, who=Authorship(rita, rita))
    number = world.host.open_pull_request("bots", by=bot)
    world.approve("rita-release", number)
    assert world.conclusions(number)[0] == "failure", "a machine proposes nothing"
    assert "took part in this change as commit author" in _told_without_policy(world, number)


def _told_without_policy(world: World, number: int) -> str:
    """Return the approvals as they are told when a person had opened the same pull request."""
    world.host.edit(number, author=world.account("omar-ops"))
    world.look(f"pull/{number}")
    return world.check(number, "dvo/approval").summary


def test_whoever_pushed_in_anothers_name_cannot_approve_what_the_other_rebased(world: World) -> None:
    """ATTACKS 017: after an ordinary rebase neither author, nor committer, nor pusher of any commit is who wrote it."""
    fields = ready_for_production(world)
    omar, rita = world.account("omar-ops"), world.account("rita-release")
    files: dict[str, bytes | str | None] = {PRODUCTION: edited(world.file(PRODUCTION), **fields)}
    world.host.push("shared", files, by=rita, who=world.host.authorship(omar))
    number = world.host.open_pull_request("shared", by=omar)
    world.host.push_main({"README.md": "Hello\n"}, by=world.account("ada-admin"))
    rebased = world.host.commit(files, parents=(world.host.branches["main"],), who=world.host.authorship(omar))
    world.host.move("shared", rebased.sha, by=omar)
    world.approve("rita-release", number)
    assert world.conclusions(number) == ("success", "action_required")
    assert "took part in this change as pusher" in world.check(number, "dvo/approval").summary
    world.approve("ravi-release", number)
    assert world.conclusions(number) == ("success", "success")
