"""An OPA of the company's over TLS, and children of ours for what that one does not serve. All are real."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from controller.adapters.opa import OpaServers, OpaUrl, OpaUrlFirst
from controller.adapters.opa.compiling import OpaCompiler
from controller.errors import ConfigurationError, PolicyError, UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from tests.adapters.opa.conftest import answering, eventually, listening_ports, rego, serving

TOKEN = "t0ken-of-the-company"


@dataclass
class Company:
    """What runs centrally: an OPA with main's policies, and who vouches for it."""

    url: str
    ca_file: Path

    def engine(self, **replaced: object) -> OpaUrl:
        """Return an engine that asks it, as the settings would make it."""
        token, ca_file = replaced.get("token", TOKEN), replaced.get("ca_file", self.ca_file)
        assert token is None or isinstance(token, str)
        assert ca_file is None or isinstance(ca_file, Path)
        return OpaUrl(self.url, token=token, ca_file=ca_file)


@pytest.fixture(scope="module")
def company(opa: Path, library: PolicyBundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    with serving(opa, library, folder, TOKEN, authority) as url:
        yield Company(url, folder / "ca.pem")


@pytest.fixture
def first(company: Company, servers: OpaServers) -> Iterator[OpaUrlFirst]:
    with OpaUrlFirst(company.engine(), servers) as engine:
        yield engine


def proposed(library: PolicyBundle) -> PolicyBundle:
    return policy_bundle({**library.files, "dvo/remark.rego": b"package dvo.remark\n"})


def test_main_is_asked_at_the_url_and_nowhere_else(
    first: OpaUrlFirst, servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    answer = first.decide(library, document)
    assert (answer.revision, bool(answer.findings)) == (library.digest, True)
    assert first.authorize(library, {"groups": ["DVO-Admins"], "permission": "manage_policies", "tier": None})
    assert "admin" in first.standing(library, {"groups": ["DVO-Admins"]}).roles
    assert servers.processes() == {}


def test_what_is_only_proposed_is_asked_of_a_child_of_ours(
    first: OpaUrlFirst, servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    """Otherwise no change of policy could ever be previewed, and so admitted."""
    bundle = proposed(library)
    answers = [first.decide(each, document) for each in (library, bundle, library)]
    assert [answer.revision for answer in answers] == [library.digest, bundle.digest, library.digest]
    assert list(servers.processes()) == [bundle.digest]
    with pytest.raises(PolicyError, match="do not compile"):
        first.decide(rego("decision := nowhere"), document)


def test_both_engines_answer_alike(
    company: Company, servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    with closing(company.engine()) as engine:
        there, here = engine.decide(library, document), servers.decide(library, document)
    assert (there.rules, there.roles) == (here.rules, here.roles)
    assert set(there.findings) == set(here.findings)


def test_closed_connections_are_opened_again(
    company: Company, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    with closing(company.engine()) as engine:
        ids = {engine.decide(library, document).decision_id for _ in range(20)}
        engine.close()
        assert len(ids) == 20
        assert engine.decide(library, document).decision_id not in ids


def test_both_must_be_well(company: Company, opa: Path, tmp_path: Path, first: OpaUrlFirst) -> None:
    first.ping()
    with OpaUrlFirst(company.engine(), OpaServers(tmp_path / "opa")) as crippled, pytest.raises(UnavailableError):
        crippled.ping()
    with OpaUrlFirst(nobody(), OpaServers(opa)) as alone, pytest.raises(UnavailableError, match="does not answer"):
        alone.ping()


def nobody() -> OpaUrl:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return OpaUrl(f"https://127.0.0.1:{taken.getsockname()[1]}", token=TOKEN)


def test_while_the_url_does_not_answer_nobody_answers_for_it(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    """ATTACKS 086."""
    with OpaUrlFirst(nobody(), servers) as engine:
        for bundle in (library, proposed(library)):
            with pytest.raises(UnavailableError, match="OPA gives no answer"):
                engine.decide(bundle, document)
    assert servers.processes() == {}


def test_an_opa_with_another_token_is_not_asked(
    company: Company, servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    """ATTACKS 087."""
    for token in ("another", None):
        with (
            OpaUrlFirst(company.engine(token=token), servers) as engine,
            pytest.raises(UnavailableError, match="status 401"),
        ):
            engine.decide(library, document)


def test_a_host_that_nobody_known_vouches_for_is_not_asked(
    company: Company, library: PolicyBundle, document: Mapping[str, object], tmp_path: Path
) -> None:
    """ATTACKS 086: neither without the authority, nor with another one, nor under another name."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    other_name = OpaUrl(company.url.replace("localhost", "127.0.0.1"), token=TOKEN, ca_file=company.ca_file)
    for engine in (company.engine(ca_file=None), company.engine(ca_file=tmp_path / "other.pem"), other_name):
        with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            engine.decide(library, document)
        assert TOKEN not in str(caught.value)
        with pytest.raises(UnavailableError, match="does not answer"):
            engine.ping()


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nMIIB\n"])
def test_a_file_without_certificates_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"OPA_CA_FILE: expected certificates in PEM form, got .*ca\.pem"):
        OpaUrl("https://opa.example.com", ca_file=file)


@contextmanager
def polling(opa: Path, shelf: Path) -> Iterator[str]:
    """Run an OPA that fetches ``bundle.tar.gz`` of `shelf` over HTTP every second; yield its URL."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(shelf))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as shop:
        threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        options = [f"services.shop.url=http://127.0.0.1:{shop.server_port}", "bundles.main.service=shop"]
        options += ["bundles.main.resource=bundle.tar.gz", "bundles.main.polling.min_delay_seconds=1"]
        options += ["bundles.main.polling.max_delay_seconds=1"]
        command = [str(opa), "run", "--server", "--addr", "127.0.0.1:0", "--log-level=error", "--skip-version-check"]
        command += [word for option in options for word in ("--set", option)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                assert eventually(lambda: bool(listening_ports(server.pid)))
                yield f"http://127.0.0.1:{listening_ports(server.pid)[0]}"
            finally:
                server.kill()
                shop.shutdown()


def test_what_the_url_serves_is_looked_at_again(
    opa: Path, servers: OpaServers, library: PolicyBundle, document: Mapping[str, object], tmp_path: Path
) -> None:
    """An operator hands out main's new bundle: until it is noticed, the older one's answers are not believed."""
    now = [0.0]
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for number, bundle in enumerate((answering(), library)):
        (tmp_path / str(number)).mkdir()
        OpaCompiler(opa).build(bundle, tmp_path / str(number))
    shutil.copy(tmp_path / "0" / "bundle.tar.gz", shelf)
    with polling(opa, shelf) as address, OpaUrlFirst(OpaUrl(address), servers, lambda: now[0]) as engine:
        watched = OpaUrl(address)
        assert eventually(lambda: watched.served() == {answering().digest})
        assert engine.decide(library, document).revision == library.digest
        assert list(servers.processes()) == [library.digest]
        shutil.copy(tmp_path / "1" / "bundle.tar.gz", shelf)
        assert eventually(lambda: watched.served() == {library.digest})
        with pytest.raises(UnavailableError, match="expected an answer of revision"):
            engine.decide(answering(), document)
        now[0] += 5
        assert engine.decide(answering(), document).revision == answering().digest
        assert list(servers.processes()) == [library.digest, answering().digest]
        assert engine.decide(library, document).revision == library.digest
        assert list(servers.processes()) == [library.digest, answering().digest]
        watched.close()
