"""From which address a request comes, when proxies stand before us.

Only what a trusted proxy wrote is believed: the list in `X-Forwarded-For` is read from its end,
where our own proxies add, to the first address that is none of theirs; some of them, as Azure's
Application Gateway, add the port too. An IPv6 client is its /64, since one household has that many
addresses to choose from.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence

from starlette.requests import HTTPConnection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressOf = Callable[[HTTPConnection], str]

_MOST_HOPS = 20
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?", re.ASCII)
_HOUSEHOLD = 64
UNKNOWN = "unknown"


def address_behind(proxies: Sequence[Network]) -> AddressOf:
    """Return what tells the address of a request's client, believing `proxies` and nobody else."""

    def address_of(connection: HTTPConnection) -> str:
        peer = _address(connection.client.host if connection.client else "")
        if peer is None:
            return UNKNOWN
        listed = [hop for header in connection.headers.getlist("x-forwarded-for") for hop in header.split(",")]
        for hop in reversed(listed[-_MOST_HOPS:]):
            if not any(peer in network for network in proxies):
                break
            claimed = _hop(hop.strip())
            if claimed is None:
                break
            peer = claimed
        return _told(peer)

    return address_of


def _hop(text: str) -> Address | None:
    found = _WITH_PORT.fullmatch(text)
    return _address(text if found is None else found[1] or found[2])


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _told(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), _HOUSEHOLD), strict=False))
