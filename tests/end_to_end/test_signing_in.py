"""`dvo serve` twice, with people from Entra ID and one Redis between the replicas."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from controller.adapters.postgres.embedded import embedded_postgres
from controller.ledger.event import EventType
from tests.end_to_end.edits import new_release
from tests.end_to_end.process import ControllerProcess, serve
from tests.end_to_end.runner import Places
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world
from tests.fakes.entra.stand_in import CLIENT_ID, EntraStandIn, entra
from tests.redis_server import redis_server
from tests.web.browser import Browser, brought_back

PUBLIC_URL = "https://dvo.example"
GROUPS = ("DVO-Admins", "DVO-ReleaseManagers", "DVO-Operators", "DVO-Developers", "DVO-Viewers")


@dataclass(frozen=True)
class Company:
    """A tenant, its two replicas, and what a test asks of them."""

    tenant: EntraStandIn
    groups: dict[str, str]
    people: dict[str, str]
    world: World
    other: ControllerProcess

    @property
    def addresses(self) -> tuple[str, str]:
        return self.world.running.address, self.other.address

    def browser(self, replica: int = 0) -> Browser:
        return Browser(self.asking(replica))

    def asking(self, replica: int) -> Callable[..., httpx.Response]:
        def ask(method: str, path: str, **more: object) -> httpx.Response:
            return httpx.request(method, self.addresses[replica] + path, **more)  # type: ignore[arg-type] # handed through

        return ask

    def sign_in(self, browser: Browser, login: str, *amr: str, query: str = "") -> httpx.Response:
        self.tenant.authority.sits_there(self.people[login], *amr)
        begun = browser.go("GET", f"/auth/login{query}")
        assert begun.status_code == 302, begun.text
        with httpx.Client(verify=self.tenant.client_context()) as http:
            brought = brought_back(http, begun.headers["location"])
        return browser.post("/auth/callback", **brought)

    def token(self, login: str) -> dict[str, str]:
        claims = self.tenant.signer.user_claims(self.tenant.app, self.people[login])
        return {"Authorization": f"Bearer {self.tenant.signer.sign(claims)}"}


@contextmanager
def replica(environment: dict[str, str], folder: Path) -> Iterator[ControllerProcess]:
    process = serve(environment, Places(folder / "other.log", folder / "clock", folder / "point"))
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Dana develops; Omar operates, and nobody knows whether he has a second factor."""
    folder = tmp_path_factory.mktemp("company")
    with (
        entra(folder) as tenant,
        redis_server() as redis,
        TemporaryDirectory(prefix="dvo-") as place,
        embedded_postgres(Path(place)) as database,
    ):
        tenant.tenant.add_app(replace(tenant.app, redirect_uris=(f"{PUBLIC_URL}/auth/callback",)))
        groups = {name: tenant.tenant.add_group(name) for name in GROUPS}
        people = {}
        known = (("dana-dev", 1001, "DVO-Developers", True), ("omar-ops", 1002, "DVO-Operators", None))
        for login, number, group, mfa in known:
            name = login.partition("-")[0]
            people[login] = tenant.tenant.add_user(
                name, mfa=mfa, extensionAttribute1=str(number), extensionAttribute2=login
            )
            tenant.tenant.join(groups[group], people[login])
        links = folder / "links.yaml"
        links.write_text("people: []\n")
        more = {
            **tenant.environment,
            "DVO_ENTRA_GITHUB_ID": "extensionAttribute1",
            "DVO_ENTRA_GITHUB_LOGIN": "extensionAttribute2",
            "DVO_DIRECTORY_FILE": str(links),
            "DVO_PUBLIC_URL": PUBLIC_URL,
            "REDIS_URL": redis,
            "DATABASE_URL": database,
        }
        with world(folder, serve, **more) as made, replica(made.environment, folder) as other:
            yield Company(tenant, groups, people, made, other)


def test_health_says_that_redis_answers(company: Company) -> None:
    components = company.world.health()["components"]
    assert isinstance(components, dict)
    assert components["redis"] == "connected"


def test_who_signs_in_at_one_replica_is_signed_in_at_the_other(company: Company) -> None:
    here = company.browser(0)
    assert company.sign_in(here, "dana-dev").status_code == 303
    there = Browser(company.asking(1), here.cookies)
    me = there.me().json()
    assert me["principal"] == f"entra:{company.people['dana-dev']}"
    assert me["roles"] == [
        {"role": "developer", "because_of": ["DVO-Developers"]},
        {"role": "viewer", "because_of": ["DVO-Developers"]},
    ]
    assert "deploy_dev" in me["permissions"]
    assert there.post("/auth/logout", csrf=me["csrf"]).status_code == 303
    assert Browser(company.asking(0), here.cookies).me().status_code == 401
    for kind in (EventType.AUTH_LOGIN, EventType.AUTH_LOGOUT):
        until(lambda kind=kind: company.world.events(kind, me["principal"]), f"{kind} in the ledger")  # type: ignore[misc]


def test_a_sign_in_begun_at_one_replica_may_come_back_to_the_other(company: Company) -> None:
    here = company.browser(0)
    company.tenant.authority.sits_there(company.people["dana-dev"])
    begun = here.go("GET", "/auth/login")
    with httpx.Client(verify=company.tenant.client_context()) as http:
        brought = brought_back(http, begun.headers["location"])
    assert (
        Browser(company.asking(1), here.cookies, here.for_any_site).post("/auth/callback", **brought).status_code == 303
    )


@pytest.mark.parametrize("number", [0, 1])
def test_a_bearer_token_is_believed_at_each_replica(company: Company, number: int) -> None:
    answer = company.asking(number)("GET", "/v1/auth/me", headers=company.token("dana-dev"))
    assert answer.status_code == 200
    assert (answer.json()["login"], answer.json()["csrf"]) == ("dana-dev", None)


def test_an_applications_own_token_is_a_service_account_with_the_groups_it_lists(company: Company) -> None:
    claims = company.tenant.signer.app_claims(company.tenant.app, audience=CLIENT_ID)
    token = company.tenant.signer.sign({**claims, "groups": [company.groups["DVO-Viewers"]]})
    me = company.asking(0)("GET", "/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["kind"], me["mfa"], [role["role"] for role in me["roles"]]) == ("service", None, ["viewer"])


def test_a_second_factor_at_a_sign_in_makes_an_approval_count(company: Company) -> None:
    files, _ = new_release("1.1.0")
    number = company.world.propose("dana-dev", files, "ANL 1.1.0")
    company.world.check(number, "dvo/approval", "action_required", "nobody can give")
    company.world.person("omar-ops").approve(number)
    assert company.sign_in(company.browser(1), "omar-ops", "pwd", "mfa", query="?step_up=true").status_code == 303
    company.world.green(number)


def test_what_roles_somebody_has_is_told_when_it_changes(company: Company) -> None:
    omar = f"entra:{company.people['omar-ops']}"
    company.tenant.tenant.leave(company.groups["DVO-Operators"], company.people["omar-ops"])

    def told() -> bool:
        company.asking(0)("GET", "/v1/auth/me", headers=company.token("omar-ops"))
        changes = company.world.events(EventType.AUTHZ_ROLE_CHANGE, omar)
        return bool(changes) and changes[-1].details["after"] == []

    until(told, "a change of roles in the ledger")
    company.tenant.tenant.join(company.groups["DVO-Operators"], company.people["omar-ops"])


def test_attempts_are_counted_by_both_replicas_together(company: Company) -> None:
    """The last: it locks this machine out for a while."""
    bad = {"Authorization": "Bearer nothing"}
    statuses = [company.asking(number % 2)("GET", "/v1/auth/me", headers=bad).status_code for number in range(20)]
    assert statuses.count(429) >= 10
    good = company.token("dana-dev")
    assert [company.asking(number)("GET", "/v1/auth/me", headers=good).status_code for number in (0, 1)] == [429, 429]
