"""A browser signs in at a real tenant over TLS and gets a session, or a page that says why not."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from limits.storage import MemoryStorage

from controller.adapters.demo_sign_in import PLACE
from controller.adapters.entra.bearer_tokens import BearerTokens
from controller.adapters.entra.credentials import Registration
from controller.adapters.entra.signing_in import EntraSignIn
from controller.adapters.entra.signing_keys import SigningKeys
from controller.adapters.session_memory import MemorySessions
from controller.adapters.system_clock import SystemClock
from controller.identity.bearer import TokenFault, TokenTerms
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.ledger.event import EventType
from controller.policy.authorization import Standing
from controller.ports.sign_in import SignedIn, SignIn
from controller.web.api import Api
from controller.web.app import Doors
from controller.web.authentication import Authentication, Means, Watch
from controller.web.client_address import address_behind
from controller.web.limiting import Limits
from controller.web.refusal import RefusalJournal
from controller.web.sessions import Flows, Sessions
from controller.web.sign_in_routes import DemoPage, SignInDoor
from controller.web.signing_in import Kept, Record, SigningIn, own_place
from tests.fakes.entra.https import Fault
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, entra
from tests.web.browser import Browser, Tenant
from tests.web.conftest import Ask, House, asking, build_house, identifiers

OWN_URL = "https://dvo.example"


@dataclass
class Clock:
    later: timedelta = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.later


@dataclass
class Desk:
    """An application whose people sign in with `sign_in`; it knows those in `people`."""

    sign_in: SignIn
    people: dict[str, Principal]
    demo: Sequence[str] = ()
    clock: Clock = field(default_factory=Clock)
    house: House = field(default_factory=build_house)

    @property
    def doors(self) -> Doors:
        store, new_id = MemorySessions(self.clock), identifiers()
        sessions = Sessions(store, self.clock)
        refusals = RefusalJournal(self.house.journal, self.clock, new_id, "sign-in")
        watch = Watch(address_behind(()), Limits(MemoryStorage(), self.clock), refusals)
        kept, record = Kept(Flows(store), sessions), Record(self.house.journal, self.clock, new_id)
        signing_in = SigningIn(self.sign_in, kept, self.people.get, watch, record)
        means = Means(lambda token: TokenFault.MALFORMED, lambda bearer: None, sessions.find, signing_in.principal_in)
        api = Api(Authentication(means, watch), lambda principal: Standing({}, frozenset()))
        demo = DemoPage(PLACE, lambda: self.demo) if self.demo else None
        return replace(self.house.doors, api=api, sign_in=SignInDoor(signing_in, OWN_URL, demo))

    def told(self, kind: EventType) -> list[dict[str, object]]:
        return [dict(event.details) for event in self.house.journal.events if event.type is kind]


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with entra(tmp_path) as stand_in, httpx.Client(verify=stand_in.client_context()) as http:
        stand_in.tenant.add_app(replace(stand_in.app, redirect_uris=(f"{OWN_URL}/auth/callback",)))
        dana = stand_in.tenant.add_user("dana")
        stand_in.authority.sits_there(dana)
        yield Tenant(stand_in, http, dana)


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    id_, clock, stand_in = tenant.stand_in.tenant.id, SystemClock(), tenant.stand_in
    keys = SigningKeys(tenant.http, stand_in.authority_url, id_, clock)
    tokens = BearerTokens(keys.find, TokenTerms(id_, frozenset({CLIENT_ID}), None), clock)
    registration = Registration(stand_in.authority_url, id_, CLIENT_ID, SECRET)
    dana = Principal(PrincipalId("entra:dana"), PrincipalKind.PERSON, "dana-dev", frozenset(), mfa=None)
    return Desk(EntraSignIn(registration, tenant.http, tokens.read), {tenant.dana: dana})


@pytest.fixture
def ask(desk: Desk) -> Iterator[Ask]:
    with asking(desk.doors) as ask:
        yield ask


@pytest.fixture
def browser(ask: Ask) -> Browser:
    return Browser(ask)


def sign_in(browser: Browser, tenant: Tenant, query: str = "") -> httpx.Response:
    begun = browser.go("GET", f"/auth/login{query}")
    assert begun.status_code == 302, begun.text
    return browser.post("/auth/callback", **tenant.brought(begun.headers["location"]))


def test_a_person_signs_in_and_is_known(browser: Browser, tenant: Tenant, desk: Desk) -> None:
    answer = sign_in(browser, tenant)
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/auth/me")
    me = browser.me().json()
    assert (me["principal"], me["login"], me["mfa"]) == ("entra:dana", "dana-dev", None)
    assert desk.told(EventType.AUTH_LOGIN) == [{"source_ip": "127.0.0.1", "mfa": None, "step_up": False}]


def test_whoever_signed_in_reads_in_words_who_they_are(browser: Browser, tenant: Tenant) -> None:
    sign_in(browser, tenant)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    seen = browser.ask("GET", "/v1/auth/me", headers={"Cookie": cookies, "Accept": "text/html,*/*"})
    assert (seen.status_code, seen.headers["vary"]) == (200, "Accept")
    assert "<h1>You are dana-dev</h1>" in seen.text
    assert "none: no group of yours gives one" in seen.text
    assert '<a href="/auth/logout">Sign out</a>' in seen.text
    assert "unknown, which counts as no" in seen.text
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert browser.me().headers["content-type"] == "application/json"


def test_a_page_asks_before_anybody_is_signed_out_and_its_form_may_lead_to_the_provider(
    browser: Browser, tenant: Tenant
) -> None:
    assert browser.go("GET", "/auth/logout").headers["location"] == "/auth/signed-out"
    sign_in(browser, tenant)
    asked = browser.go("GET", "/auth/logout")
    assert asked.status_code == 200
    assert browser.me().status_code == 200, "a link signs nobody out"
    csrf = re.search(r'name="csrf" value="([^"]+)"', asked.text)
    assert csrf is not None
    answer = browser.post("/auth/logout", csrf=html.unescape(csrf[1]), login="Sign out")
    onward = re.search(r"form-action 'self' (https://[^/;]+);", asked.headers["content-security-policy"])
    assert onward is not None
    assert answer.headers["location"].startswith(f"{onward[1]}/")
    assert browser.me().status_code == 401


def test_cookies_are_for_this_host_alone_and_no_script_reads_them(browser: Browser, tenant: Tenant) -> None:
    sign_in(browser, tenant)
    flow, session, gone = (line.lower() for line in browser.set_cookies)
    for line in (flow, session, gone):
        assert line.startswith("__host-dvo-")
        assert "; secure" in line
        assert "; httponly" in line
        assert "; path=/" in line
        assert "domain" not in line
    assert "samesite=none" in flow
    assert "samesite=lax" in session
    assert set(browser.cookies) == {"__Host-dvo-session"}


def test_no_token_of_the_tenant_reaches_the_browser(browser: Browser, tenant: Tenant) -> None:
    answer = sign_in(browser, tenant)
    assert "eyJ" not in answer.text + str(answer.headers) + browser.me().text


def test_a_sign_in_counts_once_and_in_its_own_browser(ask: Ask, tenant: Tenant, desk: Desk) -> None:
    mine, theirs = Browser(ask), Browser(ask)
    begun = mine.go("GET", "/auth/login")
    brought = tenant.brought(begun.headers["location"])
    assert theirs.post("/auth/callback", **brought).status_code == 400
    theirs.go("GET", "/auth/login")
    assert theirs.post("/auth/callback", **brought).status_code == 401
    assert mine.post("/auth/callback", **brought).status_code == 303
    assert Browser(ask, {**mine.cookies}).post("/auth/callback", **brought).status_code == 400
    assert theirs.me().status_code == 401
    assert [event["reason"] for event in desk.told(EventType.AUTH_FAILED)] == ["no_flow", "forged", "no_flow"]


def test_a_stranger_of_the_tenant_gets_no_session(browser: Browser, tenant: Tenant, desk: Desk) -> None:
    desk.people.clear()
    answer = sign_in(browser, tenant)
    assert answer.status_code == 403
    assert "does not know you" in answer.text
    assert browser.me().status_code == 401
    assert [event["reason"] for event in desk.told(EventType.AUTH_FAILED)] == ["unknown_person"]


def test_whoever_gives_up_reads_so(browser: Browser, tenant: Tenant) -> None:
    tenant.stand_in.authority.sits_there(None)
    answer = sign_in(browser, tenant)
    assert answer.status_code == 401
    assert "declined or given up" in answer.text
    assert 'href="/auth/login"' in answer.text


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("/v1/policies?a=b#c", "/v1/policies?a=b#c"),
        (None, "/v1/auth/me"),
        ("", "/v1/auth/me"),
        ("https://evil.example", "/v1/auth/me"),
        ("//evil.example", "/v1/auth/me"),
        ("/\\evil.example", "/v1/auth/me"),
        ("/a\\b", "/v1/auth/me"),
        ("javascript:alert(1)", "/v1/auth/me"),
        ("/a\r\nSet-Cookie: x=y", "/v1/auth/me"),
        ("/\t/evil.example", "/v1/auth/me"),
        ("/" + "a" * 600, "/v1/auth/me"),
        ("/é", "/v1/auth/me"),
    ],
)
def test_a_sign_in_leads_only_to_a_place_of_our_own(asked: str | None, place: str) -> None:
    assert own_place(asked) == place


def test_a_sign_in_leads_where_one_wanted_to_go(browser: Browser, tenant: Tenant) -> None:
    assert sign_in(browser, tenant, "?next=/v1/policies").headers["location"] == "/v1/policies"


def test_a_second_factor_counts_for_some_hours(browser: Browser, tenant: Tenant, desk: Desk) -> None:
    assert sign_in(browser, tenant, "?step_up=true").status_code == 401
    tenant.stand_in.authority.sits_there(tenant.dana, "pwd", "mfa")
    assert sign_in(browser, tenant, "?step_up=true").status_code == 303
    assert browser.me().json()["mfa"] is True
    for _ in range(17):
        desk.clock.later += timedelta(minutes=29)
        assert browser.me().status_code == 200
    assert browser.me().json()["mfa"] is None
    assert desk.told(EventType.AUTH_LOGIN)[-1]["step_up"] is True


def test_a_second_factor_that_was_not_asked_for_now_may_be_old_and_does_not_count(
    browser: Browser, tenant: Tenant, desk: Desk
) -> None:
    tenant.stand_in.authority.sits_there(tenant.dana, "pwd", "mfa")
    sign_in(browser, tenant)
    assert browser.me().json()["mfa"] is None
    assert desk.told(EventType.AUTH_LOGIN) == [{"source_ip": "127.0.0.1", "mfa": True, "step_up": False}]


def test_whoever_is_known_no_more_signs_out_on_record(browser: Browser, tenant: Tenant, desk: Desk) -> None:
    sign_in(browser, tenant)
    csrf = browser.me().json()["csrf"]
    desk.people.clear()
    assert browser.me().status_code == 403
    assert browser.post("/auth/logout", csrf=csrf).status_code == 303
    assert len(desk.told(EventType.AUTH_LOGOUT)) == 1
    assert browser.me().status_code == 401


def test_the_tenant_is_asked_now_and_then_whether_a_session_may_go_on(
    browser: Browser, tenant: Tenant, desk: Desk
) -> None:
    sign_in(browser, tenant)
    desk.clock.later = timedelta(minutes=29)
    assert browser.me().status_code == 200
    desk.clock.later = timedelta(minutes=58)
    assert browser.me().status_code == 200
    assert desk.told(EventType.AUTH_TOKEN_REFRESH) == []
    desk.clock.later = timedelta(minutes=61)
    assert browser.me().status_code == 200
    assert desk.told(EventType.AUTH_TOKEN_REFRESH) == [{}]
    tenant.stand_in.tenant.update_user(tenant.dana, accountEnabled=False)
    for minutes in (90, 119):
        desk.clock.later = timedelta(minutes=minutes)
        assert browser.me().status_code == 200
    desk.clock.later = timedelta(minutes=122)
    assert browser.me().status_code == 403
    assert browser.me().status_code == 401


def test_requests_that_come_at_once_renew_a_session_with_a_token_that_counts_once(tenant: Tenant, desk: Desk) -> None:
    """A page asks for several things at once; the provider may take each refresh token only once."""

    @dataclass
    class Overtaken:
        """Lets another request of the browser renew the session first."""

        sign_in: SignIn
        another: Callable[[], httpx.Response] | None = None

        def __getattr__(self, name: str) -> Any:
            return getattr(self.sign_in, name)

        def renew(self, refresh_token: str) -> SignedIn | None:
            another, self.another = self.another, None
            if another is not None:
                with ThreadPoolExecutor(1) as pool:
                    assert pool.submit(another).result().status_code == 200
            return self.sign_in.renew(refresh_token)

    desk.sign_in = overtaken = Overtaken(desk.sign_in)
    doors = desk.doors
    with asking(doors) as ask, asking(doors) as other:
        browser = Browser(ask)
        sign_in(browser, tenant)
        for minutes in (29, 58, 61):
            desk.clock.later = timedelta(minutes=minutes)
            overtaken.another = Browser(other, browser.cookies).me if minutes == 61 else None
            assert browser.me().status_code == 200
    assert overtaken.another is None
    assert len(desk.told(EventType.AUTH_TOKEN_REFRESH)) == 1


def test_an_outage_of_the_tenant_ends_no_session_and_lets_nobody_in(
    browser: Browser, tenant: Tenant, desk: Desk
) -> None:
    sign_in(browser, tenant)
    desk.clock.later = timedelta(minutes=29)
    browser.me()
    desk.clock.later = timedelta(minutes=58)
    browser.me()
    desk.clock.later = timedelta(minutes=61)
    tenant.stand_in.login.fail(Fault(times=1000))
    assert browser.me().status_code == 503
    tenant.stand_in.login.heal()
    assert browser.me().status_code == 200


def test_a_tenant_that_is_down_begins_no_sign_in(browser: Browser, tenant: Tenant) -> None:
    tenant.stand_in.login.fail(Fault(times=1000))
    answer = browser.go("GET", "/auth/login")
    assert answer.status_code == 503
    assert "Try again soon" in answer.text
    tenant.stand_in.login.heal()


def test_signing_out_takes_our_own_page_and_ends_the_session_everywhere(
    browser: Browser, tenant: Tenant, desk: Desk
) -> None:
    sign_in(browser, tenant)
    copied = dict(browser.cookies)
    for csrf in ("", "guess"):
        assert browser.post("/auth/logout", csrf=csrf).status_code == 403
    assert browser.me().status_code == 200
    answer = browser.post("/auth/logout", csrf=browser.me().json()["csrf"])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(tenant.stand_in.authority_url)
    assert browser.cookies == {}
    assert Browser(browser.ask, copied).me().status_code == 401
    assert desk.told(EventType.AUTH_LOGOUT) == [{"source_ip": "127.0.0.1"}]
    assert "You are signed out" in browser.go("GET", "/auth/signed-out").text


def test_a_page_of_another_site_signs_nobody_out(browser: Browser, tenant: Tenant, desk: Desk) -> None:
    sign_in(browser, tenant)
    answer = browser.go("POST", "/auth/logout", is_from_elsewhere=True)
    assert "set-cookie" not in answer.headers
    assert browser.me().status_code == 200
    assert desk.told(EventType.AUTH_LOGOUT) == []


def test_signing_out_without_a_session_harms_nobody(browser: Browser, desk: Desk) -> None:
    assert browser.post("/auth/logout").status_code == 303
    assert desk.told(EventType.AUTH_LOGOUT) == []


def test_a_planted_session_does_not_survive_a_sign_in(ask: Ask, tenant: Tenant) -> None:
    """Session fixation: the cookie is new, and the one that was there opens nothing any more."""
    attacker = Browser(ask)
    sign_in(attacker, tenant)
    victim = Browser(ask, dict(attacker.cookies))
    sign_in(victim, tenant)
    assert victim.cookies != attacker.cookies
    assert attacker.me().status_code == 401


def test_attempts_to_sign_in_are_counted(browser: Browser, desk: Desk) -> None:
    statuses = [browser.go("GET", "/auth/login").status_code for _ in range(12)]
    assert statuses == [302] * 10 + [429] * 2
    assert desk.told(EventType.AUTH_FAILED)[0]["reason"] == "too_many"


def test_nothing_is_signed_in_that_cannot_be_written_down(browser: Browser, tenant: Tenant, desk: Desk) -> None:
    begun = browser.go("GET", "/auth/login")
    brought = tenant.brought(begun.headers["location"])
    desk.house.journal.is_down = True
    assert browser.post("/auth/callback", **brought).status_code == 503
    assert browser.me().status_code == 401


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"state=" + b"a" * 100_000, b"&".join(b"a=b" for _ in range(50)), b"state&code&&=="]
)
def test_a_form_that_is_none_signs_nobody_in(browser: Browser, content: bytes) -> None:
    browser.go("GET", "/auth/login")
    assert browser.go("POST", "/auth/callback", content=content).status_code == 401


def test_a_page_lets_nothing_run_and_nobody_frame_it(browser: Browser) -> None:
    policy = browser.go("GET", "/auth/signed-out").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
