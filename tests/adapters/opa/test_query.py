"""An OPA that talks nonsense, is slow, or speaks for another bundle gives no answer."""

import inspect
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from opa_client import errors as client_errors

from controller.adapters.opa import OpaUrl
from controller.adapters.opa.query import ask
from controller.errors import ConfigurationError, ControllerError, PolicyError, UnavailableError
from controller.policy.answer import DEFAULT_RULES
from tests.adapters.opa.conftest import answering, serving

BUNDLE = answering()
PROVENANCE = {"bundles": {"main": {"revision": BUNDLE.digest}}}
RESULT = {"schema": "dvo.decision/1", "rules": sorted(DEFAULT_RULES), "findings": [], "roles": {}}

Respond = Callable[[BaseHTTPRequestHandler], None]


def body(**members: object) -> bytes:
    """Return a good answer of OPA with `members` replaced, or left out where they are None."""
    whole = {"result": RESULT, "provenance": PROVENANCE, "decision_id": "d-1"} | members
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def respond(content: bytes, status: int = 200, **headers: str) -> Respond:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


class StandIn(BaseHTTPRequestHandler):
    """Answers as told, and remembers what it was asked."""

    answer: Respond
    asked: list[tuple[str, Mapping[str, str], bytes]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), content))
        self.answer()  # type: ignore[call-arg, misc]  # a function of the class is a method

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers), b""))
        respond(body())(self)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def standing_in(answer: Respond) -> Iterator[tuple[OpaUrl, list[tuple[str, Mapping[str, str], bytes]]]]:
    asked: list[tuple[str, Mapping[str, str], bytes]] = []
    handler = type("Answering", (StandIn,), {"answer": answer, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    engine = OpaUrl(f"http://127.0.0.1:{server.server_port}", token="s3cret", timeout_seconds=0.5)
    try:
        yield engine, asked
    finally:
        engine.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_good_answer_is_believed() -> None:
    with standing_in(respond(body())) as (engine, _):
        answer = engine.decide(BUNDLE, {})
    assert (answer.revision, answer.decision_id, answer.findings) == (BUNDLE.digest, "d-1", ())


@pytest.mark.parametrize("decision_id", [None, "", 7])
def test_a_decision_that_opa_does_not_number_gets_a_number(decision_id: object) -> None:
    with standing_in(respond(body(decision_id=decision_id))) as (engine, _):
        ids = {engine.decide(BUNDLE, {}).decision_id for _ in range(2)}
    assert len(ids) == 2


def test_the_question_never_changes_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """ATTACKS 085: whatever stands in the question travels in the body."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    nasty = {'"]/../v1/policies?x=%2f#': "'; drop", "path": "/v1/data/system", "unicode": "\u2028"}
    with standing_in(respond(body())) as (engine, asked):
        engine.decide(BUNDLE, {})
        engine.decide(BUNDLE, nasty)
    assert {path for path, _, _ in asked} == {"/v1/data/dvo/decision?provenance=true&strict-builtin-errors=true"}
    assert json.loads(asked[1][2]) == {"input": nasty}
    assert all(headers["Authorization"] == "Bearer s3cret" for _, headers, _ in asked)


def revision(found: object) -> Respond:
    return respond(body(provenance={"bundles": {"main": {"revision": found}}}))


def dripping(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        threading.Event().wait(0.1)


def hanging(request: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(1.0)


def hanging_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (respond(b""), "is no JSON"),
        (respond(b"ok"), "is no JSON"),
        (respond(body()[:-1]), "is no JSON"),
        (respond(b"[" * 100_000), "is no JSON"),
        (respond(body() + body()), "is no JSON"),
        (respond(b"\xff\xfe\x00"), "is no JSON"),
        (respond(body().replace(b'"d-1"', b"NaN")), "NaN is no number of JSON"),
        (respond(body().replace(b'"d-1"', b"-Infinity")), "-Infinity is no number of JSON"),
        (respond(body().replace(b'"findings": []', b'"findings": [], "findings": []')), "stands twice"),
        (respond(b"[]"), "something that is no object"),
        (respond(b"true"), "something that is no object"),
        (respond(body(), Content_Length=str(len(body()) + 1)), "no answer"),
        (respond(body(), Content_Encoding="gzip"), "no answer"),
        (respond(b" " * (33 << 20)), "longer than"),
        (respond(b"{}", status=302, Location="/v1/data/dvo/decision"), "TooManyRedirects"),
        (respond(b"{}", status=401), "status 401"),
        (respond(b"{}", status=404), "status 404"),
        (respond(b"{}", status=503), "status 503"),
        (respond(b'{"code": "internal_error"}', status=500), "status 500"),
        (respond(b'{"errors": []}', status=500), "status 500"),
        (respond(b'{"errors": "none"}', status=500), "status 500"),
        (respond(b'{"errors": [{"message": "x"}]}', status=502), "status 502"),
        (respond(b"[]", status=500), "status 500"),
        (respond(b"<html>Bad gateway</html>", status=502), "is no JSON"),
        (revision("sha256:" + "0" * 64), "expected an answer of revision sha256:.*, got sha256:000"),
        (revision(None), "no revision at all"),
        (revision(""), "no revision at all"),
        (revision([BUNDLE.digest]), "expected an answer of revision"),
        (respond(body(provenance=None)), "no revision at all"),
        (respond(body(provenance=[])), "no revision at all"),
        (respond(body(provenance={"revision": BUNDLE.digest})), "no revision at all"),
        (respond(body(provenance={"bundles": [BUNDLE.digest]})), "no revision at all"),
        (respond(body(provenance={"bundles": {"main": BUNDLE.digest}})), "no revision at all"),
        (dripping, "took longer than 0.5 seconds"),
        (hanging, "timed out"),
        (hanging_up, "no answer"),
    ],
)
def test_nonsense_is_no_answer(answer: Respond, message: str) -> None:
    """ATTACKS 086, 087."""
    with standing_in(answer) as (engine, _), pytest.raises(UnavailableError, match=message) as caught:
        engine.decide(BUNDLE, {})
    assert caught.value.component == "opa"
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (respond(body(result=None)), "data.dvo.decision is undefined in the policies of sha256:"),
        (respond(body(result={})), "expected `findings` at the answer"),
        (respond(body(result="true")), "got a string"),
        (
            respond(b'{"errors": [{"message": "boom\\u001b", "location": {"file": "a", "row": 2}}]}', 500),
            r"boom\? \(a:2\)",
        ),
        (respond(b'{"errors": [{"message": "boom", "location": 1}]}', 400), "boom"),
        (respond(b'{"errors": ["boom"]}', 500), "an error without a form"),
    ],
)
def test_a_policy_that_fails_is_its_owners_matter(answer: Respond, message: str) -> None:
    """ATTACKS 080, 083."""
    with standing_in(answer) as (engine, _), pytest.raises(PolicyError, match=message):
        engine.decide(BUNDLE, {})


@pytest.mark.parametrize("result", [None, "true", 1, [], {"allow": True}], ids=str)
def test_only_true_permits_anything(result: object) -> None:
    """ATTACKS 080, 083."""
    refused = pytest.raises(PolicyError, match=r"data\.dvo\.authz\.allow")
    with standing_in(respond(body(result=result))) as (engine, _), refused:
        engine.authorize(BUNDLE, {})
    with standing_in(respond(body(result=True))) as (engine, asked):
        assert engine.authorize(BUNDLE, {}) is True
    assert asked[0][0].partition("?")[0] == "/v1/data/dvo/authz/allow"


@pytest.mark.parametrize("answer", [hanging, hanging_up, respond(body(result=True, provenance=None))])
def test_nobody_is_permitted_anything_by_an_opa_that_does_not_answer(answer: Respond) -> None:
    with standing_in(answer) as (engine, _), pytest.raises(UnavailableError):
        engine.authorize(BUNDLE, {})


def test_an_answer_in_chunks_is_read_in_full() -> None:
    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for letter in body():
            request.wfile.write(b"1\r\n" + bytes([letter]) + b"\r\n")
        request.wfile.write(b"0\r\n\r\n")

    with standing_in(chunked) as (engine, _):
        assert engine.decide(BUNDLE, {}).decision_id == "d-1"


def test_nobody_listening_is_no_answer() -> None:
    """ATTACKS 086."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnavailableError, match="no answer"):
        OpaUrl(f"http://127.0.0.1:{port}", timeout_seconds=0.5).decide(BUNDLE, {})
    with pytest.raises(UnavailableError, match="does not answer"):
        OpaUrl(f"http://127.0.0.1:{port}", timeout_seconds=0.5).ping()


def test_an_external_opa_is_well_when_it_says_so_of_its_health() -> None:
    with standing_in(respond(body())) as (engine, asked):
        engine.ping()
        assert [path for path, _, _ in asked] == ["/health"]


def test_a_real_one_says_so_to_whoever_has_its_token(opa: Path, folder: Path) -> None:
    with serving(opa, BUNDLE, folder, "s3cret") as url:
        with closing(OpaUrl(url, token="s3cret")) as engine:
            engine.ping()
        with closing(OpaUrl(url, token="another")) as stranger, pytest.raises(UnavailableError, match="not answer"):
            stranger.ping()


def exceptions_of(module: object) -> list[type[Exception]]:
    found = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in found if not issubclass(kind, Warning)]


class Raising:
    """A client that fails in one way."""

    def __init__(self, kind: type[Exception]) -> None:
        self._kind = kind

    def query_rule(self, *_question: object) -> dict[str, object]:
        # Not all of them can be made, or even printed, without a whole request behind them.
        bare = {"__init__": lambda _error: None, "__str__": lambda _error: "boom", "response": empty_response()}
        raise type(self._kind.__name__, (self._kind,), bare)

    def check_health(self) -> bool:
        return False

    def close_connection(self) -> None: ...


def empty_response() -> requests.Response:
    response = requests.Response()
    response.status_code = 500
    response.raw = io.BytesIO(b"{}")
    return response


@pytest.mark.parametrize(
    "kind",
    [
        *exceptions_of(requests.exceptions),
        *exceptions_of(client_errors),
        *exceptions_of(urllib3.exceptions),
        ConnectionResetError,
        TimeoutError,
        BrokenPipeError,
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_exception_of_the_client_is_told_as_ours(kind: type[Exception]) -> None:
    with pytest.raises(ControllerError):
        ask(Raising(kind), BUNDLE, {})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opa:8181",
        "ftp://opa",
        "http://",
        "http://user:secret@opa",
        "http://opa:port",
        "http://opa:99999",
        "http://opa/v1/data",
        "http://opa?x=1",
        "http://opa#x",
        "http://[::1",
    ],
)
def test_an_odd_url_is_refused_without_repeating_it(url: str) -> None:
    """ATTACKS 099."""
    with pytest.raises(ConfigurationError, match="OPA_URL") as caught:
        OpaUrl(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1", ("127.0.0.1", 80)),
        ("https://127.0.0.1", ("127.0.0.1", 443)),
        ("http://[::1]:8181/", ("::1", 8181)),
    ],
)
def test_a_plain_url_is_asked_at_its_host_and_port(
    url: str, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[tuple[str, int]] = []

    def refusing(place: tuple[str, int], _seconds: float) -> socket.socket:
        dialled.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refusing)
    with closing(OpaUrl(url)) as engine, pytest.raises(UnavailableError):
        engine.decide(BUNDLE, {})
    assert dialled == [address]
