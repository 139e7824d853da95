"""The merge queue of the sandbox: its order, its events, its page, and who may enter."""

from typing import cast

import httpx
import pytest

from controller.sandbox.records import Protection, RequiredCheck
from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Town

Json = dict[str, object]


PATHS = (MANIFEST, "environments/production/anl.yaml", "environments/staging/anl.yaml")


@pytest.fixture
def queued(town: Town) -> tuple[Town, list[int]]:
    """Two pull requests in the queue, both green."""
    return town, queue(town, 2)


def queue(town: Town, count: int, *, checks_every_entry: bool = True) -> list[int]:
    """Protect main with a queue, and put into it pull requests that are green."""
    checks = [RequiredCheck("dvo/policy")]
    protection = Protection(required_checks=checks, merge_queue="merge", checks_every_entry=checks_every_entry)
    town.sandbox.seeds.protect(REPOSITORY, protection)
    dana = town.person("dana")
    numbers: list[int] = []
    for path in PATHS[:count]:
        numbers.append(dana.open_pull_request(f"topic-{len(numbers)}", {path: b"version: 9\n"}, "Move on"))
        write(town, str(cast(Json, dana.pull(numbers[-1])["head"])["sha"]), "success")
        dana.enqueue(numbers[-1])
    return numbers


def merged(town: Town, numbers: list[int]) -> list[int]:
    return [number for number in numbers if town.person("dana").pull(number)["merged_at"] is not None]


def write(town: Town, sha: str, conclusion: str) -> None:
    run = {"name": "dvo/policy", "head_sha": sha, "status": "completed", "conclusion": conclusion}
    assert town.installation().send("POST", f"{ONE}/check-runs", run).is_success


def groups(town: Town) -> list[tuple[str, str]]:
    answer = town.api("olga").send("GET", f"{ONE}/git/matching-refs/heads%2Fgh-readonly-queue%2Fmain").json()
    return [(ref["ref"], ref["object"]["sha"]) for ref in answer]


def test_events_ask_for_checks_on_each_group_and_tell_its_end(queued: tuple[Town, list[int]]) -> None:
    town, _ = queued
    for _, sha in groups(town):
        write(town, sha, "success")
    town.settled()
    told = town.receiver.received
    asked = [one.payload for one in told if one.name == "merge_group.checks_requested"]
    first, second = (cast(Json, payload["merge_group"]) for payload in asked)
    assert second["base_sha"] == first["head_sha"]
    assert str(first["head_ref"]).endswith(str(first["base_sha"]))
    ended = [one.payload["reason"] for one in told if one.name == "merge_group.destroyed"]
    assert ended == ["merged", "merged"]


def test_an_order_says_where_a_pull_request_stands_and_why_it_may_not_enter(queued: tuple[Town, list[int]]) -> None:
    town, (one, _) = queued
    api = town.api("olga")
    assert api.send("PUT", f"{ONE}/pulls/{one}/merge-async", {}).json()["status"] == "enqueued"
    red = town.person("dana").open_pull_request("red", {MANIFEST: b"version: 10\n"}, "Not green")
    refused = api.raw("PUT", f"{ONE}/pulls/{red}/merge-async", {})
    assert (refused.status_code, refused.json()["status"]) == (400, "failed")
    for _, sha in groups(town):
        write(town, sha, "success")
    assert api.send("PUT", f"{ONE}/pulls/{one}/merge-async", {}).json()["status"] == "merged"


def test_the_merge_button_gives_way_to_the_queue(queued: tuple[Town, list[int]]) -> None:
    town, (one, _) = queued
    with pytest.raises(httpx.HTTPStatusError, match="through the merge queue"):
        town.person("dana").merge(one)


def test_a_closed_pull_request_leaves_and_what_is_behind_is_built_anew(queued: tuple[Town, list[int]]) -> None:
    town, (one, two) = queued
    before = groups(town)
    town.person("dana").call("PATCH", f"/pulls/{one}", {"state": "closed"})
    (left,) = groups(town)
    assert f"/pr-{two}-" in left[0]
    assert left not in before


@pytest.mark.parametrize("ahead", ["failure", None])
def test_by_headgreen_a_green_group_merges_with_all_it_stands_on_red_or_unfinished(
    town: Town, ahead: str | None
) -> None:
    """GitHub docs, rulesets: "only the commit at the head of the merge group must pass its required checks"."""
    numbers = queue(town, 3, checks_every_entry=False)
    first, second, third = (sha for _, sha in groups(town))
    if ahead is not None:
        write(town, first, ahead)
    assert (merged(town, numbers), len(groups(town))) == ([], 3), "it may still be part of a group that passes"
    write(town, second, "success")
    assert merged(town, numbers) == numbers[:2]
    assert [sha for _, sha in groups(town)] == [third], "it stands on main as it was built"


def test_by_headgreen_a_red_group_without_a_green_one_behind_is_thrown_out(town: Town) -> None:
    numbers = queue(town, 2, checks_every_entry=False)
    (_, first), (_, second) = groups(town)
    write(town, first, "failure")
    write(town, second, "failure")
    assert (merged(town, numbers), groups(town)) == ([], [])


def test_by_allgreen_no_green_group_merges_before_the_one_it_stands_on(town: Town) -> None:
    numbers = queue(town, 2)
    (_, first), (_, second) = groups(town)
    write(town, second, "success")
    assert merged(town, numbers) == []
    write(town, first, "success")
    assert merged(town, numbers) == numbers
