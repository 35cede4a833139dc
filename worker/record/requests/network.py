"""How often the page for everybody is used from where: by one address of the internet, or one household's network."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

NETWORK_LIMIT = 20, timedelta(hours=1)
"""Requests within a time. An office behind one address asks less often; who fills a desk with letters, more often."""

HOUSEHOLD = 64
"""Bits of an address of version 6 that one household has: it may change the rest as it likes."""


def network_of(address: str) -> str:
    """The network by which an address is counted; what is no address is counted as one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if (mapped := getattr(found, "ipv4_mapped", None)) is not None:
        found = mapped
    if isinstance(found, IPv4Address):
        return str(found)
    return str(ip_network((found, HOUSEHOLD), strict=False))
