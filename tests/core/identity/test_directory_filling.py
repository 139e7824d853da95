"""A directory file is completed where ids are missing, and stays as people wrote it."""

import pytest

from controller.errors import ConfigurationError
from controller.identity.directory_file import read_directory
from controller.identity.directory_filling import filled, logins_without_id

BEFORE = """\
# Who works here.
people:
  # The developers
  - {login: dana-dev, emails: [dana@example.com], groups: [DVO-Developers]}   # on leave
  - login: omar-ops # operates
    # his addresses
    emails:
      - omar@example.com
    mfa: true
  - emails: [ä@example.com]
    login: "robo[bot]"

  - {emails: [rita@example.com], login: rita}
  - {login: ravi, github_id: 1004, emails: [ravi@example.com]}
"""
AFTER = """\
# Who works here.
people:
  # The developers
  - {login: dana-dev, github_id: 1001, emails: [dana@example.com], groups: [DVO-Developers]}   # on leave
  - login: omar-ops # operates
    # his addresses
    github_id: 1002
    emails:
      - omar@example.com
    mfa: true
  - emails: [ä@example.com]
    github_id: 77
    login: "robo[bot]"

  - {emails: [rita@example.com], github_id: 1003, login: rita}
  - {login: ravi, github_id: 1004, emails: [ravi@example.com]}
"""
IDS = {"dana-dev": 1001, "omar-ops": 1002, "robo[bot]": 77, "rita": 1003}


def test_every_missing_id_is_written_and_nothing_else_changes() -> None:
    assert filled("people.yaml", BEFORE.encode(), IDS).decode() == AFTER
    assert set(read_directory("people.yaml", AFTER.encode()).by_id) == {1001, 1002, 1003, 1004, 77}


def test_who_lacks_an_id_is_told_with_the_line() -> None:
    assert logins_without_id("people.yaml", BEFORE.encode()) == {
        "dana-dev": 4,
        "omar-ops": 5,
        "robo[bot]": 11,
        "rita": 13,
    }
    assert logins_without_id("people.yaml", AFTER.encode()) == {}


def test_only_what_was_found_is_written() -> None:
    assert b"1001" in filled("people.yaml", BEFORE.encode(), {"dana-dev": 1001})
    assert filled("people.yaml", BEFORE.encode(), {}) == BEFORE.encode()
    assert filled("people.yaml", AFTER.encode(), IDS) == AFTER.encode()


@pytest.mark.parametrize(
    "content", [b"people: []\n", b"people: 7\n", b"people: [7, {emails: []}, {login: 1}]\n", b"a: b\n"]
)
def test_where_nobody_has_a_login_nothing_is_missing(content: bytes) -> None:
    assert logins_without_id("people.yaml", content) == {}


def test_two_of_one_login_are_left_to_whoever_wrote_them() -> None:
    content = b"people:\n  - {login: a, emails: [a@b.c]}\n  - {login: a, emails: [d@b.c]}\n"
    assert filled("people.yaml", content, {"a": 7}).count(b"github_id") == 1


def test_a_style_that_cannot_be_completed_in_place_is_left_alone() -> None:
    content = b"people:\n  - ? login\n    : dana\n    ? emails\n    : [d@b.c]\n"
    with pytest.raises(ConfigurationError, match="by hand"):
        filled("people.yaml", content, {"dana": 7})


@pytest.mark.parametrize("content", [b"people: [\n", b"\xff", b"people: &a []\n"])
def test_what_cannot_be_read_is_not_completed(content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="before this is mended:\npeople.yaml:"):
        logins_without_id("people.yaml", content)


def test_a_company_of_thousands_fits() -> None:
    lines = [
        f"  - {{login: p{number}, github_id: {number}, emails: [p{number}@example.com], groups: [a, b], mfa: true}}"
        for number in range(1, 3001)
    ]
    assert len(read_directory("people.yaml", "\n".join(["people:", *lines, ""]).encode()).by_id) == 3000
