"""The sign-in of the demo believes everybody, and says so."""

import html
import re
from collections.abc import Iterator

import pytest

from controller.adapters.demo_sign_in import PLACE, DemoSignIn
from controller.adapters.system_clock import SystemClock
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from tests.web.browser import Browser
from tests.web.conftest import asking, build_house
from tests.web.test_signing_in import Desk


@pytest.fixture
def browser(desk: Desk) -> Iterator[Browser]:
    with asking(desk.doors) as ask:
        yield Browser(ask)


@pytest.fixture
def desk() -> Desk:
    people = {
        name: Principal(PrincipalId(f"github:{number}"), PrincipalKind.PERSON, name, frozenset(), mfa=True)
        for number, name in enumerate(["dana-dev", "<b>rita</b>"])
    }
    return Desk(DemoSignIn(SystemClock()), people, tuple(people))


def test_one_says_who_one_is(browser: Browser) -> None:
    begun = browser.go("GET", "/auth/login")
    page = browser.go("GET", begun.headers["location"])
    assert "Demo sign-in: no password is asked for." in page.text
    assert "<b>rita" not in page.text
    assert html.escape("<b>rita</b>") in page.text
    state = re.findall(r'name="state" value="([^"]*)"', page.text)[0]
    assert browser.post("/auth/callback", state=state, login="dana-dev").status_code == 303
    assert browser.me().json()["principal"] == "github:0"
    answer = browser.post("/auth/logout", csrf=browser.me().json()["csrf"])
    assert answer.headers["location"] == "/auth/signed-out"


@pytest.mark.parametrize(
    ("fields", "status"), [({"login": "dana-dev"}, 401), ({"state": ""}, 401), ({"login": "nobody"}, 403)]
)
def test_another_page_or_a_stranger_does_not(browser: Browser, fields: dict[str, str], status: int) -> None:
    begun = browser.go("GET", "/auth/login")
    state = begun.headers["location"].rpartition("=")[2]
    given = {"state": state, **fields} if status == 403 else fields
    assert browser.post("/auth/callback", **given).status_code == status
    assert browser.me().status_code == 401


def test_no_other_application_has_the_page() -> None:
    with asking(build_house().doors) as ask:
        assert ask("GET", PLACE).status_code == 404
