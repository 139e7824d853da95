"""The line to GitHub: tokens, pages, many threads, nonsense, and no secret anywhere."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.exchange import THREADS, Patience
from controller.change.app_setup import PERMISSIONS
from controller.errors import ConfigurationError, ControllerError, InputError, UnavailableError
from controller.sandbox.faults import Fault, FaultKind
from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import APP_PERMISSIONS, AppSeed
from tests.adapters.github.conftest import PATIENT, REPOSITORY, SandboxStage
from tests.adapters.github.scripted import Said, scripted

FAILING = [kind for kind in FaultKind if Fault(kind).keeps_from_happening]
TOKENS = "POST /app/installations/{installation_id}/access_tokens"


@dataclass
class Wound:
    """A clock that a test winds."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Wound:
    return Wound()


@pytest.fixture
def sandbox(tmp_path: Path, clock: Wound) -> Iterator[Sandbox]:
    with Sandbox.running(tmp_path / "sandbox", token_clock=clock.now) as running:
        yield running


def tip(app: GitHubApp) -> object:
    return app.get(app.path("/git/ref/heads/main"))


def test_making_the_app_sends_nothing(stage: SandboxStage) -> None:
    with_nothing = stage.sandbox.faults.counts().by_route
    stage.new_app().close()
    assert stage.sandbox.faults.counts().by_route == with_nothing


def test_the_token_is_limited_to_one_repository_and_named_permissions(
    stage: SandboxStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATTACKS 104."""
    asked: list[object] = []
    send = requests.adapters.HTTPAdapter.send

    def recorded(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: object) -> object:
        if str(request.url).endswith("/access_tokens"):
            asked.append(json.loads(str(request.body)))
        return send(adapter, request, **how)  # type: ignore[arg-type] # passed on unread

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", recorded)
    tip(stage.app)
    tip(stage.app)
    assert asked == [{"permissions": dict(PERMISSIONS), "repositories": ["agents"]}]
    held = [token.permissions for token in stage.sandbox.world.tokens.values() if token.app is not None]
    assert held == [dict(PERMISSIONS)]


def test_a_token_of_any_length_is_renewed_before_it_ends(sandbox: Sandbox, tmp_path: Path, clock: Wound) -> None:
    """ATTACKS 100."""
    stage = SandboxStage(sandbox, tmp_path)
    stage.app.now = clock.now
    app = _with_clock(stage, clock)
    for minutes, tokens in [(0, 1), (54, 1), (56, 2), (100, 2), (113, 3), (600, 4)]:
        clock.ahead = timedelta(minutes=minutes)
        tip(app)
        assert sandbox.faults.counts().by_route[TOKENS] == tokens
    assert all(len(value) > 300 for value, token in sandbox.world.tokens.items() if token.app)
    app.close()
    stage.app.close()


def _with_clock(stage: SandboxStage, clock: Wound) -> GitHubApp:
    known = stage.credentials
    return GitHubApp(stage.sandbox.api_url, known.app_id, known.private_key, REPOSITORY, clock.now, PATIENT)


def test_a_revoked_token_is_replaced_even_under_a_write(stage: SandboxStage) -> None:
    number = stage.open_topic()
    tip(stage.app)
    for value in [value for value, token in stage.sandbox.world.tokens.items() if token.app is not None]:
        del stage.sandbox.world.tokens[value]
    stage.sandbox.faults.reset_counts()
    stage.app.send("POST", stage.app.path(f"/issues/{number}/comments"), {"body": "Hello"})
    assert stage.comments_raw(number) == ["Hello"]
    assert stage.sandbox.faults.counts().by_route[TOKENS] == 1


@pytest.mark.parametrize("seconds", [-90, -30, 0, 30, 90])
def test_a_clock_a_little_off_works(stage: SandboxStage, seconds: int) -> None:
    """ATTACKS 046."""
    app = _with_clock(stage, Wound(timedelta(seconds=seconds)))
    assert tip(app)
    app.close()


@pytest.mark.parametrize("minutes", [-15, 15])
def test_a_clock_far_off_is_named(stage: SandboxStage, minutes: int) -> None:
    """ATTACKS 046."""
    app = _with_clock(stage, Wound(timedelta(minutes=minutes)))
    with pytest.raises(ConfigurationError, match="clock"):
        tip(app)
    app.close()


ELLIPTIC = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----", ELLIPTIC]
)
def test_a_key_that_is_none_is_named_and_not_shown(stage: SandboxStage, key: str) -> None:
    """ATTACKS 099."""
    app = GitHubApp(stage.sandbox.api_url, 1, key, REPOSITORY, patience=PATIENT)
    with pytest.raises(ConfigurationError, match="GITHUB_APP_PRIVATE_KEY") as raised:
        tip(app)
    assert "c2VjcmV0" not in f"{raised.value!r} {raised.value.__cause__!r} {app!r}"
    app.close()


def test_another_apps_key_is_refused(stage: SandboxStage) -> None:
    other = stage.sandbox.seeds.add_app(AppSeed(slug="other", owner="acme"))
    app = GitHubApp(stage.sandbox.api_url, stage.credentials.app_id, other.private_key, REPOSITORY, patience=PATIENT)
    with pytest.raises(ConfigurationError, match="GITHUB_APP_ID"):
        tip(app)
    app.close()


def test_a_repository_without_the_app_is_named(stage: SandboxStage) -> None:
    known = stage.credentials
    app = GitHubApp(stage.sandbox.api_url, known.app_id, known.private_key, "acme/other", patience=PATIENT)
    with pytest.raises(ConfigurationError, match="not installed on acme/other"):
        tip(app)
    app.close()


@pytest.mark.parametrize("missing", sorted(PERMISSIONS.keys() - {"metadata"}))
def test_a_permission_the_installation_lacks_is_named(stage: SandboxStage, missing: str) -> None:
    granted = {name: level for name, level in APP_PERMISSIONS.items() if name != missing}
    poor = stage.sandbox.seeds.add_app(AppSeed(slug="poor", owner="acme", permissions=granted))
    app = stage.new_app(poor)
    with pytest.raises(ConfigurationError, match=f"{missing}: {PERMISSIONS[missing]}"):
        tip(app)
    app.close()


def test_fewer_permissions_than_asked_for_are_noticed(stage: SandboxStage) -> None:
    granted = {**PERMISSIONS, "checks": "read"}
    body = json.dumps({"token": "ghs_x", "expires_at": "2099-01-01T00:00:00Z", "permissions": granted})
    stage.sandbox.faults.plan(Fault(FaultKind.STATUS, "POST", "*/access_tokens", 1, 201, {}, body))
    with pytest.raises(ConfigurationError, match=r"fewer permissions .*: checks: write$"):
        tip(stage.app)


@pytest.mark.parametrize("path", ["*/installation", "*/access_tokens"])
@pytest.mark.parametrize("kind", FAILING)
def test_trouble_with_the_token_is_trouble_with_the_call(stage: SandboxStage, path: str, kind: FaultKind) -> None:
    stage.sandbox.faults.plan(Fault(kind, "*", path, 9))
    with pytest.raises(UnavailableError):
        tip(stage.app)
    stage.sandbox.faults.clear()
    assert tip(stage.app)


@pytest.mark.parametrize(
    ("api_url", "repository"),
    [
        ("ftp://x/api", "acme/agents"),
        ("api.github.com", "acme/agents"),
        ("https://x", "acme"),
        ("https://x", "acme/agents/../../user"),
        ("https://x", "-acme/agents"),
        ("https://x", "acme/agents\n"),
    ],
)
def test_a_wrong_address_is_a_configuration_error(api_url: str, repository: str) -> None:
    """ATTACKS 036."""
    with pytest.raises(ConfigurationError):
        GitHubApp(api_url, 1, "key", repository)


def test_no_token_in_logs_errors_or_representations(stage: SandboxStage, caplog: pytest.LogCaptureFixture) -> None:
    """ATTACKS 099, 100."""
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        tip(stage.app)
        for kind in FAILING:
            stage.sandbox.faults.plan(Fault(kind, "GET", "*/git/ref/*", 9))
            with pytest.raises(ControllerError) as raised:
                tip(stage.app)
            said.append(f"{raised.getrepr(style='long')}")
            stage.sandbox.faults.clear()
    said += [caplog.text, repr(stage.app)]
    tokens = [value for value, token in stage.sandbox.world.tokens.items() if token.app is not None]
    assert len(tokens) == 1
    assert not any(tokens[0][10:60] in text or "BEGIN RSA" in text for text in said)


def test_the_next_page_is_followed_on_the_same_host_only() -> None:
    """ATTACKS 007: a foreign `next` is an order to send the token elsewhere."""
    link = {"Link": '<https://elsewhere.example/api/v3/list?page=2>; rel="next"'}
    with scripted(lambda method, path: Said(b"[1]", headers=link)) as (app, server):
        with pytest.raises(UnavailableError, match=r"another host: 'elsewhere\.example'"):
            app.pages("/list")
        assert len(server.calls) == 1


def test_the_next_page_is_asked_for_below_the_list_itself() -> None:
    """GitHub's own links name the repository by its id; a link's path is never followed."""

    def script(_: str, path: str) -> Said:
        if "page=2" in path:
            return Said(b"[2]")
        host = app.api_url
        return Said(b"[1]", headers={"Link": f'<{host}/user/emails?per_page=100&page=2>; rel="next"'})

    with scripted(script) as (app, server):
        assert app.pages("/list", {"state": "open"}) == [1, 2]
        assert server.calls == ["GET /list?per_page=100&state=open", "GET /list?page=2&per_page=100"]


def test_a_list_without_end_is_given_up() -> None:
    def again(_: str, path: str) -> Said:
        number = int(path.rpartition("page=")[2]) if "?page=" in path else 1
        return Said(b"[1]", headers={"Link": f'<{app.api_url}/list?page={number + 1}>; rel="next"'})

    with scripted(again) as (app, _):
        with pytest.raises(UnavailableError, match="more than 100 pages"):
            app.pages("/list")
        assert app.pages("/list", most=3) == [1, 1, 1]


def test_a_page_that_names_itself_as_next_is_nonsense() -> None:
    def same(_: str, path: str) -> Said:
        return Said(b"[]", headers={"Link": f'<{app.api_url}/list?page=2>; rel="next"'})

    with scripted(same) as (app, server):
        with pytest.raises(UnavailableError, match="its own next page"):
            app.pages("/list")
        assert len(server.calls) == 2


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe{}", b'{"a": "\xc3"}', b"{", b"not json", b"[" * 200_000, b'{"n": ' + b"9" * 6000 + b"}", b"\x00"],
    ids=range(7),
)
def test_bytes_that_are_no_json_are_unavailable(body: bytes) -> None:
    with scripted(lambda method, path: Said(body)) as (app, _), pytest.raises(UnavailableError):
        app.get("/x")


@pytest.mark.parametrize(
    "headers", [{"X-RateLimit-Remaining": "x", "X-RateLimit-Limit": "y"}, {"X-RateLimit-Reset": "z"}]
)
def test_headers_that_make_no_sense_are_unavailable(headers: dict[str, str]) -> None:
    with scripted(lambda method, path: Said(headers=headers)) as (app, _), pytest.raises(UnavailableError):
        app.get("/x")


def test_an_endless_body_is_cut_off() -> None:
    """ATTACKS 116."""
    with scripted(lambda method, path: Said(b"[" + b" " * 5_000_000 + b"]")) as (app, _):
        with pytest.raises(UnavailableError, match="exceeds 1000 bytes"):
            app.get("/x", limit=1000)
        assert app.get("/x") == []


def test_a_body_that_trickles_is_not_waited_for() -> None:
    no_time = Patience(connect_seconds=2, read_seconds=5, total_seconds=0, retries=0)
    with (
        scripted(lambda method, path: Said(b" " * 1_000_000 + b"{}"), no_time) as (app, _),
        pytest.raises(UnavailableError, match="in time"),
    ):
        app.get("/x")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_redirect_is_not_followed(status: int, verb: str) -> None:
    """ATTACKS 007: the token goes nowhere else."""
    with scripted(lambda method, path: Said(b"{}", status, {"Location": "/api/v3/user"})) as (app, server):
        with pytest.raises(ConfigurationError, match="DVO_REPOSITORY"):
            app.send(verb, "/x", {})
        assert len(server.calls) == 1


def test_nobody_gets_the_answer_to_somebody_elses_question() -> None:
    """ATTACKS 040."""
    with scripted(lambda method, path: Said(json.dumps({"path": path}).encode())) as (app, server):
        paths = [f"/thing/{number}" for number in range(400)]
        answers = app.gather([lambda path=path: app.get(path) for path in paths])  # type: ignore[misc] # binds now
        assert answers == [{"path": path} for path in paths]
        assert server.connections <= THREADS


def test_reads_are_made_at_the_same_time_on_connections_that_stay_open() -> None:
    together = threading.Barrier(THREADS)

    def script(_: str, path: str) -> Said:
        if path.startswith("/together"):
            together.wait(5)
        return Said()

    with scripted(script) as (app, server):
        for _ in range(3):
            app.gather([lambda: app.get("/together")] * THREADS)
        assert len(server.calls) == 3 * THREADS
        assert server.connections <= THREADS


def test_the_first_failure_of_many_reads_is_told() -> None:
    def script(_: str, path: str) -> Said:
        return Said(b'{"message": "Not Found"}', 404) if path == "/thing/3" else Said()

    with scripted(script) as (app, _), pytest.raises(InputError, match="/thing/3"):
        app.gather([lambda n=n: app.get(f"/thing/{n}") for n in range(40)])  # type: ignore[misc] # binds now
