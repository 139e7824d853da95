"""People found by account and address."""

from controller.identity.principal import People, Principal, PrincipalId, PrincipalKind
from tests.core.identity.making import account

DANA = Principal(PrincipalId("github:1001"), PrincipalKind.PERSON, "dana", frozenset(), True)
BOB = Principal(PrincipalId("github:1002"), PrincipalKind.PERSON, "bob", frozenset(), None)
PEOPLE = People({1001: DANA, 5: None}, {"dana@example.com": DANA}, {"bob": BOB})


def test_everyone_known_is_listed_once() -> None:
    assert PEOPLE.known == {DANA.id: DANA, BOB.id: BOB}


def test_an_account_or_address_leads_to_a_principal_or_nobody() -> None:
    assert PEOPLE.of_account(account(1001)) == DANA
    assert PEOPLE.of_account(account(5)) is None
    assert PEOPLE.of_account(account(6)) is None
    assert PEOPLE.of_account(None) is None
    assert PEOPLE.of_email("Dana@Example.com") == DANA
    assert PEOPLE.of_email("x@example.com") is None
