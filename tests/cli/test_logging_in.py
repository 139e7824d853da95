"""`dvo login` at a real tenant over TLS, with a controller that says who one is."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.conftest import Dvo
from tests.fakes.entra.https import Answer, Fault, HttpsServer, Request, serving
from tests.fakes.entra.stand_in import CLIENT_ID, EntraStandIn, entra

ME = {
    "principal": "entra:dana",
    "login": "dana-dev",
    "roles": [{"role": "viewer", "because_of": ["DVO-Developers"]}],
    "permissions": ["view_status", "view_audit"],
}
FILE = ".dvo/login.json"


@dataclass
class Desk:
    """A tenant, a controller, and somebody who types the code as soon as it is shown."""

    tenant: EntraStandIn
    controller: HttpsServer
    dana: str
    answer: Answer = field(default_factory=lambda: Answer(ME))
    is_typed: bool = True
    tokens: list[str] = field(default_factory=list)

    def controlling(self, request: Request) -> Answer:
        self.tokens.append(request.headers["authorization"])
        return self.answer

    def authorizing(self, request: Request) -> Answer:
        answer = self.tenant.authority.answer(request)
        if request.path.endswith("/devicecode") and self.is_typed and isinstance(answer.body, dict):
            self.tenant.authority.approve_device(answer.body["user_code"], self.dana)
        return answer

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AZURE_TENANT_ID": self.tenant.tenant.id,
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_AUTHORITY": self.tenant.authority_url,
            "DVO_PUBLIC_URL": self.controller.url,
            "SSL_CERT_FILE": str(self.tenant.ca_file),
        }

    def signings(self) -> int:
        return sum(count for call, count in self.tenant.login.counts().items() if call.endswith("/devicecode"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with entra(tmp_path) as tenant, serving(lambda _: Answer({}), tenant.certificates) as controller:
        made = Desk(tenant, controller, tenant.tenant.add_user("dana"))
        controller.answering, tenant.login.answering = made.controlling, made.authorizing
        yield made


def test_one_signs_in_with_a_code_and_reads_who_one_is(dvo: Dvo, desk: Desk) -> None:
    said = dvo("login", more=desk.environment)
    assert (said.code, said.out) == (
        0,
        "You are signed in as dana-dev (entra:dana).\n"
        "  viewer: because of DVO-Developers\n"
        "You may: view_status, view_audit.\n",
    )
    assert f"{desk.tenant.authority_url}/device" in said.err
    assert desk.tokens[0].startswith("Bearer eyJ")
    assert "eyJ" not in said.out + said.err


def test_who_is_signed_in_types_no_code_again_until_they_sign_out(dvo: Dvo, desk: Desk) -> None:
    for _ in range(3):
        assert dvo("login", more=desk.environment).code == 0
    assert desk.signings() == 1
    assert dvo("logout", more=desk.environment).out == "You are signed out.\n"
    assert dvo("logout", more=desk.environment).out == "Nobody was signed in.\n"
    assert dvo("login", more=desk.environment).code == 0
    assert desk.signings() == 2


def test_nobody_else_can_read_what_the_tenant_gave(dvo: Dvo, desk: Desk, home: Path) -> None:
    dvo("login", more=desk.environment)
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (home / ".dvo").iterdir()] == ["login.json"]


def test_it_is_told_as_json(dvo: Dvo, desk: Desk) -> None:
    said = dvo("login", "--json", more=desk.environment)
    assert json.loads(said.out) == {"schema": "dvo.login/1", "standing": ME}


def test_without_a_controller_one_is_signed_in_all_the_same(dvo: Dvo, desk: Desk) -> None:
    alone = {name: value for name, value in desk.environment.items() if name != "DVO_PUBLIC_URL"}
    assert dvo("login", more=alone).out.startswith("You are signed in.")
    assert desk.tokens == []


def test_a_declined_code_signs_nobody_in(dvo: Dvo, desk: Desk, home: Path) -> None:
    desk.is_typed = False
    desk.tenant.login.fail(Fault("/token", Answer({"error": "authorization_declined"}, 400)))
    said = dvo("login", more=desk.environment)
    assert said.code == 2
    assert "the sign-in was declined" in said.err
    assert not (home / FILE).exists()


@pytest.mark.parametrize("part", ["/devicecode", "/token", "openid-configuration"])
def test_a_tenant_that_is_down_is_said_to_be(dvo: Dvo, desk: Desk, part: str) -> None:
    desk.tenant.login.fail(Fault(part, Answer({}, 503), times=20))
    said = dvo("login", more=desk.environment)
    assert said.code == 3
    assert "Entra ID signs nobody in" in said.err


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (Answer({"detail": "The directory does not know you."}, 403), 2, "does not know you"),
        (Answer({}, 503), 3, "status 503"),
        (Answer(b"<html>"), 3, "no answer"),
        (Answer([], 401), 3, "something else than an object"),
        (Answer({"login": "dana"}), 3, "as a controller does"),
    ],
    ids=["stranger", "down", "garbage", "a list", "another server"],
)
def test_a_controller_that_says_no_is_quoted(dvo: Dvo, desk: Desk, answer: Answer, code: int, says: str) -> None:
    desk.answer = answer
    said = dvo("login", more=desk.environment)
    assert (said.code, said.out) == (code, "")
    assert says in said.err


def test_a_file_that_somebody_spoilt_is_an_error_and_signing_out_mends_it(dvo: Dvo, desk: Desk, home: Path) -> None:
    dvo("login", more=desk.environment)
    (home / FILE).write_text("{")
    assert dvo("login", more=desk.environment).code == 3
    dvo("logout", more=desk.environment)
    assert dvo("login", more=desk.environment).code == 0


def test_what_is_missing_is_named(dvo: Dvo) -> None:
    said = dvo("login")
    assert said.code == 2
    assert "AZURE_TENANT_ID: is missing" in said.err
