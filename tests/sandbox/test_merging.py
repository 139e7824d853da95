"""The three merge methods, conflicts, drafts, stale heads, and who is recorded as author and committer."""

from collections.abc import Mapping
from typing import Literal, cast

import pytest

from controller.sandbox.records import Protection
from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Api, Town

Json = dict[str, object]


def commit_at(api: Api, sha: str) -> Json:
    return api.get(f"{ONE}/commits/{sha}")


def people_of(commit: Json) -> tuple[str, str]:
    author, committer = cast(Json, commit["author"]), cast(Json, commit["committer"])
    return str(author["login"]), str(committer["login"])


def verified(commit: Json) -> object:
    return cast(Json, cast(Json, commit["commit"])["verification"])["verified"]


def two_commits(town: Town) -> int:
    dana = town.person("dana")
    number = dana.open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    dana.commit("feature", {"README.md": b"# Agents, moved on\n"}, "Say so")
    town.person("ada").commit("main", {"NOTICE": b"meanwhile\n"}, "Meanwhile")
    return number


def file_at(api: Api, sha: str, path: str) -> bool:
    tree = cast(list[Mapping[str, str]], api.get(f"{ONE}/git/trees/{sha}?recursive=1")["tree"])
    return any(entry["path"] == path for entry in tree)


def test_a_merge_commit_has_both_parents_and_the_merging_person(town: Town) -> None:
    number, api = two_commits(town), town.api("olga")
    head = cast(Json, api.get(f"{ONE}/pulls/{number}")["head"])["sha"]
    merged = commit_at(api, town.person("olga").merge(number))
    assert [parent["sha"] for parent in cast(list[Json], merged["parents"])][1] == head
    assert people_of(merged) == ("olga", "web-flow")
    assert verified(merged) is True
    assert file_at(api, str(merged["sha"]), "NOTICE")
    pull = api.get(f"{ONE}/pulls/{number}")
    assert (pull["merged"], pull["state"], pull["merge_commit_sha"]) == (True, "closed", merged["sha"])


def test_a_squash_is_one_commit_of_the_opener_on_the_base(town: Town) -> None:
    number, api = two_commits(town), town.api("olga")
    merged = commit_at(api, town.person("olga").merge(number, "squash"))
    assert len(cast(list[Json], merged["parents"])) == 1
    assert people_of(merged) == ("dana", "web-flow")
    assert str(cast(Json, merged["commit"])["message"]).startswith(f"Move on (#{number})\n\n* Move on\n\n* Say so")
    assert file_at(api, str(merged["sha"]), "NOTICE")


def test_a_rebase_replays_each_commit_unverified_and_committed_by_the_merging_person(town: Town) -> None:
    number, api = two_commits(town), town.api("olga")
    merged = commit_at(api, town.person("olga").merge(number, "rebase"))
    assert people_of(merged) == ("dana", "olga")
    assert verified(merged) is False
    subjects = [cast(Json, item["commit"])["message"] for item in api.listed(f"{ONE}/commits?per_page=3")]
    assert subjects == ["Say so", "Move on", "Meanwhile"]
    assert api.get(f"{ONE}/pulls/{number}")["merge_commit_sha"] == merged["sha"]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_conflict_cannot_be_merged(town: Town, method: Literal["merge", "squash", "rebase"]) -> None:
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Mine")
    town.person("ada").commit("main", {MANIFEST: b"version: 3\n"}, "Theirs")
    api = town.api("olga")
    api.get(f"{ONE}/pulls/{number}")
    assert (api.get(f"{ONE}/pulls/{number}")["mergeable"], api.get(f"{ONE}/pulls/{number}")["mergeable_state"]) == (
        False,
        "dirty",
    )
    answer = api.send("PUT", f"{ONE}/pulls/{number}/merge", {"merge_method": method})
    assert answer.status_code == 405


def test_a_merge_that_names_another_head_is_refused(town: Town) -> None:
    """ATTACKS 071."""
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Mine")
    answer = town.api("olga").send("PUT", f"{ONE}/pulls/{number}/merge", {"sha": "0" * 40})
    assert answer.status_code == 409


def test_a_draft_cannot_be_merged(town: Town) -> None:
    dana = town.person("dana")
    dana.commit("feature", {MANIFEST: b"version: 2\n"}, "Mine")
    dana.call("POST", "/pulls", {"title": "Mine", "head": "feature", "base": "main", "draft": True})
    answer = town.api("olga").send("PUT", f"{ONE}/pulls/1/merge", {})
    assert (answer.status_code, "draft" in answer.json()["message"]) == (405, True)


def test_reading_is_not_enough_to_merge(town: Town) -> None:
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Mine")
    assert town.api("rita").send("PUT", f"{ONE}/pulls/{number}/merge", {}).status_code == 403


def test_linear_history_refuses_a_merge_commit_and_takes_a_squash(town: Town) -> None:
    town.sandbox.seeds.protect(REPOSITORY, Protection(linear_history=True))
    number, api = two_commits(town), town.api("olga")
    assert api.send("PUT", f"{ONE}/pulls/{number}/merge", {"merge_method": "merge"}).status_code == 405
    api.wanted(200, "PUT", f"{ONE}/pulls/{number}/merge", {"merge_method": "squash"})


def test_updating_the_branch_merges_main_into_it_by_the_server(town: Town) -> None:
    number, api = two_commits(town), town.api("dana")
    api.wanted(202, "PUT", f"{ONE}/pulls/{number}/update-branch", {})
    head = commit_at(api, str(cast(Json, api.get(f"{ONE}/pulls/{number}")["head"])["sha"]))
    assert (people_of(head), verified(head), len(cast(list[Json], head["parents"]))) == (("dana", "web-flow"), True, 2)
