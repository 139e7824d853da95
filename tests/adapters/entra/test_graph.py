"""Graph throttles, breaks and lies; credentials are refused: each is one of our errors, and nobody is known."""

import httpx
import pytest

from controller.adapters.entra.credentials import ClientCredentials, MachineIdentity, Registration
from controller.adapters.entra.directory import WHOLE_SECONDS, EntraDirectory, Links
from controller.adapters.entra.graph import Graph
from controller.adapters.entra.registration_report import RegistrationReport
from controller.errors import ConfigurationError, ControllerError, InputError, StaleError, UnavailableError
from controller.identity.tenant import wanted_groups
from tests.adapters.entra.conftest import ATTRIBUTES, Tenancy, client
from tests.contracts.directory import account
from tests.fakes.entra.https import Answer, Fault, Request, serving
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET
from tests.fakes.entra.tenant import App
from tests.fakes.entra.test_authority import certificate_of

DANA = frozenset({account(1001)})


def throttled(seconds: str | None) -> Answer:
    headers = {} if seconds is None else {"Retry-After": seconds}
    return Answer({"error": {"code": "TooManyRequests", "message": "slow"}}, 429, headers)


def test_a_short_wait_is_waited_and_the_question_answered(tenancy: Tenancy) -> None:
    tenancy.add("dana", 1001)
    tenancy.running.graph_server.fail(Fault("/users", throttled("2"), times=2))
    assert tenancy.directory.look_up(DANA, frozenset()).by_account[1001] is not None
    assert tenancy.paused == [2.0, 2.0]


@pytest.mark.parametrize(("said", "seconds"), [("60", 60), (None, 10), ("tomorrow", 10)])
def test_a_long_wait_is_handed_on_and_nothing_is_sent_meanwhile(
    tenancy: Tenancy, said: str | None, seconds: float
) -> None:
    tenancy.add("dana", 1001)
    tenancy.running.graph_server.fail(Fault("/users", throttled(said)))
    with pytest.raises(UnavailableError, match="asks to wait") as caught:
        tenancy.directory.look_up(DANA, frozenset())
    assert caught.value.retry_after_seconds == seconds
    before = tenancy.counts()
    with pytest.raises(UnavailableError, match="left alone") as caught:
        tenancy.directory.look_up(DANA, frozenset())
    assert caught.value.retry_after_seconds is not None
    assert 0 < caught.value.retry_after_seconds <= seconds
    assert tenancy.counts() == before
    assert tenancy.paused == []


def test_waiting_has_an_end(tenancy: Tenancy) -> None:
    tenancy.running.graph_server.fail(Fault("/users", throttled("1"), times=100))
    with pytest.raises(UnavailableError, match="asks to wait"):
        tenancy.directory.look_up(DANA, frozenset())
    assert tenancy.paused == [1.0] * 3


@pytest.mark.parametrize("answer", [None, Answer({}, 500), Answer({}, 502), Answer({}, 504)])
def test_a_read_that_broke_is_repeated(tenancy: Tenancy, answer: Answer | None) -> None:
    tenancy.add("dana", 1001)
    tenancy.running.graph_server.fail(Fault("transitiveMemberOf", answer, times=2))
    assert tenancy.directory.look_up(DANA, frozenset()).by_account[1001] is not None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "the connection failed at /v1.0/users"),
        (Answer({}, 500), "answered 500"),
        (Answer(b"<html>"), "answered 200"),
        (Answer([]), "answered 200"),
        (Answer(b"[" * 100_000), "answered 200"),
        (Answer({"value": "none"}), "expected a list"),
        (Answer({"value": [7]}), "no object"),
        (Answer({"value": [{"id": "x", "accountEnabled": True, "userPrincipalName": "d"}]}), "without an object id"),
        (Answer({"value": [{"id": "x"}]}), "without accountEnabled"),
        (Answer(b"", 302, {"Location": "https://elsewhere.example.com"}), "answered 302"),
        (Answer({"error": {"code": "InvalidAuthenticationToken"}}, 401), "does not accept the token"),
        (Answer({"error": {"code": "Authorization_RequestDenied"}}, 403), "lacks a permission"),
        (Answer({"error": {"code": "x\x1b[31m"}}, 400), r"answered 400 \(no code\)"),
        (Answer({"value": [], "@odata.nextLink": "https://evil.example.com/v1.0/users"}), "links to another place"),
    ],
)
def test_whatever_graph_says_instead_of_an_answer_makes_nobody_known(
    tenancy: Tenancy, answer: Answer | None, said: str
) -> None:
    """ATTACKS 044."""
    tenancy.add("dana", 1001)
    tenancy.directory.look_up(frozenset({account(7)}), frozenset())
    tenancy.running.graph_server.fail(Fault("/users", answer, times=9))
    with pytest.raises(UnavailableError, match=said) as caught:
        tenancy.directory.look_up(DANA, frozenset())
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "part", ["/users/delta", "/groups/delta", "/groups", "transitiveMemberOf", "RegistrationDetails"]
)
def test_no_part_may_fail(tenancy: Tenancy, part: str) -> None:
    """ATTACKS 044: and once all answer again, the person is whole."""
    tenancy.add("dana", 1001, "DVO-Developers", mfa=True)
    tenancy.running.graph_server.fail(Fault(part, Answer({}, 500), times=50))
    with pytest.raises(UnavailableError):
        tenancy.directory.look_up(DANA, frozenset())
    tenancy.running.graph_server.heal()
    found = tenancy.directory.look_up(DANA, frozenset()).by_account[1001]
    assert found is not None
    assert "DVO-Developers" in found.groups
    assert found.mfa is True


def test_lists_and_changes_that_do_not_end_are_errors(tenancy: Tenancy) -> None:
    link = f"{tenancy.running.graph_url}/v1.0/users?$skiptoken=again"
    endless = Answer({"value": [], "@odata.nextLink": link})
    tenancy.running.graph_server.fail(Fault("/v1.0/users", endless, times=10_000))
    with pytest.raises(UnavailableError, match="more than 1000 pages"):
        tenancy.graph.pages("/users")


@pytest.mark.parametrize("link", [7, {}, [], False, ""], ids=repr)
def test_a_link_that_is_none_ends_no_list(tenancy: Tenancy, link: object) -> None:
    """What stands on the pages behind it would be missed: a second person with one address, for example."""
    answer = Answer({"value": [], "@odata.nextLink": link})
    tenancy.running.graph_server.fail(Fault("/v1.0/users", answer))
    with pytest.raises(UnavailableError, match=r"cannot be believed"):
        tenancy.graph.pages("/users")


def test_a_report_that_does_not_end_is_an_error(tenancy: Tenancy) -> None:
    path = "/reports/authenticationMethods/userRegistrationDetails"
    link = f"{tenancy.running.graph_url}/v1.0{path}?$skiptoken=again"
    endless = Answer({"value": [], "@odata.nextLink": link})
    tenancy.running.graph_server.fail(Fault("userRegistrationDetails", endless, times=5000))
    with pytest.raises(UnavailableError, match="more than 1000 pages"):
        RegistrationReport(tenancy.graph).refresh(0.0)


def test_a_report_that_must_wait_keeps_nobody_from_being_known(tenancy: Tenancy) -> None:
    """Graph throttles each service for itself, and the one of the report soonest."""
    tenancy.add("dana", 1001, "DVO-Developers", mfa=True)
    tenancy.directory.look_up(DANA, frozenset())
    tenancy.later(WHOLE_SECONDS)
    tenancy.running.graph_server.fail(Fault("userRegistrationDetails", throttled("60")))
    dana = tenancy.directory.look_up(DANA, frozenset()).by_account[1001]
    assert dana is not None
    assert "DVO-Developers" in dana.groups
    assert dana.mfa is True


@pytest.mark.parametrize("status", [404, 410])
def test_a_place_in_the_report_that_is_gone_makes_it_be_read_from_the_start(tenancy: Tenancy, status: int) -> None:
    tenancy.running.graph.page_size = 1
    for number in (1, 2):
        tenancy.add(f"person-{number}", number, mfa=True)
    report, graph_server = RegistrationReport(tenancy.graph), tenancy.running.graph_server
    first = tenancy.graph.get("/reports/authenticationMethods/userRegistrationDetails")
    graph_server.fail(Fault("userRegistrationDetails", Answer(first)))
    graph_server.fail(Fault("userRegistrationDetails", throttled("0"), times=4))
    with pytest.raises(UnavailableError, match="asks to wait"):
        report.refresh(0.0)
    graph_server.fail(Fault("userRegistrationDetails", Answer({}, status)))
    with pytest.raises((InputError, StaleError)):
        report.refresh(0.0)
    before = tenancy.counts()
    report.refresh(0.0)
    assert tenancy.counts() == before + 2
    assert len(report.capable) == 2


@pytest.fixture
def wrong(tenancy: Tenancy) -> dict[str, Registration]:
    running = tenancy.running
    return {
        "secret": Registration(running.authority_url, running.tenant.id, CLIENT_ID, "wrong-canary"),
        "client": Registration(running.authority_url, running.tenant.id, "nobody", "wrong-canary"),
        "tenant": Registration(running.authority_url, "no-such-tenant", CLIENT_ID, "wrong-canary"),
    }


@pytest.mark.parametrize(
    ("kind", "said"),
    [("secret", r"invalid_client \(AADSTS7000215\)"), ("client", "unauthorized_client"), ("tenant", "AZURE_TENANT_ID")],
)
def test_credentials_that_are_refused_are_told_without_a_secret(
    tenancy: Tenancy, wrong: dict[str, Registration], kind: str, said: str
) -> None:
    with client(tenancy.running) as http, pytest.raises(ConfigurationError, match=said) as caught:
        ClientCredentials(wrong[kind], http).token(tenancy.running.graph_url)
    assert "canary" not in f"{caught.value!r} {wrong[kind]!r}"


def test_an_authority_that_cannot_be_reached_is_unavailable(tenancy: Tenancy) -> None:
    tenancy.running.login.fail(Fault(times=99))
    with pytest.raises(UnavailableError, match="cannot be asked for a token"):
        tenancy.directory.look_up(DANA, frozenset())
    tenancy.running.login.heal()
    tenancy.running.login.fail(Fault("token", Answer({"error": "temporarily_unavailable"}, 400), times=99))
    with pytest.raises(UnavailableError, match="gave no token: temporarily_unavailable"):
        tenancy.directory.look_up(DANA, frozenset())


def test_an_authority_whose_certificate_nobody_vouches_for_gets_nothing(tenancy: Tenancy) -> None:
    registration = Registration(tenancy.running.authority_url, tenancy.running.tenant.id, CLIENT_ID, SECRET)
    with httpx.Client(trust_env=False) as http, pytest.raises(UnavailableError):
        ClientCredentials(registration, http).token(tenancy.running.graph_url)
    assert tenancy.running.login.calls == []


def test_a_token_is_asked_for_once(tenancy: Tenancy) -> None:
    for number in range(3):
        tenancy.directory.look_up(frozenset({account(number + 1)}), frozenset())
    assert [call for call in tenancy.running.login.calls if call.endswith("/token")] == [
        f"POST /{tenancy.running.tenant.id}/oauth2/v2.0/token"
    ]


def test_a_certificate_proves_who_we_are(tenancy: Tenancy) -> None:
    private, certificate = certificate_of(5)
    running = tenancy.running
    app = App("33333333-0000-4000-8000-000000000001", certificate=certificate, roles=running.app.roles)
    running.tenant.add_app(app)
    pem = private + certificate.decode()
    registration = Registration(running.authority_url, running.tenant.id, app.client_id, certificate=pem)
    with client(running) as http:
        assert ClientCredentials(registration, http).token(running.graph_url)


@pytest.mark.parametrize("pem", ["", "nonsense", certificate_of(5)[0], certificate_of(5)[1].decode()])
def test_half_a_certificate_is_refused_at_once(tenancy: Tenancy, pem: str) -> None:
    with client(tenancy.running) as http, pytest.raises(ConfigurationError, match="AZURE_CLIENT_CERTIFICATE"):
        ClientCredentials(Registration("https://x", "t", "c", certificate=pem), http)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("DVO-Nobody", "no group is called 'DVO-Nobody'"),
        ("DVO-Twice", "2 groups are called 'DVO-Twice'"),
        ("DVO-DEVELOPERS", "no group is called 'DVO-DEVELOPERS', but one is in other letters"),
        ("DVO-Social", "'DVO-Social' is no security group"),
        ("0b7c9d52-1111-4222-8333-444455556666", "no group with the object id"),
    ],
)
def test_a_group_that_is_not_there_once_makes_nobody_known(tenancy: Tenancy, groups: str, said: str) -> None:
    """ATTACKS 054: a name is no id, and anybody may make a group that is called like another."""
    tenancy.running.tenant.add_group("DVO-Social", securityEnabled=False, groupTypes=["Unified"])
    for _ in range(2):
        tenancy.running.tenant.add_group("DVO-Twice")
    directory = EntraDirectory(tenancy.graph, wanted_groups(groups), Links(ATTRIBUTES), tenancy.clock)
    with pytest.raises(UnavailableError, match=said):
        directory.look_up(DANA, frozenset())
    with pytest.raises(ConfigurationError, match=said):
        directory.examine()


def test_a_group_named_by_its_id_is_called_so_and_by_the_name_given_for_it(tenancy: Tenancy) -> None:
    tenancy.add("dana", 1001, "DVO-Developers", "DVO-Operators")
    groups = f"{tenancy.groups['DVO-Developers']}, crew={tenancy.groups['DVO-Operators']}"
    directory = EntraDirectory(tenancy.graph, wanted_groups(groups), Links(ATTRIBUTES), tenancy.clock)
    found = directory.look_up(DANA, frozenset()).by_account[1001]
    assert found is not None
    assert found.groups == {*tenancy.groups.values(), "crew"}


def test_what_is_examined_is_every_permission(tenancy: Tenancy) -> None:
    assert "all 2 groups" in tenancy.directory.examine()
    tenancy.running.tenant.add_app(App(CLIENT_ID, secret=SECRET, roles=("User.Read.All", "GroupMember.Read.All")))
    fresh = client(tenancy.running)
    registration = Registration(tenancy.running.authority_url, tenancy.running.tenant.id, CLIENT_ID, SECRET)
    graph = Graph(tenancy.running.graph_url, ClientCredentials(registration, fresh), fresh)
    directory = EntraDirectory(graph, wanted_groups("DVO-Developers"), Links(ATTRIBUTES), tenancy.clock)
    with pytest.raises(ConfigurationError, match="userRegistrationDetails.*lacks a permission"):
        directory.examine()
    graph.close()


def test_a_machine_uses_the_identity_that_azure_gave_it(tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch) -> None:
    """App Service's protocol of managed identities: an endpoint and a header that only this machine knows."""
    running = tenancy.running
    token = running.signer.sign(running.signer.app_claims(running.app, audience=running.graph_url))
    asked: list[Request] = []

    def identity(request: Request) -> Answer:
        asked.append(request)
        return Answer({"access_token": token, "expires_on": "4102444800", "resource": running.graph_url})

    with serving(identity, running.certificates) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "canary-header")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_file))
        assert MachineIdentity("44444444-0000-4000-8000-000000000001").token(running.graph_url) == token
    assert asked[0].headers["x-identity-header"] == "canary-header"
    assert asked[0].query["client_id"] == "44444444-0000-4000-8000-000000000001"


def test_a_machine_without_an_identity_says_so(tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Answer({"error": "no"}, 400), tenancy.running.certificates) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "canary-header")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tenancy.running.ca_file))
        with pytest.raises(ControllerError) as caught:
            MachineIdentity(None).token(tenancy.running.graph_url)
    assert "canary" not in str(caught.value)


def test_a_token_that_is_no_longer_accepted_is_replaced_once(tenancy: Tenancy) -> None:
    """The authority withdrew the key that signed it."""
    tenancy.add("dana", 1001)
    tenancy.directory.look_up(frozenset({account(7)}), frozenset())
    tenancy.running.signer.rotate(withdraw=True)
    assert tenancy.directory.look_up(DANA, frozenset()).by_account[1001] is not None
    assert len([call for call in tenancy.running.login.calls if call.endswith("/token")]) == 2


@pytest.mark.parametrize(
    ("value", "link", "said"),
    [
        ([7], "own", "a change that is no object"),
        ([{"mail": "d@example.com"}], "own", "a change of nobody"),
        ([{"id": 7}], "own", "a change of nobody"),
        ([], None, "no link to go on from"),
        ([], "https://evil.example/v1.0/users/delta", "no link to go on from"),
        ([], "https://[::1", "no link to go on from"),
    ],
)
def test_changes_that_make_no_sense_make_nobody_known_until_they_do(
    tenancy: Tenancy, value: list[object], link: str | None, said: str
) -> None:
    tenancy.add("dana", 1001)
    tenancy.directory.look_up(DANA, frozenset())
    tenancy.later()
    own = f"{tenancy.running.graph_url}/v1.0/users/delta?$deltatoken=0~"
    answer = Answer({"value": value, "@odata.deltaLink": own if link == "own" else link})
    tenancy.running.graph_server.fail(Fault("/users/delta", answer))
    with pytest.raises(UnavailableError, match=said):
        tenancy.directory.look_up(DANA, frozenset())
    assert tenancy.directory.look_up(DANA, frozenset()).by_account[1001] is not None


@pytest.mark.parametrize("members", [7, {}, "dana", [7], [{}], [{"id": None}]], ids=str)
def test_members_who_are_none_make_nobody_known_rather_than_be_missed(tenancy: Tenancy, members: object) -> None:
    tenancy.add("dana", 1001)
    tenancy.directory.look_up(DANA, frozenset())
    tenancy.later()
    link = f"{tenancy.running.graph_url}/v1.0/groups/delta?$deltatoken=0~"
    value = [{"id": tenancy.groups["DVO-Operators"], "members@delta": members}]
    tenancy.running.graph_server.fail(Fault("/groups/delta", Answer({"value": value, "@odata.deltaLink": link})))
    with pytest.raises(UnavailableError, match="a change of"):
        tenancy.directory.look_up(DANA, frozenset())
    assert tenancy.directory.look_up(DANA, frozenset()).by_account[1001] is not None


def test_more_changes_than_are_worth_following_make_everything_be_read_again(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", 1001, "DVO-Developers")
    tenancy.directory.look_up(DANA, frozenset())
    tenancy.running.tenant.leave(tenancy.groups["DVO-Developers"], dana)
    for number in range(401):
        tenancy.running.tenant.update_user(dana, displayName=f"Dana {number}")
    tenancy.running.graph.deltas.page_size = 2
    tenancy.later()
    found = tenancy.directory.look_up(DANA, frozenset()).by_account[1001]
    assert found is not None
    assert found.groups == frozenset()
