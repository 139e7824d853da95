"""Protection as the sandbox tells it, within GitHub's own description, and as a hostile answer would."""

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.protection import ADMINISTRATION, read_protection
from controller.change.protection import (
    ClassicProtection,
    HiddenProtection,
    Protection,
    QueueRule,
    RequiredCheck,
    Rules,
)
from controller.errors import InputError, UnavailableError
from controller.sandbox import records
from controller.sandbox.seeding import APP_PERMISSIONS, AppCredentials, AppSeed
from tests.adapters.github.conftest import PATIENT, REPOSITORY, SandboxStage
from tests.adapters.github.scripted import Said, scripted
from tests.sandbox.openapi import validate_request, validate_response


@pytest.fixture
def stage(stage: SandboxStage, monkeypatch: pytest.MonkeyPatch) -> SandboxStage:
    """Hold every exchange with the sandbox against GitHub's description."""
    send = requests.adapters.HTTPAdapter.send

    def checked(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: object) -> object:
        response = send(adapter, request, **how)  # type: ignore[arg-type] # passed on unread
        address = urlsplit(str(request.url))
        method, path = str(request.method), address.path.removeprefix("/api/v3")
        validate_request(
            method, path, dict(parse_qsl(address.query)), json.loads(request.body) if request.body else None
        )
        validate_response(method, path, response.status_code, json.loads(response.content or b"null"))
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", checked)
    return stage


@pytest.fixture
def administering(stage: SandboxStage) -> Iterator[GitHubApp]:
    app = as_administrator(stage, stage.credentials)
    yield app
    app.close()


def as_administrator(stage: SandboxStage, known: AppCredentials) -> GitHubApp:
    return GitHubApp(
        stage.sandbox.api_url, known.app_id, known.private_key, REPOSITORY, patience=PATIENT, permissions=ADMINISTRATION
    )


def protect(stage: SandboxStage, protection: records.Protection) -> None:
    stage.sandbox.seeds.protect(REPOSITORY, protection)


def test_nothing_protects_a_new_branch(stage: SandboxStage, administering: GitHubApp) -> None:
    assert read_protection(stage.app, administering, "main") == Protection("main", None, Rules())


def test_classic_protection_is_read_whole(stage: SandboxStage, administering: GitHubApp) -> None:
    """ATTACKS 021."""
    checks = [records.RequiredCheck("dvo/policy", stage.credentials.app_id), records.RequiredCheck("dvo/approval")]
    protect(
        stage,
        records.Protection(
            required_checks=checks, approving_reviews=0, bypassers={"rita", "dvo"}, allow_force_pushes=True
        ),
    )
    assert read_protection(stage.app, administering, "main").classic == ClassicProtection(
        checks=(RequiredCheck("dvo/policy", stage.credentials.app_id), RequiredCheck("dvo/approval", None)),
        requires_pull_request=True,
        binds_admins=False,
        bypassers=("@rita", "the App dvo"),
        allows_force_pushes=True,
        allows_deletion=False,
    )
    protect(stage, records.Protection(enforce_admins=True, allow_deletions=True))
    bare = ClassicProtection((), False, True, (), allows_force_pushes=False, allows_deletion=True)
    assert read_protection(stage.app, administering, "main").classic == bare


def test_rules_are_read_from_every_ruleset(stage: SandboxStage, administering: GitHubApp) -> None:
    seeds, ours = stage.sandbox.seeds, stage.credentials.app_id
    first = seeds.add_ruleset(REPOSITORY, ["pull_request", "deletion"])
    required = [records.RequiredCheck("dvo/policy", ours), records.RequiredCheck("lint")]
    second = seeds.add_ruleset(REPOSITORY, ["non_fast_forward", "required_linear_history"], required)
    seeds.add_ruleset(REPOSITORY, ["required_signatures"])
    assert read_protection(stage.app, administering, "main").rules == Rules(
        checks=(RequiredCheck("dvo/policy", ours), RequiredCheck("lint", None)),
        requires_pull_request=True,
        blocks_force_pushes=True,
        restricts_deletion=True,
        rulesets=(f"ruleset {first} of {REPOSITORY}", f"ruleset {second} of {REPOSITORY}"),
    )


def test_without_the_permission_the_checks_are_read_all_the_same(stage: SandboxStage) -> None:
    granted = {name: level for name, level in APP_PERMISSIONS.items() if name != "administration"}
    modest = stage.sandbox.seeds.add_app(AppSeed("modest", "acme", permissions=granted))
    app, administering = stage.new_app(modest), as_administrator(stage, modest)
    assert read_protection(app, administering, "main").classic is None
    protect(stage, records.Protection(required_checks=[records.RequiredCheck("dvo/policy", modest.app_id)]))
    classic = read_protection(app, administering, "main").classic
    assert isinstance(classic, HiddenProtection)
    assert "administration: read" in classic.reason
    assert replace(classic, reason="") == HiddenProtection((RequiredCheck("dvo/policy", modest.app_id),), "")
    app.close()
    administering.close()


def test_a_branch_that_is_not_there_is_an_error_not_a_branch_without_protection(
    stage: SandboxStage, administering: GitHubApp
) -> None:
    with pytest.raises(InputError, match="404"):
        read_protection(stage.app, administering, "gone")


BRANCH = {"protection": {"enabled": True}}
WHOLE = {
    "enforce_admins": {"enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
}


@pytest.mark.parametrize(
    ("branch", "protection", "rules"),
    [
        ({}, WHOLE, []),
        ({"protection": {"enabled": "yes"}}, None, []),
        (BRANCH, {**WHOLE, "enforce_admins": None}, []),
        (BRANCH, {**WHOLE, "allow_deletions": {}}, []),
        (BRANCH, {**WHOLE, "required_status_checks": {"contexts": ["dvo/policy"]}}, []),
        (BRANCH, {**WHOLE, "required_status_checks": {"checks": [{"context": "dvo/policy"}]}}, []),
        (BRANCH, [], []),
        (BRANCH, WHOLE, {}),
        (BRANCH, WHOLE, [{"type": 7}]),
        (BRANCH, WHOLE, [{"type": "deletion"}]),
        (BRANCH, WHOLE, [{"type": "required_status_checks"}]),
    ],
)
def test_an_answer_that_makes_no_sense_is_never_taken_for_protection(
    branch: object, protection: object, rules: object
) -> None:
    def script(_: str, path: str) -> Said:
        if path.endswith("/protection"):
            status = 403 if protection is None else 200
            return Said(json.dumps(protection or {"message": "no"}).encode(), status)
        return Said(json.dumps(rules if "/rules/" in path else branch).encode())

    with scripted(script) as (app, _), pytest.raises(UnavailableError, match="makes no sense"):
        read_protection(app, app, "main")


@pytest.mark.parametrize(
    ("strategies", "checks_every_entry"),
    [
        (["ALLGREEN"], True),
        (["ALLGREEN", "ALLGREEN"], True),
        (["HEADGREEN"], False),
        (["ALLGREEN", "HEADGREEN"], False),
        (["SOMETHING_NEW"], False),
    ],
)
def test_only_a_queue_known_to_check_every_entry_is_said_to(strategies: list[str], *, checks_every_entry: bool) -> None:
    """ATTACKS 021: of several rules the weakest counts, and a strategy nobody knows is weak."""
    parameters = [{"grouping_strategy": strategy, "check_response_timeout_minutes": 60} for strategy in strategies]
    rules = [{"type": "merge_queue", "parameters": one} for one in parameters]

    def script(method: str, path: str) -> Said:
        if path.endswith("/protection"):
            return Said(b"{}", 404)
        told: object = rules if "/rules/" in path else {"protected": False, "protection": {}}
        return Said(json.dumps(told).encode())

    with scripted(script) as (app, _):
        queue = read_protection(app, app, "main").rules.queue
    assert queue == QueueRule(checks_every_entry=checks_every_entry, timeout_minutes=60)


def test_the_rule_of_a_merge_queue_is_recognised(stage: SandboxStage, administering: GitHubApp) -> None:
    stage.sandbox.seeds.add_ruleset(REPOSITORY, ["merge_queue"])
    assert read_protection(stage.app, administering, "main").rules.queue == QueueRule(
        checks_every_entry=True, timeout_minutes=60
    )
