"""Who a token is, what an App may, and the rules of App JWTs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import AppSeed
from controller.sandbox.world import real_time
from tests.app_key import app_key
from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Api, Receiver, Town

Json = dict[str, object]


@pytest.mark.parametrize("token", ["wrong", "ghp_" + "0" * 36, "a.b.c", "ghs_1_x.y.z"])
def test_an_unknown_token_is_refused(town: Town, token: str) -> None:
    answer = Api(town.sandbox.api_url, token).send("GET", "/user")
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer nothing", "Basic !!!", "Negotiate x", "token"])
def test_a_strange_authorization_is_refused_and_never_nobody(town: Town, header: str) -> None:
    """ATTACKS 051."""
    assert Api(town.sandbox.api_url, "").raw("GET", "/rate_limit", Authorization=header).status_code == 401


def test_a_stranger_does_not_see_a_private_repository(town: Town) -> None:
    assert town.api("sam").send("GET", ONE).status_code == 404
    assert Api(town.sandbox.api_url, "").send("GET", ONE).status_code == 404


def test_nobody_reads_a_public_repository_and_writes_nothing(town: Town) -> None:
    town.sandbox.seeds.add_repository("acme/open", {"README.md": b"open\n"}, private=False)
    nobody = Api(town.sandbox.api_url, "")
    assert nobody.get("/repos/acme/open")["visibility"] == "public"
    assert nobody.send("POST", "/repos/acme/open/issues", {"title": "x"}).status_code == 401


def now() -> int:
    return int(real_time().timestamp())


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        pytest.param({"iat": 60}, "'iat'", id="issued in the future"),
        pytest.param({"exp": 660}, "too far", id="expires too late"),
        pytest.param({"exp": -1}, "'exp'", id="expired"),
        pytest.param({"exp": None}, "'exp'", id="never expires"),
        pytest.param({"iss": "4711"}, "Integration not found", id="unknown app"),
    ],
)
def test_a_jwt_outside_githubs_rules_is_refused(town: Town, claims: dict[str, object], word: str) -> None:
    """ATTACKS 046."""
    moved = {name: now() + value if isinstance(value, int) else value for name, value in claims.items()}
    answer = town.app_api(**moved).send("GET", "/app")
    assert (answer.status_code, word in answer.json()["message"]) == (401, True)


def test_a_jwt_of_another_key_or_algorithm_is_refused(town: Town) -> None:
    """ATTACKS 049."""
    claims = {"iss": str(town.app.app_id), "iat": now() - 60, "exp": now() + 300}
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    forged = [jwt.encode(claims, pem, algorithm="RS256"), jwt.encode(claims, "x" * 40, algorithm="HS256")]
    for assertion in forged:
        assert Api(town.sandbox.api_url, assertion).send("GET", "/app").status_code == 401


def test_the_client_id_names_the_app_too(town: Town) -> None:
    client = town.app_api().get("/app")["client_id"]
    assert town.app_api(iss=client).get("/app")["id"] == town.app.app_id


def test_an_installation_token_has_the_new_stateless_form(town: Town) -> None:
    """ATTACKS 100."""
    token = town.installation().token
    assert token.startswith(f"ghs_{town.app.app_id}_")
    assert (token.count("."), 500 < len(token) < 540) == (2, True)


def test_a_narrowed_token_may_only_what_it_asked_for(town: Town) -> None:
    number = town.person("dana").open_pull_request("feature", {MANIFEST: b"version: 2\n"}, "Move on")
    narrow = town.installation({"pull_requests": "read"})
    sha = cast(Json, narrow.get(f"{ONE}/pulls/{number}")["head"])["sha"]
    refused = [
        narrow.send("POST", f"{ONE}/check-runs", {"name": "dvo/policy", "head_sha": sha}),
        narrow.send("POST", f"{ONE}/issues/{number}/comments", {"body": "x"}),
        narrow.send("GET", f"{ONE}/git/commits/{sha}"),
        narrow.send("GET", "/orgs/acme/teams/release/members"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert refused[0].json()["message"] == "Resource not accessible by integration"


@pytest.mark.parametrize("asked", [None, {}], ids=["nothing said", "an empty object"])
def test_a_token_that_asks_for_nothing_special_has_all_of_the_apps_permissions(
    town: Town, asked: dict[str, str] | None
) -> None:
    assert town.installation(asked).get(f"{ONE}/branches/main")["name"] == "main"


@pytest.mark.parametrize("wanted", [{"checks": "admin"}, {"secrets": "read"}, {"contents": "everything"}])
def test_a_token_with_more_than_the_app_has_is_refused(town: Town, wanted: dict[str, str]) -> None:
    path = f"/app/installations/{town.app.installation_id}/access_tokens"
    assert town.app_api().send("POST", path, {"permissions": wanted}).status_code == 422


def test_people_cannot_use_the_apps_addresses(town: Town) -> None:
    assert town.api("ada").send("GET", "/app").status_code == 401
    path = f"/app/installations/{town.app.installation_id}/access_tokens"
    assert town.api("ada").send("POST", path).status_code == 401


def test_the_app_sees_no_repository_it_is_not_installed_on(town: Town) -> None:
    """ATTACKS 120."""
    town.sandbox.seeds.add_repository("sam/private", {"README.md": b"mine\n"})
    assert town.installation().send("GET", "/repos/sam/private").status_code == 404
    assert town.app_api().send("GET", "/repos/sam/private/installation").status_code == 404


@pytest.fixture
def aging(tmp_path: Path) -> Iterator[tuple[Town, list[timedelta]]]:
    """A sandbox whose token clock a test moves."""
    ahead = [timedelta()]
    with Sandbox.running(tmp_path, token_clock=lambda: real_time() + ahead[0]) as sandbox:
        sandbox.seeds.add_person("ada", github_id=1, emails=["ada@example.com"])
        sandbox.seeds.add_organization("acme", owners=["ada"])
        sandbox.seeds.add_repository(REPOSITORY, {"README.md": b"x\n"})
        yield Town(sandbox, sandbox.seeds.add_app(AppSeed("dvo", "acme", private_key=app_key())), Receiver()), ahead


def test_an_installation_token_ends_after_an_hour(aging: tuple[Town, list[timedelta]]) -> None:
    town, ahead = aging
    installation = town.installation()
    ahead[0] = timedelta(minutes=59)
    installation.get(ONE)
    ahead[0] = timedelta(minutes=61)
    assert installation.send("GET", ONE).status_code == 401
