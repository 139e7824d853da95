"""Pages, Link headers, ETags, versions and rate limits."""

import re
from typing import cast

import httpx
import pytest

from controller.sandbox.git_objects import NewCommit, known_commit, write_commit
from tests.sandbox.conftest import MANIFEST, ONE, Town

Json = dict[str, object]


def test_links_lead_through_all_pages_on_the_same_host(town: Town) -> None:
    """ATTACKS 007."""
    api = town.api("olga")
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    for count in range(7):
        api.wanted(200, "POST", f"{ONE}/pulls/{number}/reviews", {"event": "COMMENT", "body": f"{count}"})
    path, bodies = f"{ONE}/pulls/{number}/reviews?per_page=3", []
    while path:
        answer = api.send("GET", path)
        bodies += [review["body"] for review in answer.json()]
        found = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert found is None or found[1].startswith(town.sandbox.api_url)
        path = found[1].removeprefix(town.sandbox.api_url) if found else ""
    assert bodies == [str(count) for count in range(7)]


def test_first_and_last_pages_name_each_other(town: Town) -> None:
    api = town.api("dana")
    for title in "abcde":
        api.wanted(201, "POST", f"{ONE}/issues", {"title": title})
    links = api.send("GET", f"{ONE}/issues?per_page=2&page=2").headers["link"]
    assert re.findall(r'rel="(\w+)"', links) == ["prev", "first", "next", "last"]
    assert "link" not in api.send("GET", f"{ONE}/issues?per_page=100").headers


@pytest.mark.parametrize(("query", "count"), [("per_page=1000", 100), ("per_page=0", 30), ("page=9", 0)])
def test_nonsense_sizes_fall_back(town: Town, query: str, count: int) -> None:
    api = town.api("dana")
    with town.sandbox.world.lock:
        repository = town.sandbox.world.repository("acme", "agents")
    for title in range(3):
        api.wanted(201, "POST", f"{ONE}/issues", {"title": f"{title}"})
    template = repository.issues[1]
    repository.issues |= {number: template for number in range(4, 121)}
    assert len(cast(list[Json], api.raw("GET", f"{ONE}/issues?{query}").json())) == count


def test_compare_gives_250_commits_a_page_and_files_on_the_first_only(town: Town) -> None:
    """ATTACKS 006."""
    tip = town.sandbox.seeds.commit("acme/agents", {"x": b"1"}, author="dana", message="one file", branch="long")
    store = town.sandbox.world.repository("acme", "agents").store
    last = known_commit(store, tip)
    for count in range(251):
        tip = write_commit(store, NewCommit(last.tree, (tip,), last.author, last.author, f"{count}"))
    store.move("refs/heads/long", tip)
    api = town.api("dana")
    first = api.get(f"{ONE}/compare/main...long")
    assert (first["total_commits"], len(cast(list[Json], first["commits"])), len(cast(list[Json], first["files"]))) == (
        252,
        250,
        1,
    )
    second = api.get(f"{ONE}/compare/main...long?page=2&per_page=250")
    assert (len(cast(list[Json], second["commits"])), second["files"]) == (2, [])


def test_compare_ends_at_300_files(town: Town) -> None:
    """ATTACKS 006."""
    files = {f"many/{number}": b"x\n" for number in range(301)}
    town.sandbox.seeds.commit("acme/agents", files, author="dana", message="Many", branch="many")
    assert len(cast(list[Json], town.api("dana").get(f"{ONE}/compare/main...many")["files"])) == 300


def test_an_unchanged_answer_is_not_sent_again_and_costs_nothing(town: Town) -> None:
    api = town.api("dana")
    first = api.send("GET", f"{ONE}/branches/main")
    left = first.headers["x-ratelimit-remaining"]
    second = api.raw("GET", f"{ONE}/branches/main", If_None_Match=first.headers["etag"])
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["x-ratelimit-remaining"] == left
    assert town.sandbox.faults.counts().not_modified == 1
    town.person("ada").commit("main", {"NOTICE": b"meanwhile\n"}, "Meanwhile")
    assert api.raw("GET", f"{ONE}/branches/main", If_None_Match=first.headers["etag"]).status_code == 200


@pytest.mark.parametrize(("version", "status"), [("2022-11-28", 200), ("2026-03-10", 200), ("2021-01-01", 400)])
def test_an_unsupported_api_version_is_refused(town: Town, version: str, status: int) -> None:
    assert town.api("dana").raw("GET", ONE, X_GitHub_Api_Version=version).status_code == status


def test_the_rate_limit_counts_down_and_ends(town: Town) -> None:
    """ATTACKS 010."""
    town.sandbox.world.rates.limit = 3
    api = town.api("dana")
    left = [api.send("GET", ONE).headers["x-ratelimit-remaining"] for _ in range(3)]
    refused = api.send("GET", ONE)
    assert (left, refused.status_code, refused.headers["x-ratelimit-remaining"]) == (["2", "1", "0"], 403, "0")
    assert cast(Json, api.get("/rate_limit")["rate"])["remaining"] == 0


def test_every_answer_has_an_id(town: Town) -> None:
    api = town.api("dana")
    ids = {api.raw("GET", path).headers["x-github-request-id"] for path in (ONE, f"{ONE}/pulls/9", "/no/such/route")}
    assert len(ids) == 3


@pytest.mark.parametrize("body", [b"{", b"3", b'"x"'])
def test_a_body_that_is_no_json_object_is_refused(town: Town, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {town.api('dana').token}"}
    answer = httpx.post(f"{town.sandbox.api_url}{ONE}/issues", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 400
