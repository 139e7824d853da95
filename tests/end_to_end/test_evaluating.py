"""`/v1/policies` of a `dvo serve` with people from Entra ID: what the rules are, and what they would say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml

from controller.ledger.event import Event, EventType
from controller.policy.bundle import FOLDER, policy_bundle
from tests.end_to_end.edits import PRODUCTION
from tests.end_to_end.process import ROOT, serve
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world
from tests.fakes.entra.stand_in import EntraStandIn, entra

PEOPLE = {"dana-dev": "DVO-Developers", "omar-ops": "DVO-Operators", "rita-release": "DVO-ReleaseManagers"}
GROUPS = ("DVO-Admins", *PEOPLE.values(), "DVO-Viewers")
SATURDAY = "2027-03-13T10:00:00+00:00"
PARAMETERS = f"{FOLDER}dvo/parameters/data.yaml"
SUBJECT = "policies/evaluate"


@dataclass(frozen=True)
class Company:
    """A controller of a company in which only release managers may look at what concerns others."""

    tenant: EntraStandIn
    people: Mapping[str, str]
    world: World

    def ask(self, method: str, path: str, login: str | None, body: object = None) -> httpx.Response:
        headers = {}
        if login is not None:
            claims = self.tenant.signer.user_claims(self.tenant.app, self.people[login])
            headers["Authorization"] = f"Bearer {self.tenant.signer.sign(claims)}"
        url = self.world.running.address + path
        return httpx.request(method, url, json=body, headers=headers, timeout=60, trust_env=False)

    def evaluate(self, login: str, **more: object) -> httpx.Response:
        """Ask about more instances of the analyst in production."""
        manifest = yaml.safe_load(self.world.file(PRODUCTION))
        config = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "agent")}
        asked = {"agent_id": "ANL", "environment": "production", "deployment_config": {**config, "replicas": 3}}
        return self.ask("POST", "/v1/policies/evaluate", login, {**asked, **more})

    def sealed(self, kind: EventType, **details: str) -> Event:
        """Wait for an event about an evaluation with these details in the ledger."""

        def found() -> Event | None:
            events = self.world.events(kind, SUBJECT)
            return next((one for one in events if details.items() <= one.details.items()), None)

        return until(found, f"{kind} {details} in the ledger")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    parameters = (ROOT / PARAMETERS).read_bytes()
    stricter = parameters.replace(b"[view_status, view_audit]", b"[view_status]")
    stricter = stricter.replace(b"[deploy_prod, approve_prod]", b"[deploy_prod, approve_prod, view_audit]")
    with entra(folder) as tenant:
        known = {}
        groups = {name: tenant.tenant.add_group(name) for name in GROUPS}
        for number, (login, group) in enumerate(PEOPLE.items(), 1001):
            attributes = {"extensionAttribute1": str(number), "extensionAttribute2": login}
            known[login] = tenant.tenant.add_user(login.partition("-")[0], mfa=True, **attributes)
            tenant.tenant.join(groups[group], known[login])
        links = folder / "links.yaml"
        links.write_text("people: []\n")
        more = {
            **tenant.environment,
            "DVO_ENTRA_GITHUB_ID": "extensionAttribute1",
            "DVO_ENTRA_GITHUB_LOGIN": "extensionAttribute2",
            "DVO_DIRECTORY_FILE": str(links),
        }
        with world(folder, serve, {PARAMETERS: stricter}, **more) as made:
            yield Company(tenant, known, made)


def test_the_rules_are_those_of_main_and_told_to_whoever_is_known(company: Company) -> None:
    told = company.ask("GET", "/v1/policies", "dana-dev").json()
    paths = company.world.store.run("ls-tree", "-r", "--name-only", "main", "--", FOLDER).decode().split()
    bundle = policy_bundle({path.removeprefix(FOLDER): company.world.file(path) for path in paths})
    assert told["policy_revision"] == bundle.digest
    assert {"mc-weekend-block", "mc-prod-approval"} <= {rule["id"] for rule in told["rules"]}
    assert company.ask("GET", "/v1/policies", None).status_code == 401


def test_who_may_look_at_others_is_told_what_somebody_else_would_be_at_another_time(company: Company) -> None:
    told: dict[str, Any] = company.evaluate("rita-release", **{"as": "omar-ops", "at": SATURDAY}).json()
    omar = f"entra:{company.people['omar-ops']}"
    assert (told["simulation"], told["as"], told["at"]) == (True, omar, SATURDAY)
    assert (told["allowed"], told["changes"]) == (False, ["rescaled"])
    found = {finding["rule"]: finding for finding in told["findings"]}
    assert found["mc-weekend-block"]["to_do"] == ["wait until 2027-03-15 08:00 UTC"]
    assert found["mc-prod-approval"]["action"] == "require_approval"
    another = company.evaluate("rita-release", **{"as": "dana-dev", "at": SATURDAY}).json()
    assert {finding["rule"]: finding["action"] for finding in another["findings"]}["mc-prod-approval"] == "deny"
    sealed = company.sealed(EventType.AUTHZ_GRANTED, permission="view_audit", about=omar)
    assert sealed.actor == f"entra:{company.people['rita-release']}"


def test_who_may_not_is_told_about_themselves_alone_and_the_attempt_is_on_record(company: Company) -> None:
    own = company.evaluate("dana-dev", at=SATURDAY)
    assert (own.status_code, own.json()["as"]) == (200, f"entra:{company.people['dana-dev']}")
    others = company.evaluate("dana-dev", **{"as": "omar-ops"})
    assert (others.status_code, others.json()) == (403, {"detail": "You may not: no group of theirs gives view_audit."})
    omar = f"entra:{company.people['omar-ops']}"
    sealed = company.sealed(EventType.AUTHZ_DENIED, permission="view_audit", about=omar)
    assert sealed.actor == f"entra:{company.people['dana-dev']}"


def test_nothing_that_was_evaluated_is_a_decision(company: Company) -> None:
    before = len(company.world.events(EventType.POLICY_EVALUATED))
    assert company.evaluate("rita-release", **{"as": "omar-ops"}).status_code == 200
    company.sealed(EventType.AUTHZ_GRANTED, permission="validate")
    assert len(company.world.events(EventType.POLICY_EVALUATED)) == before
    company.world.assert_ledger_holds()
