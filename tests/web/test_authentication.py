"""Nobody comes through the door but a principal, and what was tried is written down."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from threading import Event, Semaphore

import pytest
from limits.storage import MemoryStorage
from starlette.exceptions import HTTPException
from starlette.requests import Request

from controller.adapters.session_memory import MemorySessions
from controller.adapters.system_clock import SystemClock
from controller.errors import UnavailableError
from controller.identity.bearer import Bearer, TokenFault
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.ledger.event import EventType
from controller.policy.authorization import Permission, Standing
from controller.web.api import Api
from controller.web.authentication import Authentication, Caller, Means, Watch
from controller.web.client_address import address_behind
from controller.web.limiting import Allowance, Limits
from controller.web.refusal import RefusalJournal
from controller.web.sessions import Found, Session, Sessions
from tests.web.conftest import Ask, Client, Delivery, House, asking, build_house, identifiers

NOW = SystemClock().now()
DANA = Principal(PrincipalId("entra:dana"), PrincipalKind.PERSON, "dana-dev", frozenset({"DVO-Developers"}), mfa=True)
STANDING = Standing({"viewer": ("DVO-Developers",)}, frozenset({Permission.VIEW_STATUS}))
NEUTRAL = {"detail": "Expected a valid bearer token, or to be signed in."}


@dataclass
class Behind:
    """What stands behind the doors: one token that is believed, one person who is known."""

    house: House = field(default_factory=build_house)
    clock: SystemClock = field(default_factory=SystemClock)
    people: dict[str, Principal] = field(default_factory=lambda: {"dana": DANA})
    outage: str | None = None
    lost_policies: bool = False

    def __post_init__(self) -> None:
        self.sessions = Sessions(MemorySessions(self.clock), self.clock)
        self.limits = Limits(MemoryStorage(), self.clock)

    def read_token(self, token: str) -> Bearer | TokenFault:
        if self.outage == "keys":
            raise UnavailableError("no keys", component="azure_ad")
        ends = NOW + timedelta(hours=1)
        known = {"good": "dana", "stranger": "nobody"}
        if token not in known:
            return TokenFault.BAD_SIGNATURE
        return Bearer(PrincipalKind.PERSON, known[token], None, None, ends)

    def principal_of(self, subject: str) -> Principal | None:
        if self.outage == "directory":
            raise UnavailableError("no directory", component="directory")
        return self.people.get(subject)

    def find_session(self, cookie: str) -> Found | None:
        if self.outage == "redis":
            raise UnavailableError("no redis", component="redis")
        return self.sessions.find(cookie)

    def standing_of(self, principal: Principal) -> Standing:
        assert principal == DANA
        if self.lost_policies:
            raise UnavailableError("no OPA", component="opa")
        return STANDING

    @cached_property
    def api(self) -> Api:
        return self.api_for(self.read_token)

    def api_for(self, read_token: Callable[[str], Bearer | TokenFault]) -> Api:
        means = Means(
            read_token,
            lambda bearer: self.principal_of(bearer.object_id),
            self.find_session,
            lambda found: self.principal_of(found.session.subject),
        )
        refusals = RefusalJournal(self.house.journal, self.clock, identifiers(), "api")
        return Api(Authentication(means, Watch(address_behind(()), self.limits, refusals)), self.standing_of)

    def reasons(self) -> list[object]:
        return [event.details["reason"] for event in self.house.journal.events if event.type is EventType.AUTH_FAILED]


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def ask(behind: Behind) -> Iterator[Ask]:
    with asking(replace(behind.house.doors, api=behind.api)) as ask:
        yield ask


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/v1/auth/me", "/v1/auth/me/"])
def test_a_believed_token_learns_who_it_speaks_for_and_why(ask: Ask, path: str) -> None:
    answer = ask("GET", path, headers=bearing("good"))
    assert answer.status_code == 200
    assert answer.json() == {
        "principal": "entra:dana",
        "kind": "person",
        "login": "dana-dev",
        "mfa": True,
        "groups": ["DVO-Developers"],
        "roles": [{"role": "viewer", "because_of": ["DVO-Developers"]}],
        "permissions": ["view_status"],
        "csrf": None,
    }
    assert answer.headers["cache-control"] == "no-store"


def signed_in(cookie: str) -> dict[str, str]:
    return {"Cookie": f"__Host-dvo-session={cookie}"}


CREDENTIALS = {
    "empty": [b""],
    "nothing": [b"Bearer nothing"],
    "only the scheme": [b"Bearer"],
    "basic": [b"Basic ZGFuYTpkYW5h"],
    "no scheme": [b"good"],
    "two headers": [b"Bearer good", b"Bearer good"],
    "two tokens": [b"Bearer good good"],
    "not ASCII": [b"Bearer g\xc3\xb6\xc3\xb6d"],
    "long": [b"Bearer " + b"a" * 1_000_000],
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_whatever_else_stands_in_the_header_is_refused_in_the_same_words(ask: Ask, behind: Behind, name: str) -> None:
    """ATTACKS 051."""
    headers = [(b"Authorization", value) for value in CREDENTIALS[name]]
    answer = ask("GET", "/v1/auth/me", headers=headers)
    assert (answer.status_code, answer.json()) == (401, NEUTRAL)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert behind.reasons() in (["bad_signature"], ["malformed"])


def test_without_anything_nobody_is_let_in_and_nothing_is_written(ask: Ask, behind: Behind) -> None:
    answer = ask("GET", "/v1/auth/me")
    assert (answer.status_code, answer.json()) == (401, NEUTRAL)
    assert behind.reasons() == []


def test_somebody_the_directory_does_not_know_is_refused_by_name_of_the_reason(ask: Ask, behind: Behind) -> None:
    assert ask("GET", "/v1/auth/me", headers=bearing("stranger")).status_code == 403
    assert behind.reasons() == ["unknown_person"]


def test_a_part_that_answers_late_holds_up_no_delivery(behind: Behind) -> None:
    """Everybody who waits for it takes a thread; however many they are, webhooks are kept."""
    waiting, answered = Semaphore(0), Event()

    def read_token(_: str) -> TokenFault:
        waiting.release()
        answered.wait()
        return TokenFault.MALFORMED

    api, delivery = behind.api_for(read_token), Delivery()

    async def deliver() -> int:
        client = Client(replace(behind.house.doors, api=api))
        asked = [asyncio.create_task(client.request("GET", "/v1/auth/me", headers=bearing("x"))) for _ in range(60)]
        try:
            for _ in range(40):
                while not waiting.acquire(blocking=False):
                    await asyncio.sleep(0)
            sent = client.request("POST", "/webhooks/github", content=delivery.body, headers=delivery.headers())
            return (await asyncio.wait_for(sent, 30)).status_code
        finally:
            answered.set()
            await asyncio.gather(*asked)

    assert asyncio.run(deliver()) == 202


@pytest.mark.parametrize("outage", ["keys", "directory", "redis"])
def test_a_part_that_cannot_be_asked_lets_nobody_in(ask: Ask, behind: Behind, outage: str) -> None:
    behind.outage = outage
    headers = signed_in("any") if outage == "redis" else bearing("good")
    assert ask("GET", "/v1/auth/me", headers=headers).status_code == 503


def test_policies_that_do_not_say_give_no_standing(ask: Ask, behind: Behind) -> None:
    behind.lost_policies = True
    assert ask("GET", "/v1/auth/me", headers=bearing("good")).status_code == 503


def test_bad_tokens_are_slowed_down_and_then_locked_out_with_the_good_ones_of_their_address(
    ask: Ask, behind: Behind
) -> None:
    statuses = [ask("GET", "/v1/auth/me", headers=bearing("bad")).status_code for _ in range(25)]
    assert statuses == [401] * 10 + [429] * 15
    answer = ask("GET", "/v1/auth/me", headers=bearing("good"))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    # A flood writes a few of each reason and counts the rest.
    assert behind.reasons() == ["bad_signature"] * 5 + ["locked_out"] * 5


def test_who_is_signed_in_is_not_locked_out_by_what_others_of_their_address_send(ask: Ask, behind: Behind) -> None:
    """A whole company may have one address; one forgotten program in it must not keep everybody out."""
    cookie = behind.sessions.open(Session("dana", DANA.id, NOW, NOW, None))
    for _ in range(25):
        ask("GET", "/v1/auth/me", headers=bearing("bad"))
    assert ask("GET", "/v1/auth/me", headers=bearing("good")).status_code == 429
    assert ask("GET", "/v1/auth/me", headers=signed_in(cookie)).status_code == 200
    assert ask("GET", "/v1/auth/me", headers=signed_in(cookie) | bearing("good")).status_code == 429
    assert behind.limits.look(Allowance.SIGN_IN, "127.0.0.1") is None


def test_a_few_bad_tokens_keep_no_good_one_out(ask: Ask) -> None:
    for _ in range(15):
        ask("GET", "/v1/auth/me", headers=bearing("bad"))
    assert ask("GET", "/v1/auth/me", headers=bearing("good")).status_code == 200


def test_a_session_says_who_sends_a_request(ask: Ask, behind: Behind) -> None:
    cookie = behind.sessions.open(Session("dana", DANA.id, NOW, NOW, None))
    answer = ask("GET", "/v1/auth/me", headers=signed_in(cookie))
    assert answer.status_code == 200
    assert answer.json()["csrf"]


def test_a_token_that_is_not_believed_is_not_rescued_by_a_session(ask: Ask, behind: Behind) -> None:
    """ATTACKS 051."""
    headers = signed_in(behind.sessions.open(Session("dana", DANA.id, NOW, NOW, None))) | bearing("bad")
    assert ask("GET", "/v1/auth/me", headers=headers).status_code == 401


def test_a_session_of_somebody_who_left_is_worth_nothing(ask: Ask, behind: Behind) -> None:
    headers = signed_in(behind.sessions.open(Session("dana", DANA.id, NOW, NOW, None)))
    behind.people.clear()
    assert ask("GET", "/v1/auth/me", headers=headers).status_code == 403


@pytest.mark.parametrize("cookie", ["", "nonsense", "A" * 43, "%00"])
def test_a_cookie_that_opens_no_session_is_nobody(ask: Ask, cookie: str) -> None:
    answer = ask("GET", "/v1/auth/me", headers=signed_in(cookie))
    assert (answer.status_code, answer.json()) == (401, NEUTRAL)


def authenticated(behind: Behind, method: str, cookie: str, csrf: str | None) -> Caller | int:
    """Return who sends a request with a session, or the status of the refusal."""
    headers = [(b"cookie", f"__Host-dvo-session={cookie}".encode())]
    headers += [] if csrf is None else [(b"x-csrf-token", csrf.encode())]
    request = Request({"type": "http", "method": method, "headers": headers, "client": ("198.51.100.7", 4711)})
    try:
        return behind.api.authentication(request)
    except HTTPException as refusal:
        return refusal.status_code


def test_only_our_own_pages_can_do_something_with_a_session(behind: Behind) -> None:
    cookie = behind.sessions.open(Session("dana", DANA.id, NOW, NOW, None))
    found = behind.sessions.find(cookie)
    assert found is not None
    let_in = authenticated(behind, "POST", cookie, found.csrf)
    assert isinstance(let_in, Caller)
    for token in (None, "", "guess", found.csrf[:-1], cookie):
        assert authenticated(behind, "POST", cookie, token) == 403
        assert authenticated(behind, "DELETE", cookie, token) == 403
    assert behind.reasons() == ["foreign_page"] * 5
