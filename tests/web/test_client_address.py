"""Whose address a request has, when somebody says something else in a header."""

from ipaddress import ip_network

import pytest
from starlette.requests import HTTPConnection

from controller.web.client_address import address_behind

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def told(peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope = {"type": "http", "headers": headers, "client": None if peer is None else (peer, 4711)}
    return address_behind(PROXIES)(HTTPConnection(scope))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        # A stranger's word about where it comes from is worth nothing.
        ("198.51.100.7", ("203.0.113.9",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("192.0.2.1, 203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("192.0.2.1", "203.0.113.9"), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9, 10.2.3.4",), "203.0.113.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("203.0.113.9, nonsense",), "10.0.0.1"),
        # Azure's Application Gateway adds the port.
        ("10.0.0.1", ("192.0.2.1, 203.0.113.9:8080",), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9:8080, 10.2.3.4:443",), "203.0.113.9"),
        ("fd00::1", ("[2001:db8:1:2:3::4]:8080",), "2001:db8:1:2::/64"),
        ("fd00::1", ("[2001:db8:1:2:3::4]",), "2001:db8:1:2::/64"),
        ("10.0.0.1", ("203.0.113.9:port",), "10.0.0.1"),
        ("10.0.0.1", ("[203.0.113.9",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("::ffff:198.51.100.7", (), "198.51.100.7"),
        ("fd00::1", ("2001:db8:1:2:3::4",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", (), "2001:db8:1:2::/64"),
        (None, ("203.0.113.9",), "unknown"),
        ("testclient", ("203.0.113.9",), "unknown"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str | None, forwarded: tuple[str, ...], address: str) -> None:
    assert told(peer, *forwarded) == address


def test_a_list_that_never_ends_is_read_from_its_end_only() -> None:
    assert told("10.0.0.1", ", ".join(["203.0.113.9"] + ["10.0.0.2"] * 10_000)) == "10.0.0.2"
