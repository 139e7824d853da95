"""An HTTPS server of a stand-in: routes by path, faults on demand, and counts of what was asked.

Answers are plain values, so that what a service says is separate from how it is carried. A fault is put in
front of the next answers to paths that hold some text: a status with headers, a broken connection, or garbage.
"""

import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import trustme

_READ_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Request:
    """One request, taken apart."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Keyed in lower case."""
    body: bytes

    @property
    def form(self) -> Mapping[str, str]:
        """Return the fields of a form."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; `body` is JSON unless it is bytes."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next `times` requests whose path holds `part`."""

    part: str = ""
    answer: Answer | None = None
    """None: the connection is reset before anything was answered."""
    times: int = 1


Answering = Callable[[Request], Answer]


class HttpsServer(ThreadingHTTPServer):
    """Answers with `answering`, behind the faults that are set."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answering: Answering, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Talking)
        self.answering = answering
        self.context = context
        self.latency_seconds = 0.0
        self.calls: list[str] = []
        """Every request, as verb and path."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_address[1]}"

    def fail(self, fault: Fault) -> None:
        """Let something go wrong."""
        with self._lock:
            self._faults.append(fault)

    def heal(self) -> None:
        """End every fault."""
        with self._lock:
            self._faults.clear()

    def counts(self) -> Counter[str]:
        """Return how often each verb and path was asked for."""
        with self._lock:
            return Counter(self.calls)

    def taken(self, request: Request) -> Fault | None:
        """Count a request and return the fault that stands in front of it."""
        with self._lock:
            self.calls.append(f"{request.verb} {request.path}")
            for fault in self._faults:
                if fault.part in request.path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection; its handshake comes with its first read, so that a slow client holds nobody up."""
        plain, address = super().get_request()
        plain.settimeout(_READ_SECONDS)
        return self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


class _Talking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    timeout = _READ_SECONDS
    server: HttpsServer

    def do_GET(self) -> None:  # the name http.server looks for
        self._talk()

    do_POST = do_GET  # the name http.server looks for
    do_PATCH = do_GET  # the name http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # http.server's word
        """Say nothing."""

    def _talk(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        request = Request(self.command, address.path, query, headers, body)
        fault = self.server.taken(request)
        if self.server.latency_seconds:
            time.sleep(self.server.latency_seconds)
        if fault is not None and fault.answer is None:
            self._reset()
            return
        self._write(self.server.answering(request) if fault is None or fault.answer is None else fault.answer)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _write(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(answering: Answering, authority: trustme.CA, *names: str) -> Iterator[HttpsServer]:
    """Run a server whose certificate `authority` issued for localhost and `names`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", *names).configure_cert(context)
    server = HttpsServer(answering, context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
