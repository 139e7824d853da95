"""Text from outside becomes a checked type, or nothing."""

import hashlib
from collections.abc import Callable

import pytest

from controller.change.names import commit_sha, digest, digest_of, login, object_id
from controller.errors import InputError

HEX = "0123456789abcdef" * 3


@pytest.mark.parametrize("check", [commit_sha, object_id])
def test_an_id_of_git_is_forty_lower_case_hexadecimal_digits(check: Callable[[str], str]) -> None:
    assert check(HEX[:40]) == HEX[:40]


@pytest.mark.parametrize("check", [commit_sha, object_id])
@pytest.mark.parametrize(
    "text",
    ["", HEX[:39], HEX[:41], HEX[:40].upper(), HEX[:40] + "\n", "g" * 40, "\u0661" * 40, "-" + HEX[:39]],
    ids=["empty", "short", "long", "upper", "line-feed", "no-hex", "other-digits", "option"],
)
def test_anything_else_is_no_id_of_git(check: Callable[[str], str], text: str) -> None:
    """ATTACKS 036, 095."""
    with pytest.raises(InputError, match="40 lower-case hexadecimal"):
        check(text)


def test_a_digest_names_its_algorithm() -> None:
    text = "sha256:" + "a" * 64
    assert digest(text) == text


@pytest.mark.parametrize("text", ["a" * 64, "sha1:" + "a" * 40, "sha256:" + "A" * 64, "sha256:" + "a" * 64 + "\n"])
def test_anything_else_is_no_digest(text: str) -> None:
    with pytest.raises(InputError, match="sha256"):
        digest(text)


def test_the_digest_of_bytes_is_their_sha_256() -> None:
    assert digest_of(b"x") == digest("sha256:" + hashlib.sha256(b"x").hexdigest())


@pytest.mark.parametrize("text", ["dana-dev", "a", "github-actions[bot]", "Name_corp", "a-", "a" * 100])
def test_what_github_issues_is_a_login(text: str) -> None:
    assert login(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a b", "a/b", "a[bot]x", "p\u0430yments", "a\n", "a" * 101])
def test_what_github_would_not_issue_is_no_login(text: str) -> None:
    """ATTACKS 036, 093."""
    with pytest.raises(InputError, match="login"):
        login(text)


def test_a_message_cuts_and_escapes_what_it_repeats() -> None:
    with pytest.raises(InputError) as caught:
        login("\x1b[31m\u202e" + "x" * 500)
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 200


def test_what_is_no_text_is_refused_too() -> None:
    with pytest.raises(InputError):
        login(7)  # type: ignore[arg-type] # a caller without a type checker
