"""`dvo doctor` and an OPA elsewhere: a real one over TLS, as it should be and in every way it should not."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from controller.compose.examining_opa import UnfitOpaError, opa_checks
from controller.compose.seen import Seen
from controller.errors import UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.sandbox.sandbox import Sandbox
from controller.settings import load_settings
from tests.adapters.opa.conftest import answering, serving
from tests.cli.conftest import ROOT, Dvo
from tests.cli.test_doctoring import found_of, on

TOKEN = "t0ken-of-the-company"
POLICIES = ROOT / "policies" / "rego"
FILES = {str(file.relative_to(POLICIES)): file.read_bytes() for file in POLICIES.rglob("*") if file.is_file()}
LIBRARY = policy_bundle(FILES)


@dataclass(frozen=True)
class Elsewhere:
    """An OPA that runs, and the settings of a controller that asks it."""

    settings: Mapping[str, str]

    def seen(self, name: str, **changed: str | None) -> Seen:
        """Return what the check `name` sees with these settings changed, or taken away where None."""
        settings = {key: value for key, value in {**self.settings, **changed}.items() if value is not None}
        checks = dict(opa_checks(load_settings({"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **settings})))
        found = checks[name]()
        assert isinstance(found, Seen)
        return found


@contextmanager
def elsewhere(
    server: Mapping[str, str], bundle: PolicyBundle = LIBRARY, *, token: str = TOKEN, where: str = ""
) -> Iterator[Elsewhere]:
    with tempfile.TemporaryDirectory(prefix="dvo-test-") as made:
        folder, authority = Path(made), trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        with serving(ROOT / ".tools" / "opa", bundle, folder, token, authority, where=where) as url:
            more = {"OPA_URL": url, "OPA_TOKEN": TOKEN, "OPA_CA_FILE": str(folder / "ca.pem")}
            yield Elsewhere({**server, **more})


@pytest.fixture
def governed(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox.running(tmp_path / "sandbox") as running:
        running.seeds.add_person("ada", github_id=1001, emails=["ada@example.com"])
        running.seeds.add_organization("acme", owners=["ada"])
        files = {f"policies/rego/{path}": content for path, content in FILES.items()}
        running.seeds.add_repository("acme/agents", files, author="ada")
        yield running


def test_one_that_is_as_it_should_be_is_told_with_its_version_and_what_it_serves(
    dvo: Dvo, server: dict[str, str], governed: Sandbox
) -> None:
    with elsewhere(on(governed, server)) as opa:
        well = found_of("opa_url", dvo, opa.settings)
        assert (well["code"], well["advice"]) == (0, None)
        assert str(well["said"]) == f"{opa.settings['OPA_URL']} answers, and is OPA 1.19.0"
        serves = opa.seen("opa_bundle")
        assert serves == Seen(f"it serves the policies of main, {LIBRARY.digest}")


def test_other_policies_than_mains_are_no_fault_and_how_to_build_mains_is_said(
    server: dict[str, str], governed: Sandbox
) -> None:
    older = answering()
    with elsewhere(on(governed, server), older) as opa:
        found = opa.seen("opa_bundle")
    assert found.said == f"it serves {older.digest}"
    assert f"main has {LIBRARY.digest}, and until that is served a child of the controller decides" in str(found.caveat)
    assert f"--revision {LIBRARY.digest} --output bundle.tar.gz`" in str(found.caveat)


def test_without_an_opa_elsewhere_nothing_is_asked(server: dict[str, str]) -> None:
    assert list(opa_checks(load_settings({"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **server}))) == []


def test_a_token_that_is_wrong_or_missing_is_named(server: dict[str, str]) -> None:
    """ATTACKS 087."""
    with elsewhere(server) as opa:
        with pytest.raises(UnfitOpaError, match="OPA_TOKEN: is not accepted"):
            opa.seen("opa_url", OPA_TOKEN="another-token-of-theirs")
        with pytest.raises(UnfitOpaError, match="OPA_TOKEN: is missing; that OPA asks for a token"):
            opa.seen("opa_url", OPA_TOKEN=None)


def test_whoever_does_not_prove_to_be_that_host_is_named(server: dict[str, str], tmp_path: Path) -> None:
    """ATTACKS 086."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with elsewhere(server) as opa:
        with pytest.raises(UnfitOpaError, match="does not prove to be localhost.* or OPA_CA_FILE is another's"):
            opa.seen("opa_url", OPA_CA_FILE=str(tmp_path / "other.pem"))
        with pytest.raises(UnfitOpaError, match="does not prove to be localhost.* goes into OPA_CA_FILE"):
            opa.seen("opa_url", OPA_CA_FILE=None)
        named = opa.settings["OPA_URL"].replace("localhost", "127.0.0.1")
        with pytest.raises(UnfitOpaError, match=r"does not prove to be 127\.0\.0\.1: its certificate names another"):
            opa.seen("opa_url", OPA_URL=named)


def test_nobody_there_is_unreachable(dvo: Dvo, server: dict[str, str]) -> None:
    with elsewhere(server) as opa:
        pass
    with pytest.raises(UnavailableError, match="OPA gives no answer: .*refused"):
        opa.seen("opa_url", OPA_CA_FILE=None)
    assert found_of("opa_url", dvo, {**opa.settings, "OPA_CA_FILE": str(ROOT / "LICENSE")})["code"] == 2


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ('["v1", "data", "dvo", "decision"]', "may not POST to /v1/data/dvo/decision"),
        ('["v1", "data", "dvo", "authz", "standing"]', "may not POST to /v1/data/dvo/authz/standing"),
        ('["health"]', "may not GET /health"),
    ],
)
def test_a_question_that_is_not_let_through_is_named(server: dict[str, str], path: str, told: str) -> None:
    with elsewhere(server, where=f"input.path != {path}") as opa, pytest.raises(UnfitOpaError) as caught:
        opa.seen("opa_url")
    assert str(caught.value).startswith(f"OPA_TOKEN: {told}")
    assert "\n" not in str(caught.value)


def test_one_that_answers_strangers_is_refused_and_one_without_a_token_is_pointed_out(server: dict[str, str]) -> None:
    """ATTACKS 087: whoever may ask without a token may also change what it answers."""
    with elsewhere(server, token="") as opa:
        with pytest.raises(UnfitOpaError, match="answers without a token; run it with --authentication=token"):
            opa.seen("opa_url")
        assert "it asks for no token; run it with" in str(opa.seen("opa_url", OPA_TOKEN=None).caveat)


@contextmanager
def saying(body: bytes) -> Iterator[str]:
    """Serve what is no OPA of today: every question gets `body`, strangers and health included."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as httpd:
        Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()


@pytest.mark.parametrize("provenance", ['{"version": "0.70.0"}', '{"version": "x"}', "{}", "[]", "null"])
def test_one_that_is_too_old_or_does_not_say_what_it_is_is_refused(server: dict[str, str], provenance: str) -> None:
    with saying(f'{{"result": false, "provenance": {provenance}}}'.encode()) as url:
        opa = Elsewhere({**server, "OPA_URL": url})
        with pytest.raises(UnfitOpaError, match=r"expected OPA 1\.0 or newer, got "):
            opa.seen("opa_url")
        with pytest.raises(UnfitOpaError, match="serves no bundle that names its revision"):
            opa.seen("opa_bundle")
