"""Who stands behind the owners of a CODEOWNERS file."""

from dataclasses import replace

from controller.approval.ownership import OwnersToResolve, account_owner, members_of, owners_to_resolve
from controller.change.facts import Account, AccountKind
from controller.change.names import Login, RepoPath
from controller.identity.principal import People
from controller.ownership.owner import EmailOwner, Owner, TeamOwner, UserOwner
from tests.core.approval.making import DANA, RITA, RON, SAM

TEAM = TeamOwner("acme", "release-managers")
USER = UserOwner("Sam")
ADDRESS = EmailOwner("Dana@Example.com")


def account(number: int, login: str) -> Account:
    return Account(number, Login(login), AccountKind.USER)


def test_logins_and_addresses_go_to_the_directory_and_teams_to_the_code_host() -> None:
    owners: dict[RepoPath, tuple[Owner, ...]] = {
        RepoPath("a"): (TEAM, USER),
        RepoPath("b"): (ADDRESS, USER),
        RepoPath("c"): (),
    }

    assert owners_to_resolve(owners) == OwnersToResolve(
        frozenset({"sam"}), frozenset({"dana@example.com"}), frozenset({TEAM})
    )


def test_each_owner_leads_to_the_people_behind_it() -> None:
    people = People({1: RITA, 2: RON, 9: None}, {"dana@example.com": DANA}, {"sam": SAM})
    teams = {TEAM: (account(1, "rita"), account(2, "ron"), account(9, "stranger"))}

    assert members_of([TEAM, USER, ADDRESS], people, teams) == {
        TEAM: {RITA.id, RON.id},
        USER: {SAM.id},
        ADDRESS: {DANA.id},
    }


def test_an_owner_nobody_stands_behind_has_no_members() -> None:
    """ATTACKS 022: an owner who does not exist approves nothing."""
    unknown = (TeamOwner("acme", "gone"), UserOwner("gone"), EmailOwner("gone@example.com"))

    assert members_of(unknown, People({}, {"gone@example.com": None}), {}) == dict.fromkeys(unknown, frozenset())


def test_an_address_has_the_access_of_the_account_behind_it() -> None:
    """ATTACKS 022: an address that leads to nobody is asked about as something no account is called."""
    people = People({}, {"dana@example.com": DANA}, {})

    assert account_owner(USER, people) == USER
    assert account_owner(ADDRESS, people) == UserOwner("dana")
    assert account_owner(EmailOwner("gone@example.com"), people) == UserOwner("gone@example.com")


def test_an_address_names_no_managed_user() -> None:
    """GitHub documents that they can be named by their login only."""
    managed = replace(DANA, login="dana_acme")
    people = People({}, {"dana@example.com": managed}, {"dana_acme": managed})

    assert account_owner(ADDRESS, people) == UserOwner("Dana@Example.com")
    assert account_owner(UserOwner("dana_acme"), people) == UserOwner("dana_acme")


def test_an_owner_reads_as_the_file_names_it() -> None:
    assert [str(owner) for owner in (TEAM, USER, ADDRESS)] == ["@acme/release-managers", "@Sam", "Dana@Example.com"]


def test_a_login_leads_to_whom_the_directory_names_and_not_to_who_holds_it_today() -> None:
    """ATTACKS 024: the account that claimed the login is another person, who owns nothing."""
    people = People({3: SAM, 666: None}, {}, {"sam": SAM})

    assert members_of([USER], people, {}) == {USER: {SAM.id}}
