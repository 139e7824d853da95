"""Graph's stand-in pages, filters, tracks changes and fails as Microsoft's reference says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.entra.https import Answer, Fault
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra
from tests.fakes.entra.tenant import App

Ask = Callable[..., httpx.Response]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[EntraStandIn]:
    with entra(tmp_path) as made:
        yield made


@pytest.fixture
def ask(running: EntraStandIn) -> Iterator[Ask]:
    with httpx.Client(verify=running.client_context(), trust_env=False) as client:
        token = running.signer.sign(running.signer.app_claims(running.app, audience=running.graph_url))

        def asked(path: str, **headers: str) -> httpx.Response:
            address = path if path.startswith("https:") else f"{running.graph_url}/v1.0{path}"
            return client.get(address, headers={"Authorization": f"Bearer {token}", **headers})

        yield asked


def all_pages(ask: Ask, path: str) -> list[list[object]]:
    pages, link = [], path
    while link:
        told = ask(link).json()
        pages.append(told["value"])
        link = told.get("@odata.nextLink")
    return pages


def test_transitive_groups_come_in_pages_beside_a_directory_role(running: EntraStandIn, ask: Ask) -> None:
    running.graph.page_size = 2
    dana = running.tenant.add_user("dana")
    inner = running.tenant.add_group("inner", [dana])
    outer = running.tenant.add_group("outer", [inner])
    running.tenant.join(inner, outer)  # a circle
    pages = all_pages(ask, f"/users/{dana}/transitiveMemberOf?$select=id,displayName")
    assert [len(page) for page in pages] == [2, 1]
    found = {str(one["id"]) for page in pages for one in page if isinstance(one, dict)}
    assert found == {inner, outer, "role"}


def test_people_are_found_by_id_name_and_filter(running: EntraStandIn, ask: Ask) -> None:
    dana = running.tenant.add_user("dana", proxyAddresses=["smtp:d@x.org"], extensionAttribute1="1001")
    running.tenant.add_user("otto")
    for path in (f"/users/{dana}", "/users/DANA@example.com"):
        assert ask(path).json()["id"] == dana
    assert ask("/users/nobody@example.com").status_code == 404
    for said in ("mail eq 'dana@example.com'", "proxyAddresses/any(p:p eq 'smtp:d@x.org') or mail eq 'x'"):
        assert [one["id"] for one in ask(f"/users?$filter={said}&$select=id").json()["value"]] == [dana]


def test_an_advanced_query_wants_its_header(running: EntraStandIn, ask: Ask) -> None:
    dana = running.tenant.add_user("dana", extensionAttribute1="1001")
    path = "/users?$filter=onPremisesExtensionAttributes/extensionAttribute1 in ('7','1001')"
    assert ask(path).status_code == 400
    told = ask(f"{path}&$count=true", ConsistencyLevel="eventual").json()["value"]
    assert [one["id"] for one in told] == [dana]


def test_changes_since_a_token_are_told_in_pages_and_expire(running: EntraStandIn, ask: Ask) -> None:
    running.graph.deltas.page_size = 1
    dana, otto = running.tenant.add_user("dana"), running.tenant.add_user("otto")
    crew = running.tenant.add_group("crew", [otto])
    users = ask("/users/delta?$deltatoken=latest&$select=mail").json()
    groups = ask("/groups/delta?$deltatoken=latest&$select=members").json()
    assert users["value"] == []
    running.tenant.update_user(dana, mail="d@example.com")
    running.tenant.remove_user(otto)
    changed = all_pages(ask, users["@odata.deltaLink"])
    assert changed == [[{"id": dana, "mail": "d@example.com"}], [{"id": otto, "@removed": {"reason": "changed"}}]]
    gone = {"@odata.type": "#microsoft.graph.user", "id": otto, "@removed": {"reason": "deleted"}}
    assert all_pages(ask, groups["@odata.deltaLink"]) == [[{"id": crew, "members@delta": [gone]}]]
    running.graph.deltas.expire()
    assert ask(users["@odata.deltaLink"]).status_code == 410
    assert ask("/users/delta?$top=5").status_code == 400


def test_the_report_says_who_registered_and_needs_a_permission_of_its_own(running: EntraStandIn, ask: Ask) -> None:
    dana, otto = running.tenant.add_user("dana", mfa=True), running.tenant.add_user("otto")
    path = "/reports/authenticationMethods/userRegistrationDetails"
    assert ask(f"{path}/{dana}").json()["isMfaCapable"] is True
    assert ask(f"{path}/{otto}").status_code == 404
    running.tenant.add_app(App(CLIENT_ID, secret=SECRET, roles=("User.Read.All",)))
    weak = running.signer.sign(running.signer.app_claims(running.app, audience=running.graph_url))
    assert ask(f"{path}/{dana}", Authorization=f"Bearer {weak}").status_code == 403


def test_people_are_given_by_their_ids(running: EntraStandIn) -> None:
    dana, _ = running.tenant.add_user("dana"), running.tenant.add_user("otto")
    token = running.signer.sign(running.signer.app_claims(running.app, audience=running.graph_url))
    with httpx.Client(verify=running.client_context(), trust_env=False) as client:
        address = f"{running.graph_url}/v1.0/directoryObjects/getByIds?$select=mail"
        headers = {"Authorization": f"Bearer {token}"}
        few = client.post(address, headers=headers, json={"ids": [dana, "nobody"], "types": ["user"]})
        many = client.post(address, headers=headers, json={"ids": ["x"] * 1001})
    assert few.json()["value"] == [{"@odata.type": "#microsoft.graph.user", "id": dana, "mail": "dana@example.com"}]
    assert many.status_code == 400


def test_strangers_and_tokens_for_others_are_refused(running: EntraStandIn, ask: Ask) -> None:
    other = running.signer.sign(running.signer.app_claims(running.app, audience="https://other.example.com"))
    for said in ("", "Bearer nonsense", f"Bearer {other}"):
        assert ask("/users", Authorization=said).status_code == 401


def test_faults_come_as_often_as_they_were_set(running: EntraStandIn, ask: Ask) -> None:
    throttled = Answer({"error": {"code": "TooManyRequests", "message": "slow down"}}, 429, {"Retry-After": "7"})
    running.graph_server.fail(Fault("/users", throttled))
    running.graph_server.fail(Fault("/users"))
    first = ask("/users")
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    with pytest.raises(httpx.TransportError):
        ask("/users")
    assert ask("/users").status_code == 200
    assert running.graph_server.counts()["GET /v1.0/users"] == 3
