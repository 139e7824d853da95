"""A GitHub Enterprise Server: an address with a path, a version in every call; tokens are in `test_connection.py`."""

from collections.abc import Iterator

import pytest
import requests

from controller.adapters.github.connection import API_VERSION
from controller.errors import ConfigurationError, UnavailableError
from controller.sandbox.rest.meta import API_VERSIONS
from tests.adapters.github.conftest import SandboxStage
from tests.adapters.github.scripted import Said, scripted

SAID = b'{"message": "The API version 2022-11-28 is not supported.", "documentation_url": "https://docs.example"}'


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[requests.PreparedRequest]]:
    """Every request that goes out."""
    send, seen = requests.adapters.HTTPAdapter.send, list[requests.PreparedRequest]()

    def recorded(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: object) -> object:
        seen.append(request)
        return send(adapter, request, **how)  # type: ignore[arg-type] # passed on unread

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", recorded)
    yield seen
    assert seen


def test_every_call_names_the_version_and_keeps_the_path_of_the_address(
    stage: SandboxStage, sent: list[requests.PreparedRequest]
) -> None:
    """ATTACKS 100: those for the token too."""
    number = stage.open_topic()
    stage.reader.pull_request(number)
    stage.app.send("POST", stage.app.path(f"/issues/{number}/comments"), {"body": "Hello"})
    ours = [request for request in sent if request.headers.get("User-Agent") == "dvo"]
    assert [request.method for request in ours] == ["GET", "POST", "GET", "POST"]
    assert {request.headers["X-GitHub-Api-Version"] for request in ours} == {API_VERSION}
    assert all("/api/v3/" in str(request.url) for request in ours)
    assert API_VERSION in API_VERSIONS


def test_a_version_that_is_not_spoken_is_the_operators_to_mend() -> None:
    mended = pytest.raises(ConfigurationError, match="does not speak the version of the API")
    with scripted(lambda method, path: Said(SAID, 400)) as (app, _), mended:
        app.get("/x")


def test_another_bad_request_is_not_taken_for_a_version() -> None:
    said = Said(b'{"message": "Problems parsing JSON"}', 400)
    with scripted(lambda method, path: said) as (app, _), pytest.raises(UnavailableError):
        app.get("/x")
