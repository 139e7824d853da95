"""The validator itself: it must refuse what GitHub's description does not allow."""

import pytest

from tests.sandbox.openapi import ContractBrokenError, find_operation, validate_request, validate_response


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/repos/o/r/pulls/3", "/repos/{owner}/{repo}/pulls/{pull_number}"),
        ("GET", "/repos/o/r/pulls/comments", "/repos/{owner}/{repo}/pulls/comments"),
        ("GET", "/repos/o/r/commits/feature/x/check-runs", "/repos/{owner}/{repo}/commits/{ref}/check-runs"),
        ("GET", "/repos/o/r/compare/a...b/c", "/repos/{owner}/{repo}/compare/{basehead}"),
        ("PATCH", "/repos/o/r/git/refs/heads/a/b", "/repos/{owner}/{repo}/git/refs/{ref}"),
    ],
)
def test_an_operation_is_found_by_method_and_path(method: str, path: str, template: str) -> None:
    assert find_operation(method, path).template == template


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        pytest.param("GET", "/no/such/path", {}, None, id="unknown path"),
        pytest.param("DELETE", "/repos/o/r/pulls/3", {}, None, id="unknown method"),
        pytest.param("GET", "/repos/o/r/pulls", {"stat": "open"}, None, id="unknown query"),
        pytest.param("GET", "/repos/o/r/pulls", {"state": "merged"}, None, id="value outside the list"),
        pytest.param("GET", "/repos/o/r/pulls", {"per_page": "many"}, None, id="a number that is none"),
        pytest.param("POST", "/repos/o/r/issues", {}, {"title": None, "body": 3}, id="wrong type"),
        pytest.param("POST", "/repos/o/r/check-runs", {}, {"name": "x"}, id="required field missing"),
        pytest.param(
            "POST", "/repos/o/r/check-runs", {}, {"name": "x", "head_sha": "y", "colour": 1}, id="unknown field"
        ),
        pytest.param("POST", "/repos/o/r/check-runs", {}, None, id="no body"),
    ],
)
def test_a_request_outside_the_description_is_refused(
    method: str, path: str, query: dict[str, str], body: object
) -> None:
    with pytest.raises(ContractBrokenError):
        validate_request(method, path, query, body)


def test_null_is_allowed_exactly_where_nullable() -> None:
    review = {"sha": "x", "merged": True, "message": "done"}
    validate_response("PUT", "/repos/o/r/pulls/3/merge", 200, review)
    with pytest.raises(ContractBrokenError, match="message"):
        validate_response("PUT", "/repos/o/r/pulls/3/merge", 200, {**review, "message": None})
    validate_request("POST", "/repos/o/r/git/trees", {}, {"tree": [{"path": "x", "mode": "100644", "sha": None}]})


def test_a_status_or_body_the_description_does_not_know_is_refused() -> None:
    with pytest.raises(ContractBrokenError):
        validate_response("PUT", "/repos/o/r/pulls/3/merge", 201, {})
    with pytest.raises(ContractBrokenError):
        validate_response("DELETE", "/repos/o/r/git/refs/heads/x", 204, {"left": "over"})
    with pytest.raises(ContractBrokenError):
        validate_response("GET", "/repos/o/r/pulls/3", 404, {"error": "not GitHub's body"})
