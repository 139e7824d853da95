"""What GitHub says of people at the identity provider, as its GraphQL reference words it."""

import json
from collections.abc import Callable

import pytest

from controller.adapters.github.external_identities import KEPT_SECONDS, GitHubExternalIdentities
from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from controller.errors import ConfigurationError, UnavailableError
from tests.adapters.github.scripted import Said, scripted

DANA = Account(1001, Login("dana-dev"), AccountKind.USER)


def node(user: object, saml: str | None = None, scim: str | None = None) -> dict[str, object]:
    return {
        "samlIdentity": None if saml is None else {"nameId": saml},
        "scimIdentity": None if scim is None else {"username": scim},
        "user": user,
    }


def answering(*nodes: object) -> Callable[[str, str], Said]:
    provider = {"externalIdentities": {"nodes": list(nodes)}}
    body = json.dumps({"data": {"organization": {"samlIdentityProvider": provider}}}).encode()
    return lambda _, __: Said(body)


def names(script: Callable[[str, str], Said]) -> dict[int, set[str]]:
    with scripted(script) as (app, _):
        found = GitHubExternalIdentities(app).names(frozenset({DANA}))
        return {id_: set(several) for id_, several in found.items()}


def test_a_person_is_known_by_the_names_of_both_identities() -> None:
    told = node({"databaseId": 1001}, "Dana@example.com", "dana@example.com")
    assert names(answering(told)) == {1001: {"dana@example.com"}}
    assert names(answering(node({"databaseId": 1001}, "d@x.org", "dana@example.com"))) == {
        1001: {"d@x.org", "dana@example.com"}
    }


@pytest.mark.parametrize(
    "told", [node({"databaseId": 9999}, "d@x.org"), node(None, "d@x.org"), node({"databaseId": 1001})]
)
def test_an_identity_of_another_account_or_without_a_name_is_nobody_s(told: object) -> None:
    """ATTACKS 024: the login asked with may be another account's by now."""
    assert names(answering(told)) == {}


def test_an_answer_is_kept_for_a_while() -> None:
    now = [0.0]
    with scripted(answering(node({"databaseId": 1001}, "d@x.org"))) as (app, server):
        asking = GitHubExternalIdentities(app, lambda: now[0])
        for passed, calls in ((0.0, 1), (KEPT_SECONDS - 1, 1), (KEPT_SECONDS, 2)):
            now[0] = passed
            assert asking.names(frozenset({DANA})) == {1001: {"d@x.org"}}
            assert server.calls == ["POST /graphql"] * calls


def test_the_revision_is_another_one_when_github_says_something_else_and_costs_a_call_a_while() -> None:
    now, said = [0.0], [node({"databaseId": 1001}, "d@x.org")]
    with scripted(lambda verb, path: answering(*said)(verb, path)) as (app, server):
        asking = GitHubExternalIdentities(app, lambda: now[0])
        first = asking.revision()
        assert server.calls == []
        asking.names(frozenset({DANA}))
        for passed, calls in ((0.0, 1), (KEPT_SECONDS - 1, 1), (KEPT_SECONDS, 2), (KEPT_SECONDS + 1, 2)):
            now[0] = passed
            assert asking.revision() == first
            assert server.calls == ["POST /graphql"] * calls
        said[:] = []
        now[0] = KEPT_SECONDS * 2
        second = asking.revision()
        assert second != first
        assert asking.names(frozenset({DANA})) == {}
        said[:] = [node({"databaseId": 1001}, "d@x.org")]
        now[0] = KEPT_SECONDS * 3
        assert asking.names(frozenset({DANA})) == {1001: {"d@x.org"}}
        assert len({first, second, asking.revision()}) == 3


def test_whoever_is_asked_for_no_more_is_looked_at_no_more() -> None:
    now = [0.0]
    with scripted(answering(node({"databaseId": 1001}, "d@x.org"))) as (app, server):
        asking = GitHubExternalIdentities(app, lambda: now[0])
        asking.names(frozenset({DANA}))
        for _ in range(10):
            now[0] += KEPT_SECONDS
            asking.revision()
        assert server.calls == ["POST /graphql"] * 4


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"organization": {"samlIdentityProvider": None}}},
        {"data": {"organization": None}},
        {"data": None, "errors": [{"message": "Resource not accessible by integration"}]},
        [],
    ],
)
def test_an_organisation_that_does_not_say_is_told(body: object) -> None:
    with pytest.raises(ConfigurationError, match="tells no identity provider of acme"):
        names(lambda _, __: Said(json.dumps(body).encode()))


@pytest.mark.parametrize("said", [Said(b"{}", 502), Said(b"{")])
def test_a_github_that_does_not_answer_is_unavailable(said: Said) -> None:
    with pytest.raises(UnavailableError):
        names(lambda _, __: said)


def test_an_answer_of_another_form_is_not_guessed_around() -> None:
    with pytest.raises(UnavailableError, match="makes no sense"):
        names(answering({"user": {"databaseId": "1001"}}))
