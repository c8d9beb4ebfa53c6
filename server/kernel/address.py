"""Where a request comes from. Believes `X-Forwarded-For` only of the proxies it was told to trust,
and reads it from the right: what is further left was written by whoever asked."""

import ipaddress
from collections.abc import Iterable

from aiohttp import web

from server.kernel.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(text: str) -> Address | None:
    """An address as text, without port or zone; IPv4 mapped in IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client(peer: str, forwarded: str, trusted: Iterable[str]) -> Address | None:
    """The nearest address which is not a trusted proxy's. Pure."""
    networks = [ipaddress.ip_network(each) for each in trusted]
    address = parse(peer)
    for hop in reversed([part for part in forwarded.split(",") if part.strip()]):
        if address is None or not any(address in network for network in networks):
            break
        address = parse(hop)
    return address


def of_request(request: web.Request, settings: Settings) -> Address | None:
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    return client(request.remote or "", forwarded, settings.server.trusted_proxies)


def as_limited(address: Address | None) -> str:
    """What limits count by: an IPv6 subscriber holds a whole /64 (RFC 6177)."""
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_this_machine(address: Address | None) -> bool:
    return address is not None and address.is_loopback
