"""The GitHub adapter keeps the code host's contract, on the sandbox, within GitHub's own description of its API."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.contracts.code_host import CodeHostContract
from tests.sandbox.openapi import validate_request, validate_response


@pytest.fixture(autouse=True)
def exchanged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Check every request sent and every answer got against GitHub's OpenAPI description."""
    send = requests.adapters.HTTPAdapter.send
    seen: list[tuple[str, str]] = []

    def checked(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: object) -> object:
        response = send(adapter, request, **how)  # type: ignore[arg-type] # passed on unread
        method, address = str(request.method), urlsplit(str(request.url))
        path = address.path.removeprefix("/api/v3")
        assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"
        body = json.loads(request.body) if request.body else None
        validate_request(method, path, dict(parse_qsl(address.query)), body)
        validate_response(method, path, response.status_code, json.loads(response.content or b"null"))
        seen.append((method, path))
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", checked)
    yield seen
    assert seen


class TestGitHub(CodeHostContract):
    """The contract; the `stage` is the sandbox's."""
