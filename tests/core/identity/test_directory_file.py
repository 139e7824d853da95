"""A directory file is believed as a whole, or names every fault and nobody."""

import pytest

from controller.change.facts import AccountKind
from controller.errors import ConfigurationError
from controller.identity.directory_file import read_directory, read_links
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from tests.core.identity.making import account

DANA = (
    "  - {login: Dana-Dev, github_id: 1001, emails: [Dana@example.com, d@x.org], groups: [DVO-Developers], mfa: true}"
)


def faults(*lines: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_directory("people.yaml", "\n".join(("people:", *lines, "")).encode())
    head, *told = str(caught.value).splitlines()
    assert head == "the directory file is faulty, so it names nobody:"
    return told


def test_a_person_is_found_by_id_address_and_login() -> None:
    directory = read_directory("people.yaml", f"people:\n{DANA}\n".encode())
    dana = Principal(
        PrincipalId("github:1001"), PrincipalKind.PERSON, "Dana-Dev", frozenset({"DVO-Developers"}), mfa=True
    )
    people = directory.people([account(1001), account(7)], ["D@X.org", "dana@example.com", "q@q.q"], ["DANA-dev", "x"])

    assert people.by_account == {1001: dana, 7: None}
    assert people.by_email == {"d@x.org": dana, "dana@example.com": dana, "q@q.q": None}
    assert people.by_login == {"dana-dev": dana, "x": None}


def test_a_login_never_says_who_an_account_is() -> None:
    """ATTACKS 024: a new account under a known login is a stranger; a renamed one is who it was."""
    directory = read_directory("people.yaml", f"people:\n{DANA}\n".encode())
    people = directory.people([account(9999, "Dana-Dev"), account(1001, "renamed", AccountKind.USER)], [])

    assert people.by_account[9999] is None
    assert people.of_account(account(1001)) is not None


def test_what_is_not_said_is_unknown_or_none() -> None:
    ann = "{login: a, github_id: 1, emails: [a@b.c]}"
    bot = "{login: r, github_id: 2, emails: [r@b.c], mfa: null, kind: bot}"
    directory = read_directory("people.yaml", f"people:\n  - {ann}\n  - {bot}\n".encode())

    assert directory.by_id[1].mfa is None
    assert directory.by_id[1].groups == frozenset()
    assert directory.by_id[1].kind is PrincipalKind.PERSON
    assert directory.by_id[2].mfa is None
    assert directory.by_id[2].kind is PrincipalKind.BOT


def test_a_file_may_name_nobody() -> None:
    assert read_directory("people.yaml", b"people: []\n").by_id == {}


@pytest.mark.parametrize(
    ("person", "fault"),
    [
        ("{github_id: 1, emails: [a@b.c]}", "2:5: `people.0.login`: missing"),
        ("{login: a, emails: [a@b.c]}", "2:5: `people.0.github_id`: missing"),
        ("{login: a, github_id: 1}", "2:5: `people.0.emails`: missing"),
        ("{login: a, github_id: 1, emails: []}", "2:30: `people.0.emails`: expected at least one"),
        ("{login: a, github_id: 0, emails: [a@b.c]}", "2:16: `people.0.github_id`: Input should be greater than 0"),
        ("{login: a, github_id: '1', emails: [a@b.c]}", "2:16: `people.0.github_id`: Input should be a valid integer"),
        ("{login: a, github_id: true, emails: [a@b.c]}", "2:16: `people.0.github_id`: Input should be a valid integer"),
        ("{login: a/b, github_id: 1, emails: [a@b.c]}", "2:6: `people.0.login`: not a GitHub login"),
        ('{login: "a\\n", github_id: 1, emails: [a@b.c]}', "2:6: `people.0.login`"),
        ("{login: a, github_id: 1, emails: [a]}", "2:39: `people.0.emails.0`: not a GitHub login or an e-mail address"),
        ("{login: a, github_id: 1, emails: a@b.c}", "2:30: `people.0.emails`: Input should be a valid list"),
        ("{login: a, github_id: 1, emails: [a@b.c], mfa: yes}", "2:52: `people.0.mfa`: a plain value that readers"),
        (
            "{login: a, github_id: 1, emails: [a@b.c], mfa: 'true'}",
            "2:47: `people.0.mfa`: Input should be a valid bool",
        ),
        ("{login: a, github_id: 1, emails: [a@b.c], groups: [1]}", "2:56: `people.0.groups.0`: Input should be a"),
        ("{login: a, github_id: 1, emails: [a@b.c], kind: robot}", "2:47: `people.0.kind`: Input should be 'person'"),
        ("{login: a, github_id: 1, emails: [a@b.c], group: [x]}", "2:47: `people.0.group`: unknown key"),
        ("{login: a, login: b, github_id: 1, emails: [a@b.c]}", "2:16: duplicate key `people.0.login`"),
        ("7", "2:5: `people.0`: expected a mapping of keys"),
    ],
)
def test_a_faulty_person_is_told_at_its_place(person: str, fault: str) -> None:
    """ATTACKS 122, 124 and 128: no duplicates, no coercion, no unknown keys."""
    told = faults(f"  - {person}")

    assert len(told) == 1
    assert told[0].startswith(f"people.yaml:{fault}")


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ("{login: x, github_id: 1001, emails: [x@x.org]}", "3:16: `people.1.github_id`: the same github_id"),
        ("{login: dana-DEV, github_id: 2, emails: [x@x.org]}", "3:6: `people.1.login`: the same login"),
        ("{login: x, github_id: 2, emails: [DANA@example.com]}", "3:39: `people.1.emails.0`: the same address"),
    ],
)
def test_nobody_shares_an_id_a_login_or_an_address(second: str, fault: str) -> None:
    """ATTACKS 019: what leads to two people would let one count as the other."""
    told = faults(DANA, f"  - {second}")

    assert told == [f"people.yaml:{fault} stands on line 2; nobody shares one"]


def test_every_fault_is_told_at_once() -> None:
    told = faults("  - {login: a, github_id: 1, emails: [1]}", "  - 7", "  - {login: A, github_id: x, emails: [a@b.c]}")

    assert [fault.split(":")[1] for fault in told] == ["2", "3", "4", "4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "people.yaml:1:1: the document is empty"),
        (b"[]\n", "people.yaml:1:1: expected a mapping"),
        (b"{}\n", "people.yaml:1:1: `people`: missing"),
        (b"people: 7\n", "people.yaml:1:1: `people`: Input should be a valid list"),
        (b"people: []\nother: 1\n", "people.yaml:2:1: `other`: unknown key"),
        (b"people: [\n", "not valid YAML"),
        (b"\xff", "is not UTF-8"),
        (b"people: &a []\n", "an anchor"),
    ],
)
def test_a_file_of_another_form_names_nobody(content: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("(", r"\(")):
        read_directory("people.yaml", content)


OID = "0b7c9d52-1111-4222-8333-444455556666"


def link_faults(*lines: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_links("people.yaml", "\n".join(("people:", *lines, "")).encode())
    return str(caught.value).splitlines()[1:]


def test_beside_entra_a_person_is_led_to_the_tenant_and_a_machine_is_itself() -> None:
    dana = f"  - {{login: Dana, github_id: 1001, emails: [d@x.org], entra_id: {OID.upper()}}}"
    robot = "  - {login: 'r[bot]', github_id: 77, emails: [r@x.org], kind: bot, groups: [DVO-Developers]}"
    found = read_links("people.yaml", f"people:\n{dana}\n{robot}\n".encode())
    assert found.tenant_ids == {"github:1001": OID}
    assert found.tenant_logins == {OID: "Dana"}
    assert list(found.machines) == ["github:77"]


@pytest.mark.parametrize(
    ("person", "fault"),
    [
        ("{login: a, github_id: 1, emails: [a@b.c]}", "2:5: `people.0`: expected entra_id"),
        (f"{{login: a, github_id: 1, emails: [a@b.c], entra_id: {OID}, groups: [x]}}", "comes from Entra ID"),
        (f"{{login: a, github_id: 1, emails: [a@b.c], entra_id: {OID}, mfa: true}}", "comes from Entra ID"),
        (f"{{login: a, github_id: 1, emails: [a@b.c], entra_id: {OID}, kind: bot}}", "a machine is itself"),
        ("{login: a, github_id: 1, emails: [a@b.c], entra_id: dana@b.c}", "not an object id of Entra ID"),
        ("7", "2:5: `people.0`: expected a mapping of keys"),
    ],
)
def test_beside_entra_a_person_says_who_they_are_there_and_nothing_else(person: str, fault: str) -> None:
    (told,) = link_faults(f"  - {person}")
    assert fault in told


def test_nobody_shares_an_object_id() -> None:
    lines = [
        f"  - {{login: p{number}, github_id: {number}, emails: [p{number}@b.c], entra_id: {id_}}}"
        for number, id_ in ((1, OID), (2, OID.upper()))
    ]
    (told,) = link_faults(*lines)
    assert "the same entra_id stands on line 2" in told


def test_another_content_has_another_digest() -> None:
    assert len({read_directory("people.yaml", text).digest for text in (b"people: []\n", b"people: []\n\n")}) == 2
