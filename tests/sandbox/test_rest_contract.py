"""Every route answers as GitHub's description says; the last test counts that none was left out."""

from collections.abc import Mapping
from typing import cast

from controller.sandbox.records import RequiredCheck
from controller.sandbox.rest.door import ROUTES
from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Api, Town

Json = Mapping[str, object]


def at(value: object, *path: str | int) -> object:
    """Return what lies at a path of JSON."""
    for step in path:
        value = cast(dict[str | int, object], value)[step]
    return value


def drive_git_database(api: Api) -> str:
    ref = api.get(f"{ONE}/git/ref/heads/main")
    tip = str(at(ref, "object", "sha"))
    commit = api.get(f"{ONE}/git/commits/{tip}")
    tree = api.get(f"{ONE}/git/trees/{at(commit, 'tree', 'sha')}?recursive=1")
    blob = next(entry for entry in cast(list[Json], tree["tree"]) if entry["path"] == MANIFEST)
    assert at(api.get(f"{ONE}/git/blobs/{blob['sha']}"), "encoding") == "base64"
    stored = api.wanted(201, "POST", f"{ONE}/git/blobs", {"content": "YTogMQo=", "encoding": "base64"})
    entry = {"path": MANIFEST, "mode": "100644", "type": "blob", "sha": at(stored, "sha")}
    made = api.wanted(201, "POST", f"{ONE}/git/trees", {"base_tree": tip, "tree": [entry]})
    body = {"message": "Change it", "tree": at(made, "sha"), "parents": [tip]}
    new = str(at(api.wanted(201, "POST", f"{ONE}/git/commits", body), "sha"))
    api.wanted(201, "POST", f"{ONE}/git/refs", {"ref": "refs/heads/feature", "sha": tip})
    api.wanted(200, "PATCH", f"{ONE}/git/refs/heads/feature", {"sha": new})
    api.wanted(201, "POST", f"{ONE}/git/refs", {"ref": "refs/heads/spare", "sha": tip})
    api.wanted(204, "DELETE", f"{ONE}/git/refs/heads/spare")
    assert len(api.listed(f"{ONE}/git/matching-refs/heads/feat")) == 1
    return new


def drive_commits(api: Api, new: str) -> None:
    assert at(api.get(f"{ONE}/commits/{new}"), "files", 0, "filename") == MANIFEST
    assert len(api.listed(f"{ONE}/commits?sha=feature&per_page=10")) == 2
    assert at(api.listed(f"{ONE}/activity?ref=refs%2Fheads%2Ffeature"), 0, "actor", "login") == "dana"
    compared = api.get(f"{ONE}/compare/main...feature")
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("ahead", 1, 0)


def drive_pull(api: Api, reviewer: Api, new: str) -> int:
    body = {"title": "Change ANL", "body": "why", "head": "feature", "base": "main"}
    number = cast(int, at(api.wanted(201, "POST", f"{ONE}/pulls", body), "number"))
    one = f"{ONE}/pulls/{number}"
    assert api.get(one)["mergeable"] is None
    assert api.get(one)["mergeable"] is True
    api.wanted(200, "PATCH", one, {"title": "Change ANL twice"})
    assert len(api.listed(f"{ONE}/pulls?state=open&base=main&sort=updated&direction=desc")) == 1
    assert len(api.listed(f"{ONE}/commits/{new}/pulls")) == 1
    assert len(api.listed(f"{one}/commits")) == len(api.listed(f"{one}/files")) == 1
    api.wanted(201, "POST", f"{one}/requested_reviewers", {"reviewers": ["olga"], "team_reviewers": ["release"]})
    assert at(api.get(f"{one}/requested_reviewers"), "users", 0, "login") == "olga"
    api.wanted(200, "DELETE", f"{one}/requested_reviewers", {"reviewers": ["olga"]})
    review = reviewer.wanted(200, "POST", f"{one}/reviews", {"event": "APPROVE", "body": "good"})
    assert at(reviewer.get(f"{one}/reviews/{at(review, 'id')}"), "commit_id") == new
    api.wanted(200, "PUT", f"{one}/reviews/{at(review, 'id')}/dismissals", {"message": "changed since"})
    assert at(api.listed(f"{one}/reviews"), 0, "state") == "DISMISSED"
    return number


def drive_conversation(api: Api, number: int) -> None:
    issue = api.wanted(201, "POST", f"{ONE}/issues", {"title": "Review access", "body": "quarterly"})
    assert at(api.get(f"{ONE}/issues/{at(issue, 'number')}"), "title") == "Review access"
    assert len(api.listed(f"{ONE}/issues?state=all")) == 2
    own = f"{ONE}/issues/{at(issue, 'number')}"
    closed = api.wanted(200, "PATCH", own, {"state": "closed", "state_reason": "completed"})
    assert (at(closed, "state"), at(closed, "closed_by", "login")) == ("closed", "dana")
    assert len(api.listed(f"{ONE}/issues?state=closed&creator=dana&direction=asc")) == 1
    assert at(api.wanted(200, "PATCH", own, {"state": "open", "body": "now"}), "closed_by") is None
    api.wanted(200, "POST", f"{own}/labels", {"labels": ["audit"]})
    assert len(api.listed(f"{ONE}/issues?labels=audit")) == 1
    one = f"{ONE}/issues/{number}"
    tip = at(api.get(f"{ONE}/git/ref/heads/main"), "object", "sha")
    api.wanted(201, "POST", f"{ONE}/git/refs", {"ref": "refs/heads/elsewhere", "sha": tip})
    for base in ("elsewhere", "main"):
        api.wanted(200, "PATCH", f"{ONE}/pulls/{number}", {"base": base})
    assert [event["event"] for event in api.listed(f"{one}/events")] == ["base_ref_changed"] * 2
    assert api.listed(f"{own}/events") == []
    comment = at(api.wanted(201, "POST", f"{one}/comments", {"body": "hello"}), "id")
    api.wanted(200, "PATCH", f"{ONE}/issues/comments/{comment}", {"body": "hello again"})
    assert api.get(f"{ONE}/issues/comments/{comment}")["body"] == "hello again"
    assert len(api.listed(f"{one}/comments")) == 1
    since = "2020-01-01T00:00:00Z"
    found = api.listed(f"{ONE}/issues/comments?since={since}&sort=created&direction=asc")
    assert [at(each, "id") for each in found] == [comment]
    reactions = f"{ONE}/issues/comments/{comment}/reactions"
    first = api.wanted(201, "POST", reactions, {"content": "+1"})
    assert api.wanted(200, "POST", reactions, {"content": "+1"}) == first
    assert at(api.listed(reactions), 0, "content") == "+1"
    api.wanted(204, "DELETE", f"{ONE}/issues/comments/{comment}")
    api.wanted(200, "POST", f"{one}/labels", {"labels": ["production"]})
    assert len(api.listed(f"{one}/labels")) == 1
    api.wanted(200, "PATCH", f"{ONE}/labels/production", {"new_name": "live"})
    api.wanted(200, "DELETE", f"{one}/labels/live")
    api.wanted(204, "DELETE", f"{ONE}/labels/live")


def drive_checks(app: Api, person: Api, sha: str) -> None:
    remark = {
        "path": MANIFEST,
        "start_line": 2,
        "end_line": 2,
        "annotation_level": "failure",
        "message": "not allowed",
    }
    body = {
        "name": "dvo/policy",
        "head_sha": sha,
        "status": "in_progress",
        "external_id": "key",
        "output": {"title": "Judging", "summary": "one moment", "annotations": [remark]},
    }
    run = at(app.wanted(201, "POST", f"{ONE}/check-runs", body), "id")
    done = {
        "status": "completed",
        "conclusion": "failure",
        "output": {"title": "Refused", "summary": "because", "annotations": [remark]},
    }
    app.wanted(200, "PATCH", f"{ONE}/check-runs/{run}", done)
    assert at(app.get(f"{ONE}/check-runs/{run}"), "output", "annotations_count") == 2
    assert len(app.listed(f"{ONE}/check-runs/{run}/annotations")) == 2
    found = app.get(f"{ONE}/commits/{sha}/check-runs?filter=latest&check_name=dvo%2Fpolicy")
    assert (found["total_count"], at(found, "check_runs", 0, "conclusion")) == (1, "failure")
    suite = at(app.get(f"{ONE}/commits/{sha}/check-suites"), "check_suites", 0, "id")
    person.wanted(201, "POST", f"{ONE}/check-runs/{run}/rerequest")
    person.wanted(201, "POST", f"{ONE}/check-suites/{suite}/rerequest")


def drive_branches(api: Api) -> None:
    assert at(api.get(f"{ONE}/branches/main"), "protected") is False
    body = {
        "required_status_checks": {"strict": False, "contexts": [], "checks": [{"context": "dvo/policy"}]},
        "enforce_admins": None,
        "required_pull_request_reviews": {"required_approving_review_count": 1, "dismiss_stale_reviews": True},
        "restrictions": None,
    }
    api.wanted(200, "PUT", f"{ONE}/branches/main/protection", body)
    protection = api.get(f"{ONE}/branches/main/protection")
    assert at(protection, "required_status_checks", "checks", 0, "context") == "dvo/policy"
    assert at(api.get(f"{ONE}/branches/main"), "protected") is True
    api.wanted(204, "DELETE", f"{ONE}/branches/main/protection")
    api.wanted(404, "GET", f"{ONE}/branches/main/protection")
    assert api.listed(f"{ONE}/rules/branches/main") == []


def drive_accounts(api: Api) -> None:
    assert api.get("/user")["login"] == "ada"
    assert api.get("/users/dana")["id"] == 1001
    assert api.get("/user/1001")["login"] == "dana"
    assert api.get("/orgs/acme/teams/platform")["members_count"] == 2
    assert {member["login"] for member in api.listed("/orgs/acme/teams/platform/members")} == {"rita", "olga"}
    assert api.get("/orgs/acme/teams/release/memberships/olga")["state"] == "active"
    api.wanted(204, "GET", "/orgs/acme/teams/release/repos/acme/agents")
    shown = api.send(
        "GET", "/orgs/acme/teams/release/repos/acme/agents", accept="application/vnd.github.v3.repository+json"
    )
    assert shown.json()["role_name"] == "maintain"
    api.wanted(204, "PUT", "/orgs/acme/teams/platform/repos/acme/agents", {"permission": "push"})
    api.wanted(200, "PUT", "/orgs/acme/teams/platform/memberships/sam", {})
    assert api.get(f"{ONE}/collaborators/sam/permission")["permission"] == "write"
    api.wanted(204, "DELETE", "/orgs/acme/teams/platform/memberships/sam")
    assert api.get(f"{ONE}/collaborators/olga/permission")["role_name"] == "maintain"
    assert api.get(ONE)["default_branch"] == "main"


def drive_app(town: Town) -> None:
    app, installation = town.app_api(), town.app.installation_id
    assert app.get("/app")["id"] == town.app.app_id
    assert app.get(f"/app/installations/{installation}")["app_slug"] == "dvo"
    assert app.get(f"{ONE}/installation")["id"] == installation
    town.settled()
    deliveries = app.listed("/app/hook/deliveries?per_page=5")
    assert app.get(f"/app/hook/deliveries/{deliveries[0]['id']}")["status_code"] == 202
    app.wanted(202, "POST", f"/app/hook/deliveries/{deliveries[0]['id']}/attempts")


def drive_deployments(api: Api) -> None:
    body = {"ref": "main", "environment": "staging", "auto_merge": False, "required_contexts": [], "payload": {}}
    one = f"{ONE}/deployments/{at(api.wanted(201, 'POST', f'{ONE}/deployments', body), 'id')}"
    api.wanted(201, "POST", f"{one}/statuses", {"state": "success", "description": "healthy"})
    assert at(api.listed(f"{one}/statuses"), 0, "state") == "success"
    assert api.get(one)["environment"] == "staging"
    assert len(api.listed(f"{ONE}/deployments?environment=staging")) == 1


def drive_merge(api: Api, number: int) -> None:
    one = f"{ONE}/pulls/{number}"
    api.wanted(200, "PATCH", one, {"state": "closed"})
    api.wanted(200, "PATCH", one, {"state": "open"})
    tip = at(api.get(f"{ONE}/git/ref/heads/main"), "object", "sha")
    tree = at(api.get(f"{ONE}/git/commits/{tip}"), "tree", "sha")
    body = {"message": "Nothing", "tree": tree, "parents": [tip]}
    moved = at(api.wanted(201, "POST", f"{ONE}/git/commits", body), "sha")
    api.wanted(200, "PATCH", f"{ONE}/git/refs/heads/main", {"sha": moved})
    api.wanted(202, "PUT", f"{one}/update-branch", {})
    api.wanted(200, "PUT", f"{one}/merge", {"merge_method": "squash"})
    api.wanted(200, "PUT", f"{one}/merge-async", {"merge_action": "merge_queue"})


def test_every_route_answers_as_githubs_description_says(town: Town) -> None:
    dana, olga, ada, app = town.api("dana"), town.api("olga"), town.api("ada"), town.installation()
    new = drive_git_database(dana)
    drive_commits(dana, new)
    number = drive_pull(dana, olga, new)
    drive_conversation(dana, number)
    drive_checks(app, dana, new)
    drive_branches(ada)
    drive_accounts(ada)
    drive_app(town)
    drive_deployments(app)
    drive_merge(olga, number)
    dana.wanted(200, "GET", "/rate_limit")
    driven = set(town.sandbox.faults.counts().by_route)
    assert {f"{route.method} {route.template}" for route in ROUTES} - driven == set()


def test_errors_have_githubs_body(town: Town) -> None:
    missing = town.api("dana").send("GET", f"{ONE}/pulls/99")
    assert (missing.status_code, missing.json()["message"], missing.json()["status"]) == (404, "Not Found", "404")
    unknown = town.api("dana").raw("GET", "/no/such/route")
    assert (unknown.status_code, unknown.json()["documentation_url"]) == (404, "https://docs.github.com/rest")
    wrong_method = town.api("dana").raw("PATCH", "/user/1001")
    assert wrong_method.status_code == 404


def test_a_failed_validation_names_the_field(town: Town) -> None:
    body = {"title": "x", "head": "main", "base": "nowhere"}
    answer = town.api("dana").send("POST", f"{ONE}/pulls", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "base"


def test_rules_of_every_ruleset_are_told_with_their_origin(town: Town) -> None:
    checks = [RequiredCheck("dvo/policy", town.app.app_id), RequiredCheck("lint")]
    kinds = ["pull_request", "non_fast_forward", "deletion"]
    ruleset = town.sandbox.seeds.add_ruleset(REPOSITORY, kinds, checks)
    told = town.api("ada").listed(f"{ONE}/rules/branches/main")
    assert [rule["type"] for rule in told] == [*kinds, "required_status_checks"]
    assert {rule["ruleset_id"] for rule in told} == {ruleset}
    assert at(told[3], "parameters", "required_status_checks", 0, "integration_id") == town.app.app_id
