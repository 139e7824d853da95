"""`/v1/policies` over a whole world: a real OPA judges what was only supposed, for who may ask."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from limits.storage import MemoryStorage

from controller.adapters.opa import OpaServers
from controller.adapters.system_clock import SystemClock
from controller.compose.policies import notes_of
from controller.errors import ControllerError, StaleError
from controller.identity.bearer import Bearer, TokenFault
from controller.identity.principal import Principal, PrincipalKind
from controller.ledger.event import EventType
from controller.policy.bundle import PolicyBundle
from controller.policy.rule_note import RuleNote
from controller.web.api import Api
from controller.web.authentication import Authentication, Means, Watch
from controller.web.client_address import address_behind
from controller.web.limiting import Allowance, Limits
from controller.web.policy_routes import PolicyDoor
from controller.web.refusal import RefusalJournal
from tests.opa import opa_binary
from tests.web.conftest import Ask, asking, build_house, identifiers
from tests.workflow.world import ROOT, World

CANARY = "canary-7f3a"
CONFIG: dict[str, object] = {
    "version": "1.0.0",
    "platform": "fastapi",
    "replicas": 2,
    "regions": ["westeurope"],
    "variables": {"LOG_LEVEL": "INFO"},
    "rollout": {"strategy": "all_at_once", "health_timeout_seconds": 120, "auto_rollback": True},
}
ASKED: dict[str, object] = {"agent_id": "ANL", "environment": "production", "deployment_config": CONFIG}
TUESDAY = "2027-03-09T10:00:00+01:00"


@pytest.fixture(scope="module")
def engine() -> Iterator[OpaServers]:
    with OpaServers(opa_binary()) as servers:
        yield servers


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


@pytest.fixture
def world(engine: OpaServers, pool: ThreadPoolExecutor) -> World:
    made = World(engine, pool)
    made.look("main")
    return made


def authentication(world: World, limits: Limits | None = None) -> Authentication:
    """Return what knows everybody of the world's directory by a token that is their login."""
    clock = SystemClock()
    limits = limits or Limits(MemoryStorage(), clock)

    def read_token(token: str) -> Bearer | TokenFault:
        ends = clock.now() + timedelta(hours=1)
        known = any(person.login == token for person in world.directory.people)
        return Bearer(PrincipalKind.PERSON, token, None, None, ends) if known else TokenFault.BAD_SIGNATURE

    def principal_of(bearer: Bearer) -> Principal | None:
        login = bearer.object_id
        return world.directory.look_up(frozenset(), frozenset(), frozenset({login})).by_login[login]

    means = Means(read_token, principal_of, lambda _: None, lambda _: None)
    refusals = RefusalJournal(world.journal, clock, identifiers(), "api")
    return Authentication(means, Watch(address_behind(()), limits, refusals))


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    api = Api(authentication(world), world.workflows.authorizing.standing)
    door = PolicyDoor(world.workflows.simulating, notes_of(opa_binary()))
    with asking(replace(build_house().doors, api=api, policies=door)) as ask:
        yield ask


def bearing(login: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {login}"}


def evaluate(ask: Ask, who: str = "omar-ops", slash: str = "", **changes: Any) -> dict[str, object]:
    answer = ask("POST", f"/v1/policies/evaluate{slash}", json={**ASKED, **changes}, headers=bearing(who))
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    assert told["simulation"] is True
    return told


def rules(told: dict[str, object]) -> dict[str, dict[str, object]]:
    findings = told["findings"]
    assert isinstance(findings, list)
    return {finding["rule"]: finding for finding in findings}


def digest(world: World) -> str:
    line = next(
        line for line in world.file("environments/production/anl.yaml").decode().splitlines() if "digest" in line
    )
    return line.partition(": ")[2]


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_policy_would_say_comes_with_the_way_to_green(ask: Ask, world: World, slash: str) -> None:
    config = {**CONFIG, "digest": digest(world), "replicas": 101}
    told = evaluate(ask, slash=slash, deployment_config=config, at=TUESDAY)
    assert (told["allowed"], told["requires_approval"], told["action"]) == (False, True, "deny")
    assert (told["agent_id"], told["environment"], told["as"]) == ("ANL", "production", "github:1002")
    assert told["at"] == "2027-03-09T09:00:00+00:00"
    assert told["changes"] == ["rescaled"]
    bounds = rules(told)["mc-bounds"]
    assert bounds["proof"] == "proven"
    assert "replicas is 101" in str(bounds["facts"])
    assert "write `replicas: 100`" in str(bounds["to_do"])
    assert told["together"] == {"green": True, "remaining": [], "approvals": ["mc-prod-approval"]}
    assert str(told["policy_revision"]).startswith("sha256:")
    page = (ROOT / "docs" / "reference" / "http.md").read_text()
    assert [name for name in told if f"`{name}`" not in page] == ["schema"]


def test_a_change_that_policy_lets_pass_is_allowed(ask: Ask, world: World) -> None:
    told = evaluate(ask, "dana-dev", environment="development", deployment_config={**CONFIG, "replicas": 3})
    assert (told["allowed"], told["requires_approval"], told["action"]) == (True, False, "audit_only")
    assert told["problems"] == []


def test_a_time_that_holds_is_not_allowed(ask: Ask, world: World) -> None:
    config = {**CONFIG, "digest": digest(world)}
    told = evaluate(ask, deployment_config=config, at="2027-03-13T11:00:00Z")
    assert (told["allowed"], told["held_until"]) == (False, "2027-03-15T08:00:00+00:00")
    assert rules(told)["mc-weekend-block"]["to_do"] == ["wait until 2027-03-15 08:00 UTC"]


def test_what_is_no_finding_is_a_problem_that_is_told(ask: Ask, world: World) -> None:
    told = evaluate(ask, environment="nowhere")
    assert told["allowed"] is False
    assert told["problems"]
    version = evaluate(ask, environment="development", deployment_config={**CONFIG, "version": "9.9.9"})
    assert version["allowed"] is False
    assert "9.9.9" in str(version["problems"])


def test_other_people_need_view_audit_and_leave_an_event(ask: Ask, world: World) -> None:
    told = evaluate(ask, deployment_config={**CONFIG, "digest": digest(world)}, **{"as": "dana-dev"})
    assert told["as"] == "github:1001"
    assert rules(told)["mc-prod-approval"]["action"] == "deny"
    asked = [event.details for event in world.events(EventType.AUTHZ_GRANTED, "policies/evaluate")]
    assert {"permission": "view_audit", "door": "api", "about": "github:1001"} in asked
    stranger = evaluate(ask, **{"as": "nobody-known"})
    assert (stranger["as"], stranger["allowed"]) == (None, False)
    assert "nobody-known" not in str(world.journal.find(frozenset(EventType), None))


def test_about_oneself_no_other_permission_is_asked(ask: Ask, world: World) -> None:
    assert evaluate(ask, **{"as": "Omar-Ops"})["as"] == "github:1002"
    asked = {event.details["permission"] for event in world.events(EventType.AUTHZ_GRANTED, "policies/evaluate")}
    assert asked == {"validate"}


def test_whoever_may_not_is_refused_and_recorded(ask: Ask, world: World) -> None:
    answer = ask("POST", "/v1/policies/evaluate", json=ASKED, headers=bearing("vera-view"))
    assert answer.status_code == 403
    assert answer.json() == {"detail": "You may not: no group of theirs gives validate."}
    (denied,) = world.events(EventType.AUTHZ_DENIED, "policies/evaluate")
    assert (denied.actor, denied.details["permission"]) == ("github:1006", "validate")


def test_nothing_follows_from_a_simulation(ask: Ask, world: World) -> None:
    before = len(world.events(EventType.POLICY_EVALUATED))
    writes = world.host.writes
    evaluate(ask)
    assert len(world.events(EventType.POLICY_EVALUATED)) == before
    assert world.host.writes == writes


@pytest.mark.parametrize("path", ["/v1/policies", "/v1/policies/"])
def test_the_rules_of_main_are_listed(ask: Ask, world: World, path: str) -> None:
    told = ask("GET", path, headers=bearing("vera-view")).json()
    assert told["schema"] == "dvo.policy-list/1"
    weekend = next(rule for rule in told["rules"] if rule["id"] == "mc-weekend-block")
    assert weekend["title"] == "Production rests at the weekend"
    assert weekend["path"] == "policies/rego/rules/mc_weekend_block.rego"
    assert told["policy_revision"] == evaluate(ask)["policy_revision"]


def test_whoever_may_not_see_the_rules_is_refused(ask: Ask, world: World) -> None:
    world.directory.people = [replace(person, groups=frozenset()) for person in world.directory.people]
    assert ask("GET", "/v1/policies", headers=bearing("vera-view")).status_code == 403


BAD: list[tuple[object, str]] = [
    ([], "Expected an object with agent_id"),
    ({}, "agent_id: expected an agent code"),
    ({**ASKED, "agent_id": "anl"}, "agent_id: expected an agent code"),
    ({**ASKED, "agent_id": None}, "agent_id: expected an agent code"),
    ({**ASKED, "environment": "../etc"}, "environment: expected a name"),
    ({**ASKED, "environment": 1}, "environment: expected a name"),
    ({**ASKED, "deployment_config": []}, "deployment_config: expected an object"),
    ({**ASKED, "deployment_config": {**CONFIG, "agent": "GHA"}}, "deployment_config.agent: leave it out"),
    ({**ASKED, "deployment_config": {}}, "deployment_config: `version` is missing"),
    ({**ASKED, "deployment_config": {**CONFIG, "replicas": "2"}}, "`replicas`: expected a whole number"),
    ({**ASKED, "deployment_config": {**CONFIG, "replicsa": 2}}, "did you mean `replicas`?"),
    ({**ASKED, "as": ""}, "as: expected the login"),
    ({**ASKED, "as": ["x"]}, "as: expected the login"),
    ({**ASKED, "as": "x" * 101}, "as: expected the login"),
    ({**ASKED, "at": "tomorrow"}, "at: expected an RFC 3339 time"),
    ({**ASKED, "at": 1}, "at: expected an RFC 3339 time"),
    ({**ASKED, "at": "0001-01-01T00:00:00Z"}, "from 2000 to 2199"),
    ({**ASKED, "allowed": True}, "Expected only the fields agent_id"),
]


@pytest.mark.parametrize(("body", "told"), BAD, ids=lambda given: str(given)[-40:])
def test_a_bad_body_is_told_by_its_field(ask: Ask, body: object, told: str) -> None:
    answer = ask("POST", "/v1/policies/evaluate", json=body, headers=bearing("omar-ops"))
    assert answer.status_code == 422
    assert any(told in sentence for sentence in answer.json()["detail"]), answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"at": 1, "at": 2}',
        b"[" * 100_000,
        b'{"agent_id": "ANL", "environment": "production", "deployment_config": {"replicas": NaN}}',
    ],
    ids=["empty", "cut", "no UTF-8", "a key twice", "deep", "NaN"],
)
def test_what_is_no_json_is_told_so(ask: Ask, body: bytes) -> None:
    answer = ask("POST", "/v1/policies/evaluate", content=body, headers=bearing("omar-ops"))
    assert answer.status_code == 422
    assert answer.json()["detail"] == ["Expected a body in JSON, with each key once."]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\u2028", "\ud800", {"a": {"b": {}}}, 10**400])
def test_an_odd_value_is_refused_and_breaks_nothing(ask: Ask, value: object) -> None:
    body = json.dumps({**ASKED, "deployment_config": {**CONFIG, "replicas": value}})
    assert ask("POST", "/v1/policies/evaluate", content=body, headers=bearing("omar-ops")).status_code == 422


def test_too_large_a_body_is_not_read_to_its_end(ask: Ask) -> None:
    answer = ask("POST", "/v1/policies/evaluate", content=b"x" * 300_000, headers=bearing("omar-ops"))
    assert answer.status_code == 413


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/policies/evaluate"), ("GET", "/v1/policies")])
def test_without_anything_to_know_people_by_nobody_gets_in(world: World, method: str, path: str) -> None:
    door = PolicyDoor(world.workflows.simulating, notes_of(opa_binary()))
    with asking(replace(build_house().doors, api=None, policies=door)) as ask:
        for spelling in (path, f"{path}/"):
            answer = ask(method, spelling, json=ASKED, headers=bearing("omar-ops"))
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert world.events(EventType.AUTHZ_GRANTED, "policies/evaluate") == ()


@pytest.mark.parametrize("headers", [{}, bearing("forged"), {"Authorization": "Basic b21hcjpvbWFy"}])
def test_whoever_is_not_believed_is_not_read(ask: Ask, headers: dict[str, str]) -> None:
    assert ask("POST", "/v1/policies/evaluate", content=b"{", headers=headers).status_code == 401
    assert ask("GET", "/v1/policies", headers=headers).status_code == 401


def test_nothing_of_a_request_enters_logs_journal_or_answer(
    ask: Ask, world: World, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A secret that somebody pastes into a deployment goes nowhere."""
    for field in ("variables", "secrets"):
        config = {**CONFIG, field: {"API_KEY": CANARY}}
        body = {**ASKED, "deployment_config": config}
        answer = ask("POST", "/v1/policies/evaluate", json=body, headers=bearing("omar-ops"))
        assert answer.status_code == 422
        assert CANARY not in answer.text
    answer = ask("POST", "/v1/policies/evaluate", json={**ASKED, CANARY: 1}, headers=bearing("omar-ops"))
    assert CANARY not in answer.text
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err
    assert CANARY not in str(world.journal.find(frozenset(EventType), None))


def test_when_nobody_can_tell_it_is_unavailable(world: World) -> None:
    def lost(_: PolicyBundle) -> tuple[RuleNote, ...]:
        raise StaleError("it moved")

    api = Api(authentication(world), world.workflows.authorizing.standing)
    with asking(replace(build_house().doors, api=api, policies=PolicyDoor(world.workflows.simulating, lost))) as ask:
        answer = ask("GET", "/v1/policies", headers=bearing("vera-view"))
    assert answer.status_code == 503


def test_without_an_opa_no_notes_can_be_read(world: World) -> None:
    bundle = world.workflows.authorizing.policies()
    with pytest.raises(ControllerError, match="OPA_BIN"):
        notes_of(None)(bundle)


def test_who_asked_a_thousand_times_in_an_hour_must_wait_and_is_told_of_now_and_then(world: World) -> None:
    limits = Limits(MemoryStorage(), SystemClock())
    for _ in range(1000):
        limits.take(Allowance.AUDIT_QUERIES, "github:1002")
    api = Api(authentication(world, limits), world.workflows.authorizing.standing)
    door = PolicyDoor(world.workflows.simulating, notes_of(opa_binary()))
    before = len(world.events(EventType.AUTHZ_GRANTED))
    with asking(replace(build_house().doors, api=api, policies=door)) as ask:
        for method, path in (("GET", "/v1/policies"), ("POST", "/v1/policies/evaluate")):
            answer = ask(method, path, headers=bearing("omar-ops"))
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 3600
        for _ in range(20):
            ask("GET", "/v1/policies", headers=bearing("omar-ops"))
        assert len(world.events(EventType.AUTHZ_GRANTED)) == before
        denied = [one for one in world.events(EventType.AUTHZ_DENIED) if one.subject == "api"]
        assert [(one.actor, one.details["reason"]) for one in denied] == [("github:1002", "allowance_used_up")] * 5
        assert ask("GET", "/v1/policies", headers=bearing("dana-dev")).status_code == 200
