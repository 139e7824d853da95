"""How pull requests live: mergeable, base and head, closing, reopening, forks, stale reads."""

from typing import cast

from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Town

Json = dict[str, object]


def sha_of(pull: Json, side: str) -> str:
    return str(cast(Json, pull[side])["sha"])


def opened(town: Town) -> int:
    return town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")


def test_mergeable_is_unknown_at_first_and_again_after_main_moved(town: Town) -> None:
    """ATTACKS 011."""
    number, dana = opened(town), town.person("dana")
    assert [dana.pull(number)["mergeable"] for _ in range(2)] == [None, True]
    trial = dana.pull(number)["merge_commit_sha"]
    assert trial is not None
    town.person("ada").commit("main", {"NOTICE": b"meanwhile\n"}, "Meanwhile")
    assert [dana.pull(number)["mergeable"] for _ in range(2)] == [None, True]
    assert dana.pull(number)["merge_commit_sha"] != trial


def test_the_base_is_main_as_it_was_until_the_head_moves(town: Town) -> None:
    number, dana = opened(town), town.person("dana")
    first = sha_of(dana.pull(number), "base")
    tip = town.person("ada").commit("main", {"NOTICE": b"meanwhile\n"}, "Meanwhile")
    assert sha_of(dana.pull(number), "base") == first
    dana.commit("feature", {"README.md": b"more\n"}, "More")
    assert sha_of(dana.pull(number), "base") == tip


def test_a_closed_pull_request_reopens_at_the_present_tip(town: Town) -> None:
    """ATTACKS 077."""
    number, dana = opened(town), town.person("dana")
    dana.call("PATCH", f"/pulls/{number}", {"state": "closed"})
    moved = dana.force_commit("feature", {MANIFEST: b"version: 9\n"}, "Another story")
    assert sha_of(dana.pull(number), "head") != moved
    assert sha_of(dana.call("PATCH", f"/pulls/{number}", {"state": "open"}), "head") == moved
    assert town.settled()[-1] == "pull_request.reopened"


def test_a_merged_pull_request_stays_closed(town: Town) -> None:
    number = opened(town)
    town.person("olga").merge(number)
    answer = town.api("dana").send("PATCH", f"{ONE}/pulls/{number}", {"state": "open"})
    assert answer.status_code == 422


def test_two_open_pull_requests_of_one_branch_are_refused(town: Town) -> None:
    opened(town)
    body = {"title": "Again", "head": "feature", "base": "main"}
    answer = town.api("dana").send("POST", f"{ONE}/pulls", body)
    assert (answer.status_code, "already exists" in answer.json()["errors"][0]["message"]) == (422, True)


def test_a_pull_request_without_commits_is_refused(town: Town) -> None:
    dana = town.api("dana")
    tip = sha_of(dana.get(f"{ONE}/git/ref/heads/main"), "object")
    dana.wanted(201, "POST", f"{ONE}/git/refs", {"ref": "refs/heads/same", "sha": tip})
    answer = dana.send("POST", f"{ONE}/pulls", {"title": "Nothing", "head": "same", "base": "main"})
    assert answer.status_code == 422


def test_editing_tells_what_it_was(town: Town) -> None:
    number = opened(town)
    town.api("dana").wanted(200, "PATCH", f"{ONE}/pulls/{number}", {"title": "Renamed"})
    assert town.settled()[-1] == "pull_request.edited"
    assert town.receiver.received[-1].payload["changes"] == {"title": {"from": "Move on"}}


def test_a_pull_request_from_a_fork_names_the_fork(town: Town) -> None:
    town.sandbox.seeds.add_fork("sam/agents", of=REPOSITORY)
    sam = town.sandbox.person("sam", "sam/agents")
    sam.commit("patch", {MANIFEST: b"version: 2\n"}, "From outside")
    town.sandbox.seeds.grant(REPOSITORY, "read", person="sam")
    body = {"title": "From outside", "head": "sam:patch", "base": "main"}
    answer = cast(Json, town.api("sam").wanted(201, "POST", f"{ONE}/pulls", body))
    head = cast(Json, answer["head"])
    assert (head["label"], cast(Json, head["repo"])["full_name"]) == ("sam:patch", "sam/agents")
    moved = sam.commit("patch", {MANIFEST: b"version: 3\n"}, "Again")
    assert sha_of(town.api("sam").get(f"{ONE}/pulls/{answer['number']}"), "head") == moved
    assert town.settled()[-1] == "pull_request.synchronize"
    compared = town.api("sam").get(f"{ONE}/compare/main...sam:patch")
    assert compared["ahead_by"] == 2


def test_a_stale_head_is_served_as_often_as_asked(town: Town) -> None:
    """ATTACKS 008."""
    number, dana = opened(town), town.person("dana")
    old = sha_of(dana.pull(number), "head")
    new = dana.commit("feature", {"README.md": b"more\n"}, "More")
    town.sandbox.show_stale_head(REPOSITORY, number, reads=2)
    assert [sha_of(dana.pull(number), "head") for _ in range(3)] == [old, old, new]


def test_commits_of_unknown_addresses_belong_to_nobody(town: Town) -> None:
    dana = town.api("dana")
    tip = sha_of(dana.get(f"{ONE}/git/ref/heads/main"), "object")
    tree = sha_of(dana.get(f"{ONE}/git/commits/{tip}"), "tree")
    author = {"name": "Ghost", "email": "ghost@elsewhere.example", "date": "2001-01-01T00:00:00Z"}
    body = {"message": "Boo", "tree": tree, "parents": [tip], "author": author}
    made = cast(Json, dana.wanted(201, "POST", f"{ONE}/git/commits", body))
    shown = dana.get(f"{ONE}/commits/{made['sha']}")
    assert (shown["author"], shown["committer"]) == (None, None)


def test_a_commit_of_the_app_that_names_nobody_is_made_and_verified_by_the_server(town: Town) -> None:
    app = town.installation()
    tip = sha_of(app.get(f"{ONE}/git/ref/heads/main"), "object")
    tree = sha_of(app.get(f"{ONE}/git/commits/{tip}"), "tree")
    made = cast(Json, app.wanted(201, "POST", f"{ONE}/git/commits", {"message": "m", "tree": tree, "parents": [tip]}))
    shown = app.get(f"{ONE}/commits/{made['sha']}")
    assert cast(Json, made["verification"])["verified"] is True
    assert (cast(Json, shown["author"])["login"], cast(Json, shown["committer"])["login"]) == ("dvo[bot]", "web-flow")


def test_compare_knows_ahead_behind_diverged_and_identical(town: Town) -> None:
    opened(town)
    api = town.api("dana")
    states = [
        api.get(f"{ONE}/compare/{pair}")["status"] for pair in ("main...feature", "feature...main", "main...main")
    ]
    town.person("ada").commit("main", {"NOTICE": b"meanwhile\n"}, "Meanwhile")
    assert [*states, api.get(f"{ONE}/compare/main...feature")["status"]] == ["ahead", "behind", "identical", "diverged"]
    assert api.send("GET", f"{ONE}/compare/main...nowhere").status_code == 404


def test_renames_are_told_with_both_names(town: Town) -> None:
    """ATTACKS 091."""
    dana = town.person("dana")
    text = b"".join(b"line %d\n" % number for number in range(30))
    dana.commit("main", {"a.txt": text}, "Text")
    dana.commit("move", {"a.txt": None, "b.txt": text}, "Move it")
    files = cast(list[Json], town.api("dana").get(f"{ONE}/compare/main...move")["files"])
    assert [(file["status"], file["previous_filename"], file["filename"]) for file in files] == [
        ("renamed", "a.txt", "b.txt")
    ]


def test_trees_keep_modes_and_removals(town: Town) -> None:
    dana = town.api("dana")
    link = cast(Json, dana.wanted(201, "POST", f"{ONE}/git/blobs", {"content": "/etc/passwd"}))["sha"]
    entries = [
        {"path": "link", "mode": "120000", "type": "blob", "sha": link},
        {"path": "run.sh", "mode": "100755", "type": "blob", "content": "true\n"},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
    ]
    tip = sha_of(dana.get(f"{ONE}/git/ref/heads/main"), "object")
    made = cast(Json, dana.wanted(201, "POST", f"{ONE}/git/trees", {"base_tree": tip, "tree": entries}))
    listed = cast(list[Json], dana.get(f"{ONE}/git/trees/{made['sha']}?recursive=1")["tree"])
    modes = {entry["path"]: entry["mode"] for entry in listed}
    assert (modes["link"], modes["run.sh"], "README.md" in modes) == ("120000", "100755", False)
