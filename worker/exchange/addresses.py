"""Addresses that somebody else gave: what is one, what it leads to, and whether it may be reached.

Whoever may name an address could else make this machine ask its own network for them. What goes there and comes back
is in ``worker.exchange.outside``.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from worker.core.errors import Invalid

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"https": 443, "http": 80}
LONGEST_ADDRESS = 4096

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: IPv4 for machines that have IPv6 alone
_SPECIAL = tuple(  # of IANA's registries of special addresses, what not every Python knows
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")
)
_OF_THE_CLOUD = frozenset({ipaddress.ip_address("168.63.129.16")})  # Azure's own services, at a public address
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?")
_DOTTED = re.compile(r"(\d{1,3})(\.\d{1,3}){3}")
_SAFE = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Allowed:
    """What the operator allows beyond the public internet over https.

    A host of ``hosts`` may lie in a private network and speak http; so may every address of ``networks``. A name that
    leads to a link-local address, where clouds keep their machines' secrets, is allowed by its network alone.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def read(cls, items: Iterable[str]) -> Allowed:
        """From names of hosts, addresses, and networks such as 10.0.0.0/8. Raises Invalid for anything else."""
        hosts, networks = set(), []
        for item in items:
            try:
                networks.append(ipaddress.ip_network(item.strip("[]")))
            except ValueError:
                host = item.lower().rstrip(".")
                if not _HOST.fullmatch(host):
                    raise Invalid(
                        "ONRECORD_FETCH_ALLOW lists hosts, networks such as 10.0.0.0/8, and buckets."
                    ) from None
                hosts.add(host)
        return cls(frozenset(hosts), tuple(networks))

    def has(self, host: str, address: IpAddress) -> bool:
        """Whether this host, at this address, is allowed by name or network."""
        if any(address in network for network in self.networks if network.version == address.version):
            return True
        return host in self.hosts and not (address.is_link_local or address.is_multicast or address in _OF_THE_CLOUD)


def plain(address: str) -> IpAddress:
    """An address as what it leads to: IPv4 that is written as IPv6 (mapped, NAT64, 6to4) is IPv4."""
    read = ipaddress.ip_address(address)
    if isinstance(read, ipaddress.IPv6Address):
        if read in _NAT64:
            return ipaddress.IPv4Address(int(read) & 0xFFFFFFFF)
        return read.ipv4_mapped or read.sixtofour or read
    return read


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of the public internet, and of no machine's own network or cloud."""
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    is_special |= any(address in network for network in _SPECIAL)  # an address of the other version is in none
    is_special |= isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not is_special and address not in _OF_THE_CLOUD


@dataclass(frozen=True)
class Address:
    """An address of http or https in its parts. ``target`` is path and query, ``host`` in small letters."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @classmethod
    def read(cls, address: str) -> Address:
        """Raises Invalid for what is no such address, or has more in it than one should have."""
        if len(address) > LONGEST_ADDRESS or re.search(r"[\s\\]", address) or not address.isprintable():
            raise Invalid("This is no address. Give one such as https://host/path.")
        try:
            parts = urlsplit(address)
            port, name = parts.port, parts.hostname or ""
        except ValueError:
            raise Invalid("This is no address. Give one such as https://host/path.") from None
        scheme = parts.scheme.lower()
        if scheme not in PORTS:
            raise Invalid("Only addresses of https are reached from here.")
        if "@" in parts.netloc:
            raise Invalid("An address with a name or password in it is not used. Give the address alone.")
        query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
        target = quote(parts.path or "/", safe=_SAFE) + query
        return cls(scheme, _host(name), PORTS[scheme] if port is None else port, target)

    def joined(self, location: str) -> Address:
        """Where a redirect from here leads. Raises Invalid for what is no address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        try:
            leads_to = urljoin(f"{self.scheme}://{host}:{self.port}{self.target}", location)
        except ValueError:
            raise Invalid("This is no address. Give one such as https://host/path.") from None
        return Address.read(leads_to)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials are for."""
        return self.scheme, self.host, self.port

    @cached_property
    def header(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def _host(name: str) -> str:
    """A host in its one spelling. Numbers that only some programs read as an address (127.1, 0x7f.1) are none."""
    if ":" in name:
        if "%" in name:
            raise Invalid("This address names an interface of its own machine. Give a host.")
        return _numeric(name)
    try:
        host = (name if name.isascii() else name.encode("idna").decode()).lower().rstrip(".")
    except UnicodeError:
        raise Invalid("The host of this address is no name.") from None
    if not _HOST.fullmatch(host):
        raise Invalid("The host of this address is no name.")
    last = host.rpartition(".")[2]
    if _DOTTED.fullmatch(host) or last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        return _numeric(host)
    return host


def _numeric(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise Invalid("The host of this address is a number that is no address.") from None


def look_up(host: str, port: int) -> list[str]:
    """What the machine's resolver answers."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
