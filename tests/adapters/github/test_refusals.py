"""Every way a call to GitHub can fail becomes one of our errors, and says no secret."""

import importlib
import inspect
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
import urllib3
from github.GithubException import GithubException
from github.Requester import Requester

from controller.adapters.github.refusals import FOREIGN, AbsentError, redacted, translated, unavailable
from controller.errors import ConfigurationError, ControllerError, InputError, StaleError, UnavailableError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALL = "GET /repos/acme/agents/pulls/7"


def refusal(
    status: int, message: str = "Said so", headers: dict[str, str] | None = None, **more: object
) -> ControllerError:
    return translated(Requester.createException(status, headers or {}, {"message": message, **more}), CALL, NOW)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, UnavailableError),
        (401, ConfigurationError),
        (403, ConfigurationError),
        (404, AbsentError),
        (405, UnavailableError),
        (409, StaleError),
        (410, InputError),
        (415, UnavailableError),
        (422, InputError),
        (429, UnavailableError),
        (451, UnavailableError),
        (500, UnavailableError),
        (502, UnavailableError),
        (503, UnavailableError),
        (599, UnavailableError),
    ],
)
def test_a_status_means_who_must_act(status: int, expected: type[ControllerError]) -> None:
    error = refusal(status)
    assert type(error) is expected
    assert f"{status} to {CALL}: Said so" in str(error)


@pytest.mark.parametrize(
    ("status", "message", "headers", "seconds"),
    [
        (403, "x", {"retry-after": "30"}, 30),
        (429, "x", {"Retry-After": "7"}, 7),
        (429, "x", {}, 60),
        (429, "x", {"retry-after": "soon"}, 60),
        (429, "x", {"retry-after": "-5"}, 60),
        (429, "x", {"retry-after": "nan"}, 60),
        (403, "You have exceeded a secondary rate limit.", {}, 60),
        (403, "x", {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 100)}, 101),
        (403, "API rate limit exceeded", {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 1),
        (503, "x", {"retry-after": "5"}, 5),
        (502, "x", {}, None),
    ],
)
def test_a_limit_says_when_to_come_back(
    status: int, message: str, headers: dict[str, str], seconds: float | None
) -> None:
    """ATTACKS 010."""
    error = refusal(status, message, headers)
    assert isinstance(error, UnavailableError)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        ("POST /repos/acme/agents/check-runs", "checks=write"),
        ("GET /repos/acme/agents/pulls/7", "pull_requests=read"),
        ("POST /repos/acme/agents/issues/7/comments", "issues=write"),
        ("GET /orgs/acme/teams/platform/members", "members=read"),
        ("GET /repos/acme/agents/git/trees/x", "contents=read"),
    ],
)
def test_a_missing_permission_is_named(call: str, permission: str) -> None:
    error = translated(GithubException(403, {"message": "Resource not accessible by integration"}, {}), call, NOW)
    assert isinstance(error, ConfigurationError)
    assert permission in str(error)


def test_the_permission_github_names_is_repeated() -> None:
    error = refusal(403, headers={"X-Accepted-GitHub-Permissions": "administration=read"})
    assert "administration=read" in str(error)


def test_the_reasons_of_a_failed_validation_are_told() -> None:
    details = [{"field": "head_sha", "code": "invalid"}, {"message": "No such commit"}, "A sentence"]
    assert str(refusal(422, "Validation Failed", errors=details)).endswith(
        "Validation Failed; head_sha invalid; No such commit; A sentence"
    )
    assert str(refusal(422, "Validation Failed", errors="no list")).endswith("Validation Failed")
    assert "(no message)" in str(translated(GithubException(422, "text", {}), CALL, NOW))


def _subclasses(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from _subclasses(child)


LIBRARY_ERRORS = sorted(
    {
        *_subclasses(requests.exceptions.RequestException),
        *_subclasses(urllib3.exceptions.HTTPError),
        *(
            each
            for _, each in inspect.getmembers(importlib.import_module("github.GithubException"), inspect.isclass)
            if issubclass(each, Exception)
        ),
        *(OSError, ConnectionResetError, TimeoutError, ssl.SSLError, ssl.SSLCertVerificationError, socket.gaierror),
        *(ValueError, json.JSONDecodeError, UnicodeDecodeError, RuntimeError, RecursionError, AssertionError),
    },
    key=lambda each: f"{each.__module__}.{each.__qualname__}",
)


@pytest.mark.parametrize("kind", LIBRARY_ERRORS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_no_exception_of_the_libraries_gets_through(kind: type[Exception]) -> None:
    """Fails when a library grows an exception outside the mapped families."""
    assert issubclass(kind, FOREIGN)
    error = kind.__new__(kind)
    if isinstance(error, GithubException):
        GithubException.__init__(error, 500, {"message": "x"}, {})
    assert isinstance(translated(error, CALL, NOW), ControllerError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.exceptions.ReadTimeout(), "in time"),
        (requests.exceptions.ConnectTimeout(), "in time"),
        (TimeoutError(), "in time"),
        (requests.exceptions.ConnectionError(), "connection to GitHub failed"),
        (requests.exceptions.SSLError(), "connection to GitHub failed"),
        (requests.exceptions.ChunkedEncodingError(), "connection to GitHub failed"),
        (json.JSONDecodeError("x", "y", 0), "not what its API promises"),
        (RecursionError(), "not what its API promises"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_message_says_what_kind_of_failure_it_was(error: Exception, said: str) -> None:
    ours = translated(error, CALL, NOW)
    assert isinstance(ours, UnavailableError)
    assert (ours.component, ours.retry_after_seconds) == ("github", None)
    assert said in str(ours)
    assert CALL in str(ours)


def test_our_own_errors_stay_what_they_are() -> None:
    own = StaleError("moved")
    assert translated(own, CALL, NOW) is own


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_" + "a" * 36,
        "ghs_4711_" + "Ab.-_" * 100,
        "ghp_0123456789abcdef",
        "github_pat_11AA_bb",
        "eyJhbGciOi.eyJpc3MiOi.c2ln-_",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_no_message_repeats_a_secret(secret: str) -> None:
    """ATTACKS 099, 100."""
    header = requests.exceptions.InvalidHeader(f"Invalid leading whitespace in header value: ' token {secret}'")
    for error in (
        translated(header, CALL, NOW),
        refusal(422, f"The token {secret} is odd"),
        refusal(500, "x", errors=[{"message": secret}]),
        unavailable(f"odd: {secret}"),
    ):
        assert secret not in str(error)
        assert secret[8:20] not in str(error)
    assert len(redacted("x" * 9999)) == 500
