"""What every directory of people keeps to, whether a file, Entra ID or a fake answers."""

from dataclasses import replace
from typing import Protocol

import pytest

from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from controller.errors import UnavailableError
from controller.identity.principal import Principal, PrincipalKind
from controller.ports.directory import Directory
from tests.fakes.directory import Person

DANA = Person("dana-dev", 1001, ("Dana@example.com", "d@x.org"), frozenset({"DVO-Developers"}), mfa=True)
ROBO = Person("robo", 77, ("robo@example.com",), kind=PrincipalKind.BOT)
OTTO = Person("otto", 1003, ("otto@example.com",), frozenset({"DVO-Operators"}), mfa=False)


def account(number: int, name: str = "any") -> Account:
    return Account(number, Login(name), AccountKind.USER)


class Company(Protocol):
    """A directory and the things that happen to one."""

    directory: Directory

    def list(self, *people: Person) -> None:
        """Make these people, and nobody else, be in it, as of the next question."""
        ...

    def break_down(self) -> None:
        """Let it not be asked until people are listed again."""
        ...

    def principal(self, person: Person) -> Principal:
        """Return how this directory knows one of the people listed."""
        ...


class DirectoryContract:
    """Wants a fixture `company` in which DANA and ROBO are listed."""

    def test_people_are_found_by_id_address_and_login(self, company: Company) -> None:
        people = company.directory.look_up(
            frozenset({account(1001, "dana-dev"), account(77), account(5)}),
            frozenset({"DANA@example.com", "d@x.org", "nobody@example.com"}),
            frozenset({"Dana-Dev", "nobody"}),
        )
        dana = company.principal(DANA)
        assert people.by_account == {1001: dana, 77: company.principal(ROBO), 5: None}
        assert people.by_email == {"dana@example.com": dana, "d@x.org": dana, "nobody@example.com": None}
        assert people.by_login == {"dana-dev": dana, "nobody": None}
        assert "DVO-Developers" in dana.groups

    def test_a_known_login_says_nothing_about_an_account(self, company: Company) -> None:
        """ATTACKS 024: a released login can be claimed by anyone."""
        found = company.directory.look_up(frozenset({account(9999, "dana-dev")}), frozenset())
        assert found.by_account == {9999: None}

    def test_who_joins_leaves_or_changes_is_seen_at_the_next_question(self, company: Company) -> None:
        """ATTACKS 057: groups and MFA are those of now."""
        asked = frozenset({account(1001, "dana-dev"), account(1003, "otto")})
        before = company.directory.look_up(asked, frozenset())
        company.list(OTTO)
        after = company.directory.look_up(asked, frozenset())
        assert [before.by_account[1003], after.by_account[1001]] == [None, None]
        assert after.by_account[1003] == company.principal(OTTO)

    def test_while_it_cannot_be_asked_nobody_is_known(self, company: Company) -> None:
        """ATTACKS 044: an outage is an error with a name, never an empty or an old answer."""
        asked = frozenset({account(1001, "dana-dev")})
        company.directory.look_up(asked, frozenset())
        company.break_down()
        with pytest.raises(UnavailableError) as caught:
            company.directory.look_up(asked, frozenset())
        assert caught.value.component == "directory"
        company.list(DANA)
        assert company.directory.look_up(asked, frozenset()).by_account == {1001: company.principal(DANA)}

    def test_the_revision_is_another_one_whenever_an_answer_may_be(self, company: Company) -> None:
        first = company.directory.revision()
        assert first == company.directory.revision()
        company.list(DANA, replace(ROBO, emails=("robot@example.com",)))
        second = company.directory.revision()
        company.list(OTTO, ROBO)
        assert len({first, second, company.directory.revision()}) == 3
        company.break_down()
        with pytest.raises(UnavailableError):
            company.directory.revision()

    def test_a_question_about_nobody_has_an_answer(self, company: Company) -> None:
        found = company.directory.look_up(frozenset(), frozenset())
        assert (found.by_account, found.by_email, found.by_login) == ({}, {}, {})
