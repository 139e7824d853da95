"""Secrets leave values before they are recorded, whatever their form and wherever they sit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.redaction import REDACTED, redacted, redacted_text
from tests.fakes.events import JSON_VALUES

LETTERS = "abcdefghijABCDEFGHIJ0123456789"

SECRETS = [
    pytest.param("ghs_" + LETTERS + "abcdef", id="installation token"),
    pytest.param("ghs_1234567_" + "eyJhbGci." * 56 + "x-_y", id="installation token of 520 characters"),
    pytest.param("ghp_" + LETTERS + "abcdef", id="personal token"),
    pytest.param("github_pat_" + LETTERS, id="fine-grained token"),
    pytest.param("glpat-" + LETTERS, id="GitLab token"),
    pytest.param("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", id="JWT"),
    pytest.param("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", id="unsigned JWT"),
    pytest.param("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", id="PEM"),
    pytest.param("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", id="cut PEM"),
    pytest.param("AKIA" + "A1B2C3D4E5F6G7H8", id="AWS"),
    pytest.param("AIza" + LETTERS + "abcde", id="Google"),
    pytest.param("sk-proj-" + LETTERS, id="model provider"),
    pytest.param("xoxb-1234567890-abc", id="Slack"),
    pytest.param("abc8Q~" + LETTERS + "abcd", id="Entra client secret"),
]
WITHIN = [
    ("AccountKey={}", "a" * 86 + "=="),
    ("Endpoint=sb://x/;SharedAccessKey={}", "a" * 43 + "="),
    ("Authorization: Bearer {}", "abcdefghij0123456789"),
    ("https://{}@host/path", "user:pass"),
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "token {} end", '"{}"', "={}\n"])
def test_a_secret_does_not_survive(secret: str, around: str) -> None:
    """ATTACKS 100, 103."""
    shown = redacted_text(around.format(secret))
    assert shown.startswith(around.partition("{}")[0] + REDACTED)
    assert secret[8:] not in shown


@pytest.mark.parametrize(("around", "secret"), WITHIN)
def test_a_secret_known_by_what_stands_before_it_does_not_survive(around: str, secret: str) -> None:
    assert redacted_text(around.format(secret)) == around.format(REDACTED)


@pytest.mark.parametrize(
    "harmless",
    [
        "keyvault://dvo-prod/openai-key",
        "sha256:" + "0" * 64,
        "a" * 40,
        "https://example.com/path?x=1",
        "The bearer of this message",
        "ghs_short",
        "environments/production/anl.yaml",
    ],
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert redacted_text(harmless) == harmless


def test_secrets_are_found_at_any_depth_and_in_keys() -> None:
    token = "ghs_" + "a" * 36
    assert redacted({"a": [{"b": (token, 1)}], token: None}) == {"a": [{"b": [REDACTED, 1]}], REDACTED: None}


def test_a_value_is_redacted_for_its_key_unless_it_is_a_reference() -> None:
    details = {"Password": "hunter2", "client_secret": ["x"], "private_key": "keyvault://v/k", "password": None}
    assert redacted(details) == {
        "Password": REDACTED,
        "client_secret": [REDACTED],
        "private_key": "keyvault://v/k",
        "password": None,
    }


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=3))
def test_redacting_twice_changes_nothing_more(details: dict[str, object]) -> None:
    once = redacted(details)
    assert redacted(once) == once
