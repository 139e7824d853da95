"""What looks like a credential is found, what merely resembles one is not."""

import pytest

from controller.desired_state.secret_shapes import is_named_secret, secret_shape, secret_shapes

SECRETS = {
    "an AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitLab token": "glpat-" + "a1B2" * 5,
    "a Slack token": "xoxb-" + "1234567890-abc",
    "an API key": "sk-proj-" + "a1B2" * 6,
    "a Google API key": "AIza" + "a1B2c" * 7,
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a signed token": "eyJ" + "hbGciOiJIUzI1NiJ9" + "." + "eyJzdWIiOiIxIn0",
    "an Azure key": "AccountKey=" + "a1B2" * 10,
    "a password in an address": "postgres://dvo:" + "hunter2@db/dvo",
}


@pytest.mark.parametrize(("kind", "text"), SECRETS.items(), ids=SECRETS)
def test_a_credential_is_found_in_the_midst_of_text(kind: str, text: str) -> None:
    """ATTACKS 099."""
    assert list(secret_shapes(f"value: {text}")) == [(7, kind)]


@pytest.mark.parametrize("prefix", ["gho_", "ghu_", "ghs_", "ghr_", "github_pat_"])
def test_every_kind_of_github_token_is_known(prefix: str) -> None:
    assert list(secret_shapes(prefix + "a1B2" * 9)) == [(0, "a GitHub token")]


def test_every_credential_of_a_text_is_found() -> None:
    text = "\n".join(SECRETS.values())
    assert [kind for _, kind in secret_shapes(text)] == list(SECRETS)
    assert secret_shape(text) == (0, "an AWS access key")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:" + "a1" * 32,
        "keyvault://dvo-prod/openai-key",
        "https://example.com/a?b=c",
        "risk-assessment-of-something-long-2",
        "sk-learn-is-a-library-for-machines",
        "dana@example.com",
        "eyJ is how a token begins",
        "-----BEGIN CERTIFICATE-----",
        "https://host:8080/path@2x.png",
    ],
)
def test_ordinary_text_is_not_taken_for_one(text: str) -> None:
    assert secret_shape(text) is None


OPAQUE = "c0ffee1234567890" * 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("OPENAI_API_KEY", "x"),
        ("APIKEY", "x"),
        ("CLIENT_SECRET", "x"),
        ("SIGNING_KEY", OPAQUE),
        ("AUTH_TOKEN", OPAQUE),
        ("MY_CREDENTIALS", OPAQUE),
    ],
)
def test_a_name_that_promises_a_secret_is_believed(name: str, value: str) -> None:
    assert is_named_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", ""),
        ("LOG_LEVEL", OPAQUE),
        ("MAX_TOKENS", "4096"),
        ("KEY_COLUMN", "customer"),
        ("PASSWORD_POLICY", "strict"),
        ("TOKEN_PATTERN", "x" * 40),
        ("PUBLIC_KEY_ADDRESS", "https://example.com/keys/of/the/company"),
    ],
)
def test_a_name_alone_accuses_nobody(name: str, value: str) -> None:
    assert not is_named_secret(name, value)
