"""What the REST subset refuses, with GitHub's status: unknown is 404, malformed 422, forbidden 403."""

import pytest

from tests.sandbox.conftest import MANIFEST, ONE, Api, Town

Row = tuple[str, str, object, int]
NOWHERE = "0" * 40
PULL = f"{ONE}/pulls/1"

MALFORMED: list[Row] = [
    ("POST", f"{ONE}/git/blobs", {"content": "x", "encoding": "base64"}, 422),
    ("POST", f"{ONE}/git/trees", {"tree": []}, 422),
    ("POST", f"{ONE}/git/trees", {"base_tree": NOWHERE, "tree": [{"path": "x", "content": "y"}]}, 422),
    ("POST", f"{ONE}/git/trees", {"tree": [{"path": "x", "mode": "777", "content": "y"}]}, 422),
    ("POST", f"{ONE}/git/trees", {"tree": [{"path": "x", "mode": "100644", "sha": NOWHERE}]}, 422),
    ("POST", f"{ONE}/git/trees", {"tree": [{"path": "../x", "mode": "100644", "content": "y"}]}, 422),
    ("POST", f"{ONE}/git/trees", {"tree": [{"path": ".git/config", "mode": "100644", "content": "y"}]}, 422),
    ("POST", f"{ONE}/git/commits", {"message": "m", "tree": NOWHERE}, 422),
    ("POST", f"{ONE}/git/refs", {"ref": "heads/x", "sha": NOWHERE}, 422),
    ("POST", f"{ONE}/git/refs", {"ref": "refs/heads/a..b", "sha": NOWHERE}, 422),
    ("POST", f"{ONE}/git/refs", {"ref": "refs/heads/main", "sha": NOWHERE}, 422),
    ("POST", f"{ONE}/git/refs", {"ref": "refs/heads/new", "sha": NOWHERE}, 422),
    ("PATCH", f"{ONE}/git/refs/heads/nothing", {"sha": NOWHERE}, 422),
    ("DELETE", f"{ONE}/git/refs/heads/nothing", None, 422),
    ("PUT", f"{PULL}/merge", {"merge_method": "octopus"}, 422),
    ("PUT", f"{PULL}/update-branch", {"expected_head_sha": NOWHERE}, 422),
    ("PUT", f"{PULL}/update-branch", {}, 422),
    ("PATCH", PULL, {"base": "nothing"}, 422),
    ("PATCH", PULL, {"title": 3}, 422),
    ("POST", f"{ONE}/pulls", {"title": "x", "head": "nothing", "base": "main"}, 422),
    ("POST", f"{ONE}/pulls", {"title": "x", "head": "stranger:feature", "base": "main"}, 422),
    ("POST", f"{PULL}/reviews", {"event": "LIKE", "body": "x"}, 422),
    ("POST", f"{PULL}/requested_reviewers", {"team_reviewers": ["nobody"]}, 422),
    ("POST", f"{ONE}/issues", {"body": "no title"}, 422),
    ("POST", f"{ONE}/issues/1/comments", {"body": "x" * 65537}, 422),
    ("POST", f"{ONE}/deployments", {"ref": "nothing"}, 422),
    ("GET", f"{ONE}/commits/nothing", None, 422),
    ("GET", f"{ONE}/commits/nothing/check-runs", None, 422),
    ("GET", f"{ONE}/commits/nothing/check-suites", None, 422),
    ("GET", f"{ONE}/commits/nothing/pulls", None, 422),
    ("PUT", f"{ONE}/branches/main/protection", {}, 422),
]

UNKNOWN: list[Row] = [
    ("GET", path, None, 404)
    for path in (
        "/repos/acme/nothing",
        "/users/stranger",
        "/user/4711",
        "/orgs/dana",
        "/orgs/acme/teams/nothing",
        "/orgs/acme/teams/release/memberships/dana",
        "/orgs/acme/teams/platform/repos/acme/empty",
        f"{ONE}/pulls/99",
        f"{ONE}/pulls/x",
        f"{ONE}/pulls/1/reviews/99",
        f"{ONE}/issues/99",
        f"{ONE}/issues/comments/99",
        f"{ONE}/check-runs/99",
        f"{ONE}/deployments/99",
        f"{ONE}/branches/nothing",
        f"{ONE}/branches/main/protection",
        f"{ONE}/git/ref/heads/nothing",
        f"{ONE}/git/ref/heads/--output=x",
        f"{ONE}/git/trees/nothing",
        f"{ONE}/git/trees/--help",
        f"{ONE}/git/blobs/{NOWHERE}",
        f"{ONE}/git/commits/{NOWHERE}",
        f"{ONE}/git/commits/HEAD",
        f"{ONE}/commits?sha=--all",
        f"{ONE}/compare/main",
        f"{ONE}/compare/main...--output=x",
        f"{ONE}/compare/main...stranger:feature",
    )
]

FORBIDDEN: list[Row] = [
    ("PUT", f"{PULL}/merge", {}, 403),
    ("PATCH", PULL, {"title": "x"}, 403),
    ("POST", f"{ONE}/git/blobs", {"content": "x"}, 403),
    ("POST", f"{ONE}/git/refs", {"ref": "refs/heads/x", "sha": NOWHERE}, 403),
    ("DELETE", f"{ONE}/git/refs/heads/feature", None, 403),
    ("POST", f"{ONE}/issues/1/labels", {"labels": ["x"]}, 403),
    ("POST", f"{ONE}/deployments", {"ref": "main"}, 403),
    ("GET", f"{ONE}/branches/main/protection", None, 403),
    ("DELETE", f"{ONE}/issues/comments/{{comment}}", None, 403),
]


def surprises(api: Api, rows: list[Row], comment: int = 0) -> list[str]:
    """Return the calls that did not end as they should."""
    found = []
    for method, path, body, status in rows:
        answer = api.send(method, path.format(comment=comment), body)
        if answer.status_code != status:
            found.append(f"{method} {path} {body}: expected {status}, got {answer.status_code} {answer.text[:200]}")
    return found


def opened(town: Town) -> int:
    return town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")


def test_malformed_calls_are_refused(town: Town) -> None:
    opened(town)
    assert surprises(town.api("ada"), MALFORMED) == []


def test_unknown_things_are_not_found_and_names_are_no_options(town: Town) -> None:
    """ATTACKS 036."""
    opened(town)
    town.sandbox.seeds.add_repository("acme/empty", {"README.md": b"x\n"})
    assert surprises(town.api("ada"), UNKNOWN) == []


def test_readers_only_read(town: Town) -> None:
    comment = town.person("dana").comment(opened(town), "mine")
    assert surprises(town.api("rita"), FORBIDDEN, comment) == []


def test_histories_without_a_common_commit_cannot_be_compared(town: Town) -> None:
    ada = town.api("ada")
    tip = ada.get(f"{ONE}/git/ref/heads/main")["object"]
    assert isinstance(tip, dict)
    tree = ada.get(f"{ONE}/git/commits/{tip['sha']}")["tree"]
    assert isinstance(tree, dict)
    made = ada.wanted(201, "POST", f"{ONE}/git/commits", {"message": "m", "tree": tree["sha"], "parents": []})
    assert isinstance(made, dict)
    assert ada.send("GET", f"{ONE}/compare/main...{made['sha']}").status_code == 404


def test_seeding_the_same_account_twice_is_an_error(town: Town) -> None:
    for login, number in (("DANA", 5000), ("new", 1001)):
        with pytest.raises(ValueError, match="exists already"):
            town.sandbox.seeds.add_person(login, github_id=number, emails=[f"{login}@example.com"])
