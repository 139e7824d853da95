"""A company's web proxy: it tunnels to hosts it knows (RFC 9110, CONNECT), and to no others.

What lies behind a name is somewhere on this machine, so clients speak with it under its real name,
with real TLS from end to end.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_SECONDS = 10


class Proxy(ThreadingHTTPServer):
    """Tunnels to `hosts`: ports of this machine by name."""

    daemon_threads = True

    def __init__(self, hosts: Mapping[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnelling)
        self.hosts = hosts
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnelling(BaseHTTPRequestHandler):
    server: Proxy

    def do_CONNECT(self) -> None:  # the name http.server looks for
        host, _, port = self.path.partition(":")
        self.server.asked.append(self.path)
        if host not in self.server.hosts or port != "443":
            self.send_error(403)
            return
        with socket.create_connection(("127.0.0.1", self.server.hosts[host]), timeout=_SECONDS) as beyond:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_copy, args=(beyond, self.connection))
            back.start()
            _copy(self.connection, beyond)
            back.join()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # http.server's word
        """Say nothing."""


def _copy(source: socket.socket, target: socket.socket) -> None:
    source.settimeout(_SECONDS)
    with suppress(OSError):  # one of the two ends went away
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxying(hosts: Mapping[str, int]) -> Iterator[Proxy]:
    """Run a proxy."""
    proxy = Proxy(hosts)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
